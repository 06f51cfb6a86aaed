"""Cards: making one, reading one, and what happened on it."""

from flask import Response, g, jsonify, url_for
from flask_openapi3.models.tag import Tag

from server import cards, events, history, members
from server.web import services
from server.web.api.contract import KEY_HEADER, api, idempotency_key, problems, send
from server.web.api.schemas import CardLinks, CardPath, CardView, EventPage, NewCard, PageQuery

TAGS = [Tag(name="Cards")]


@api.post(
    "/cards",
    tags=TAGS,
    responses={201: CardLinks, **problems(400, 404, 409, 413, 415)},
    openapi_extensions={"parameters": [KEY_HEADER]},
)
def add_card(body: NewCard) -> Response:
    """Make a card for a member.

    A verified phone or e-mail that is in the programme already is answered 409
    `already_enrolled`, with the card's id as `card`.
    """
    applicant = members.Applicant(
        name=body.member.name,
        phone=body.member.phone,
        email=body.member.email,
        language=body.member.language,
        is_verified=True,
    )
    origin = events.Origin(brand_id=g.brand_id, source="api")
    answer = events.enrol(services(), origin, body.programme, applicant, event_id=idempotency_key())
    response = send(answer, status=201)
    response.headers["Location"] = url_for("api.show_card", card_id=answer.json()["id"])
    return response


@api.get("/cards/<string:card_id>", tags=TAGS, responses={200: CardView, **problems(404)})
def show_card(path: CardPath) -> Response:
    """A card as it stands now."""
    shown = cards.show_own(services().database, g.brand_id, path.card_id, at=services().now())
    return jsonify(
        {
            **cards.links(shown, services().settings.public_url),
            "member": {
                "id": str(shown.member.id),
                "member_number": shown.member.member_number,
            },
            "shows": shown.face.in_language(shown.member.language),
            "version": shown.pass_.version,
            "modified_at": shown.pass_.modified_at.isoformat(),
        }
    )


@api.get("/cards/<string:card_id>/events", tags=TAGS, responses={200: EventPage, **problems(404)})
def list_events(path: CardPath, query: PageQuery) -> Response:
    """What happened on a card, newest first."""
    database = services().database
    shown = cards.show_own(database, g.brand_id, path.card_id, at=services().now())
    page = history.page(database, shown.card.id, cursor=query.cursor, limit=query.limit)
    return jsonify({"events": page.events, "next": page.next})
