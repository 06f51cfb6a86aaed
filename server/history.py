"""What happened on a card, newest first, a page at a time."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from server.db import Database
from server.errors import Refused
from server.models import Event

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some events as plain values, and the cursor of the page that follows."""

    events: list[dict[str, Any]]
    next: str | None


def page(database: Database, card_id: UUID, *, cursor: str | None, limit: int) -> Page:
    """Up to `limit` events of the card, those recorded last first.

    What is recorded meanwhile stands before the first page, so that no page shifts.

    Raises:
        Refused: `cursor_invalid`; it is not one of ours.
    """
    statement = (
        select(Event)
        .where(Event.card_id == card_id)
        .order_by(col(Event.recorded_at).desc(), col(Event.id).desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        at, event_id = place_of(cursor)
        statement = statement.where(
            (col(Event.recorded_at) < at)
            | ((col(Event.recorded_at) == at) & (col(Event.id) < event_id))
        )
    with database.reading() as session:
        found = session.exec(statement).all()
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    following = cursor_of((last.recorded_at, last.id)) if last else None
    return Page([_plain(event) for event in shown], following)


def _plain(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "name": event.name,
        "at": event.at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "source": event.source,
        "quantity": event.quantity,
        "location": str(event.location_id) if event.location_id else None,
        "reverses": event.reverses_event_id,
        "posted": json.loads(event.answer).get("posted", []),
    }


def cursor_of(place: Place) -> str:
    """The cursor of the page that follows `place`: a moment, and a name within it."""
    text = json.dumps([place[0].isoformat(), place[1]])
    return base64.urlsafe_b64encode(text.encode()).decode()


def place_of(cursor: str) -> Place:
    """The place that `cursor` was made of.

    Raises:
        Refused: `cursor_invalid`; it is not one of ours.
    """
    try:
        at, event_id = json.loads(base64.b64decode(cursor.encode(), b"-_", validate=True))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(event_id, str):
            raise ValueError("no zone or no id")
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Refused(
            "cursor_invalid",
            "This cursor is not one of ours: send `next` of the page before unchanged.",
            fields={"field": "cursor"},
        ) from error
    return moment, event_id
