"""Counts tries in a window, in the database, so that all processes count together."""

from datetime import datetime, timedelta

from sqlmodel import Session

from server.db import Database
from server.errors import TooMany
from server.face import Text
from server.models import Throttle


def refuse_when_full(database: Database, key: str, *, limit: int, at: datetime) -> None:
    """Refuse when `key` has used up its tries in the current window.

    Raises:
        TooMany: with the seconds to wait as `retry_after`.
    """
    seconds = seconds_to_wait(database, key, limit=limit, at=at)
    if seconds == 0:
        return
    raise TooMany(
        "too_many_tries",
        f"Too many tries: wait {seconds} seconds.",
        text=Text(
            f"Liian monta yritystä: odota {seconds} s.",
            f"För många försök: vänta {seconds} s.",
            f"Too many tries: wait {seconds} s.",
        ),
        fields={"retry_after": seconds},
    )


def seconds_to_wait(database: Database, key: str, *, limit: int, at: datetime) -> int:
    """How long until `key` may be tried again: 0 while it has tries left."""
    with database.reading() as session:
        row = session.get(Throttle, key)
    if row is None or row.resets_at <= at or row.count < limit:
        return 0
    return int((row.resets_at - at).total_seconds()) + 1


def count(database: Database, key: str, *, window_seconds: int, at: datetime) -> None:
    """Count one more try of `key`; the window starts with the first."""
    with database.transaction() as session:
        row = session.get(Throttle, key, with_for_update=True)
        if row is None or row.resets_at <= at:
            _start(session, row, key, at + timedelta(seconds=window_seconds))
        else:
            row.count += 1
            session.add(row)


def forget(database: Database, key: str) -> None:
    """Start again from nothing: the try succeeded."""
    with database.transaction() as session:
        if row := session.get(Throttle, key):
            session.delete(row)


def _start(session: Session, row: Throttle | None, key: str, resets_at: datetime) -> None:
    row = row or Throttle(key=key, count=0, resets_at=resets_at)
    row.count, row.resets_at = 1, resets_at
    session.add(row)
