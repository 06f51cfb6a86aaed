"""Cards: making one, reading one, and what happened on it."""

from datetime import datetime
from functools import partial
from typing import Any

from flask import Response, g, jsonify, url_for
from flask_openapi3.models.tag import Tag

from server import cards, events, history, members, traces
from server.timelines import timeline
from server.timelines.google_verdicts import GoogleFacts, spoken
from server.timelines.verdicts import Verdict
from server.wallets.apple_trace import pushes_are_off
from server.wallets.google.shown import differing, shown_lines
from server.web import identity, services
from server.web.api.contract import KEY_HEADER, api, idempotency_key, problems, send
from server.web.api.schemas import CardLinks, CardPath, CardView, EventPage, NewCard, PageQuery
from server.web.api.timeline_schemas import CardTimeline

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
            **cards.links(shown, services().settings),
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


@api.get(
    "/cards/<string:card_id>/timeline", tags=TAGS, responses={200: CardTimeline, **problems(404)}
)
def show_timeline(path: CardPath, query: PageQuery) -> Response:
    """Why a card on a phone is, or is not, what it should be.

    Every step of the card's way to its phones, newest first, and a verdict with what to do next.
    """
    shown = cards.show_own(services().database, g.brand_id, path.card_id, at=services().now())
    traces.write(services())
    found = timeline.read(
        services(),
        shown,
        limit=query.limit,
        cursor=query.cursor,
        is_push_off=pushes_are_off(services().settings, identity()),
        differing=partial(differing, services()),
    )
    return jsonify(timeline_view(shown, found, at=services().now()))


def timeline_view(shown: cards.Shown, found: timeline.Timeline, *, at: datetime) -> dict[str, Any]:
    """A page of a timeline as plain values."""
    return {
        "card": str(shown.card.id),
        "serial_number": shown.pass_.serial_number,
        "version": shown.pass_.version,
        "modified_at": shown.pass_.modified_at.isoformat(),
        "verdict": _verdict(found.verdict),
        "phones": [
            {
                "name": phone.name,
                "device": phone.key,
                "is_registered": phone.is_registered,
                "registered_at": _moment(phone.registered_at),
                "asked_at": _moment(phone.asked_at),
                "fetched_at": _moment(phone.fetched_at),
                "verdict": _verdict(verdict),
            }
            for phone, verdict in found.phones
        ],
        "google": found.google and _google(*found.google, at=at),
        "steps": [_step(step) for step in found.steps],
        "next": found.next,
    }


def _google(facts: GoogleFacts, verdict: Verdict, *, at: datetime) -> dict[str, Any]:
    said = spoken(facts)
    return {
        "is_in_wallet": facts.is_in_wallet,
        "saved_at": _moment(facts.saved_at),
        "left_at": _moment(facts.left_at),
        "is_behind": facts.is_behind,
        "differs": facts.differs,
        "sent_at": _moment(facts.sent_at),
        "due_at": _moment(facts.due_at),
        "lines": [
            {"label": line.label.as_dict(), "value": line.value} for line in shown_lines(facts.sent)
        ],
        "announcement": said.as_dict() if said else None,
        "announced": len(facts.announced(at)),
        "hushed_until": _moment(facts.hushed_until),
        "verdict": _verdict(verdict),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "level": verdict.level,
        "text": verdict.says.as_dict(),
        "do": verdict.do.as_dict(),
        "since": _moment(verdict.since),
        "phone": verdict.phone,
    }


def _step(step: timeline.Step) -> dict[str, Any]:
    return {
        "at": step.at.isoformat(),
        "what": step.what,
        "phone": step.phone,
        "is_inferred": step.is_inferred,
        "after_seconds": step.after_seconds,
        "version": step.version,
        "status": step.status,
        "reason": step.reason,
        "note": step.note,
        "changes": [
            {"key": c.key, "part": c.part, "old": _texts(c.old), "new": _texts(c.new)}
            for c in step.changes
        ],
    }


def _texts(texts: list[str] | None) -> dict[str, str] | None:
    return None if texts is None else dict(zip(("fi", "sv", "en"), texts, strict=True))


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
