"""Events as rows: writing one, and finding what was answered to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from server.bulk import table_of
from server.db import Work, pen_of
from server.looks import Look, Stroke
from server.models import Event

_EVENT = table_of(Event)
_COLUMNS = tuple(column.key for column in _EVENT.c)
_IS_IT = (_EVENT.c.brand_id == bindparam("event_brand"), _EVENT.c.id == bindparam("event_id"))
_NEW_EVENT = Stroke(insert(_EVENT), _COLUMNS)
_ANSWER = Stroke(update(_EVENT).where(*_IS_IT), ["answer"])
_ANSWERED = Look(select(_EVENT.c.fingerprint, _EVENT.c.answer).where(*_IS_IT))


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


def write(work: Work, event: Recorded) -> None:
    """Write the event before what it posts, which refers to it; a second time, its answer."""
    pen = pen_of(work)
    if event.is_written:
        pen.write(_ANSWER, event_brand=event.brand_id, event_id=event.id, answer=event.answer)
        return
    pen.write(_NEW_EVENT, **{name: getattr(event, name) for name in _COLUMNS})
    event.is_written = True


def answered(work: Work, brand_id: UUID, event_id: str) -> Any:
    """`fingerprint` and `answer` of the brand's event with this id, None when there is none."""
    rows = pen_of(work).rows(_ANSWERED, event_brand=brand_id, event_id=event_id)
    return rows[0] if rows else None
