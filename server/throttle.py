"""Counts tries in a window, in the database, so that all processes count together."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlmodel import col

from server.db import Database, inserting
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
    resets_at = at + timedelta(seconds=window_seconds)
    is_over = col(Throttle.resets_at) <= at
    with database.transaction() as session:
        insert = inserting(session)(Throttle).values(key=key, count=1, resets_at=resets_at)
        counted = {
            "count": case((is_over, 1), else_=col(Throttle.count) + 1),
            "resets_at": case((is_over, resets_at), else_=col(Throttle.resets_at)),
        }
        session.connection().execute(
            insert.on_conflict_do_update(index_elements=["key"], set_=counted)
        )


def forget(database: Database, key: str) -> None:
    """Start again from nothing: the try succeeded."""
    with database.transaction() as session:
        session.exec(delete(Throttle).where(col(Throttle.key) == key))
