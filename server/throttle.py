"""Counts tries in a window, in the database, so that all processes count together.

A try is counted before it is made, in one statement: of many at the same moment no more get
through than the limit says. Who succeeds gives the try back.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import case, delete, update
from sqlmodel import Session, col, select

from server.db import Database, inserting
from server.errors import TooMany
from server.face import Text
from server.models import Throttle

_PRUNED_AT_ONCE = 200


def take(database: Database, key: str, *, limit: int, window_seconds: int, at: datetime) -> None:
    """Count one more try of `key` before it is made; a window starts with its first try.

    Raises:
        TooMany: it was one too many; with the seconds to wait as `retry_after`.
    """
    refuse(count(database, key, limit=limit, window_seconds=window_seconds, at=at))


def refuse(seconds: int) -> None:
    """Refuse a try that has `seconds` to wait: none when it is 0.

    Raises:
        TooMany: with the seconds as `retry_after`.
    """
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


def count(database: Database, key: str, *, limit: int, window_seconds: int, at: datetime) -> int:
    """Count one more try of `key`: 0 if it is within `limit`, else the seconds to wait."""
    resets_at = at + timedelta(seconds=window_seconds)
    is_over = col(Throttle.resets_at) <= at
    # What is refused is not counted: a window that is full stays as it is.
    more = case((col(Throttle.count) > limit, limit + 1), else_=col(Throttle.count) + 1)
    counted = {
        "count": case((is_over, 1), else_=more),
        "resets_at": case((is_over, resets_at), else_=col(Throttle.resets_at)),
    }
    with database.transaction() as session:
        insert = inserting(session)(Throttle).values(key=key, count=1, resets_at=resets_at)
        insert = insert.on_conflict_do_update(index_elements=["key"], set_=counted)
        row = session.connection().execute(insert.returning(Throttle.count, Throttle.resets_at))
        tries, ends_at = row.one()
    if tries == 1:  # a window has begun: a moment to look for those that are over
        prune(database, at=at)
    return 0 if tries <= limit else int((ends_at - at).total_seconds()) + 1


def seconds_to_wait(database: Database, key: str, *, limit: int, at: datetime) -> int:
    """How long until `key` may be tried again: 0 while it has tries left. Counts nothing."""
    with database.reading() as session:
        row = session.get(Throttle, key)
    if row is None or row.resets_at <= at or row.count < limit:
        return 0
    return int((row.resets_at - at).total_seconds()) + 1


def give_back(database: Database, *keys: str) -> None:
    """The try that was counted succeeded: it takes nothing away."""
    with database.transaction() as session:
        for key in sorted(keys):  # in one order, so that two that do this never wait in a ring
            one_less = update(Throttle).where(col(Throttle.key) == key, col(Throttle.count) > 0)
            session.exec(one_less.values(count=Throttle.count - 1))


def prune(database: Database, *, at: datetime) -> int:
    """Forget windows that are over; how many rows went. None that somebody is changing."""
    with database.transaction() as session:
        over = _over(session, at)
        if over:
            session.exec(delete(Throttle).where(col(Throttle.key).in_(over)))
    return len(over)


def network_of(address: str, *, prefix: int = 64) -> str:
    """The address; of IPv6 the network, since whoever has one address there has them all.

    Sites often have more than one network: with a `prefix` of 48, all of theirs.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    found = getattr(found, "ipv4_mapped", None) or found  # how a socket for both shows IPv4
    return str(found if found.version == 4 else ip_network((found, prefix), strict=False))


def _over(session: Session, at: datetime) -> list[str]:
    statement = select(Throttle.key).where(Throttle.resets_at <= at).limit(_PRUNED_AT_ONCE)
    return list(session.exec(statement.with_for_update(skip_locked=True)).all())
