"""Events: sending one, sending many, taking one back."""

from typing import Any

from flask import Response, g, jsonify
from flask_openapi3.models.tag import Tag
from pydantic import ValidationError

from server import batches, brands, events
from server.errors import BadRequest, ServiceError
from server.web import problems as problem_documents
from server.web import services
from server.web.api.contract import api, idempotency_key, problems, refusal, send
from server.web.api.schemas import (
    Batch,
    BatchAnswer,
    EventAnswer,
    EventPath,
    NewEvent,
    OptionalKey,
    Reversal,
)

TAGS = [Tag(name="Events")]

_DETAILS = ("amount_cents", "currency", "tags", "lines", "data")


@api.post("/events", tags=TAGS, responses={200: EventAnswer, **problems(400, 404, 409, 413, 415)})
def add_event(header: OptionalKey, body: NewEvent) -> Response:
    """Say what happened on a card.

    The programme decides what it is worth. The same id with the same body is answered with the
    same text again; with another body it is refused.
    """
    seen = _seen(body, body.id or header.key or idempotency_key())
    return send(events.record(services(), *seen))


@api.post(
    "/events/<path:event_id>/reverse",
    tags=TAGS,
    responses={200: EventAnswer, **problems(400, 404, 409, 413, 415)},
)
def reverse_event(path: EventPath, header: OptionalKey, body: Reversal) -> Response:
    """Take an event back, under an id of the reversal's own.

    The id stands in the body or in the Idempotency-Key header; the body's counts.
    """
    origin = events.Origin(brand_id=g.brand_id, source="api")
    reversal_id = body.id or header.key or idempotency_key()
    return send(events.reverse(services(), origin, event_id=path.event_id, reversal_id=reversal_id))


@api.post("/events/batch", tags=TAGS, responses={200: BatchAnswer, **problems(400, 413, 415)})
def add_events(body: Batch) -> Response:
    """Say what happened, up to 500 events at once.

    Each has its own result, in order; a refused one does not stop the others.
    """
    seen = [_read(value) for value in body.events]
    results = iter(batches.record(services(), [each for each in seen if isinstance(each, tuple)]))
    return jsonify(
        {"results": [_told(next(results) if isinstance(each, tuple) else each) for each in seen]}
    )


def _read(value: object) -> batches.Seen | ServiceError:
    try:
        body = NewEvent.model_validate(value)
        if body.id is None:
            raise BadRequest("id_missing", "Give every event of a batch an id of its own.")
        return _seen(body, body.id)
    except ValidationError as error:
        return refusal(error)
    except ServiceError as error:
        return error


def _told(result: events.Answer | ServiceError) -> dict[str, Any]:
    if isinstance(result, ServiceError):
        return _refused(result)
    return {"status": 200, "is_replayed": result.is_replayed, "body": result.json()}


def _refused(error: ServiceError) -> dict[str, Any]:
    return {
        "status": error.status,
        "is_replayed": False,
        "body": problem_documents.document(error),
    }


def _seen(body: NewEvent, event_id: str) -> batches.Seen:
    location_id = None
    if body.location is not None:
        location_id = brands.find_location(services().database, g.brand_id, body.location).id
    origin = events.Origin(brand_id=g.brand_id, source="api", location_id=location_id)
    report = events.Report(
        id=event_id,
        card=body.card,
        name=body.name,
        programme=body.programme,
        at=body.at,
        quantity=body.quantity,
        details=body.model_dump(include=set(_DETAILS), exclude_none=True),
    )
    return origin, report
