"""Who is signed in at a till: kept here, so that signing out ends it for every copy of a cookie.

A browser holds the signed id of a row. The row says which till it is and who unlocked it; without
the row the cookie opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, update

from server.errors import SignedOut
from server.models import Brand, Location, Staff, Till, TillSession
from server.services import Services
from server.staff import SIGN_IN, OpenTill

LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds: its till, and who unlocked it last (nobody after a lock).

    `unlock_id` is of that one unlocking: a cookie from an earlier one is not unlocked.
    """

    id: UUID
    till: OpenTill
    person: Staff | None
    unlock_id: UUID | None


def start(services: Services, till_id: UUID, *, replaces: UUID | None = None) -> UUID:
    """A new session of the till, under an id that nobody could have known before.

    `replaces` is the one that the same browser had: it ends. So do all that have run out.
    """
    now = services.now()
    row = TillSession(created_at=now, till_id=till_id, expires_at=now + LIFETIME)
    with services.database.transaction() as session:
        session.exec(delete(TillSession).where(col(TillSession.expires_at) <= now))
        if replaces is not None:
            session.exec(delete(TillSession).where(col(TillSession.id) == replaces))
        session.add(row)
    return row.id


def find(services: Services, session_id: UUID) -> SignedIn:
    """The session, in one look at the database.

    Raises:
        SignedOut: `signed_out`; it ended or ran out, or its till is gone or was disabled.
    """
    with services.database.reading() as session:
        row = session.get(TillSession, session_id)
        till = session.get(Till, row.till_id) if row else None
        if row is None or till is None or _is_over(row, till, services.now()):
            raise SignedOut("signed_out", SIGN_IN.en, text=SIGN_IN)
        brand = session.get_one(Brand, till.brand_id)
        location = session.get_one(Location, till.location_id)
        person = _person(session, row.staff_id, brand.id)
        return SignedIn(row.id, OpenTill(till.id, brand, location), person, row.unlock_id)


def unlock(services: Services, session_id: UUID, staff_id: UUID) -> UUID:
    """This person is at the till now; the id of this unlocking, for the cookie to name."""
    unlock_id = uuid4()
    _set(services, session_id, staff_id=staff_id, unlock_id=unlock_id)
    return unlock_id


def lock(services: Services, session_id: UUID) -> None:
    """Nobody is at the till."""
    _set(services, session_id, staff_id=None, unlock_id=None)


def end(services: Services, session_id: UUID) -> None:
    """Sign out: whoever holds a copy of the cookie is signed out as well."""
    with services.database.transaction() as session:
        session.exec(delete(TillSession).where(col(TillSession.id) == session_id))


def _set(services: Services, session_id: UUID, **values: UUID | None) -> None:
    with services.database.transaction() as session:
        session.exec(update(TillSession).where(col(TillSession.id) == session_id).values(**values))


def _is_over(row: TillSession, till: Till, now: datetime) -> bool:
    return row.expires_at <= now or till.disabled_at is not None


def _person(session: Session, staff_id: UUID | None, brand_id: UUID) -> Staff | None:
    """While still employed by the till's brand."""
    person = session.get(Staff, staff_id) if staff_id else None
    if person is None or person.disabled_at is not None or person.brand_id != brand_id:
        return None
    return person
