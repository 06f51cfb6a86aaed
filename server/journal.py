"""Events as rows: writing one, and finding what was answered to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from server.bulk import table_of
from server.db import connection_of
from server.models import Event

_EVENT = table_of(Event)
_COLUMNS = tuple(column.key for column in _EVENT.c)
_NEW_EVENT = insert(_EVENT)
_ANSWER = (
    update(_EVENT)
    .where(_EVENT.c.brand_id == bindparam("event_brand"), _EVENT.c.id == bindparam("event_id"))
    .values(answer=bindparam("answer"))
)
_ANSWERED = select(_EVENT.c.fingerprint, _EVENT.c.answer).where(
    _EVENT.c.brand_id == bindparam("brand_id"), _EVENT.c.id == bindparam("event_id")
)


@dataclass(slots=True, kw_only=True)
class Recorded:
    """An event that is being recorded, column by column."""

    brand_id: UUID
    id: str
    card_id: UUID
    name: str
    quantity: int
    data: dict[str, Any]
    fingerprint: str
    source: str
    staff_id: UUID | None
    till_id: UUID | None
    location_id: UUID | None
    at: datetime
    recorded_at: datetime
    reverses_event_id: str | None = None
    answer: str = ""
    is_written: bool = False


def write(session: Session, event: Recorded) -> None:
    """Write the event before what it posts, which refers to it; a second time, its answer."""
    connection = connection_of(session)
    if event.is_written:
        key = {"event_brand": event.brand_id, "event_id": event.id}
        connection.execute(_ANSWER, {**key, "answer": event.answer})
        return
    session.flush()
    connection.execute(_NEW_EVENT, {name: getattr(event, name) for name in _COLUMNS})
    event.is_written = True


def answered(session: Session, brand_id: UUID, event_id: str) -> Any:
    """`fingerprint` and `answer` of the brand's event with this id, None when there is none."""
    key = {"brand_id": brand_id, "event_id": event_id}
    return connection_of(session).execute(_ANSWERED, key).first()
