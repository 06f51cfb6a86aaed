"""Signing in: tills by login and password, people by PIN, backends by key."""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import bindparam
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from server import throttle
from server.bulk import table_of
from server.db import Look
from server.errors import Forbidden, SignedOut
from server.face import Text
from server.models import ApiKey, Brand, Location, Staff, Till
from server.seals import seal_pin
from server.services import Services

_PASSWORDS = PasswordHasher()
# Verified when there is no such login, so that an unknown login takes as long as a wrong password.
_NO_PASSWORD = _PASSWORDS.hash("no such login")
_KEYS = table_of(ApiKey)
_KEY = Look(
    select_rows(_KEYS.c.brand_id, _KEYS.c.secret_hash).where(
        _KEYS.c.prefix == bindparam("prefix"), _KEYS.c.revoked_at.is_(None)
    )
)
_TRIES, _WINDOW_SECONDS = 10, 900
SIGN_IN = Text("Kirjaudu ensin kassalle.", "Logga in i kassan först.", "Sign in to the till first.")


@dataclass(frozen=True, slots=True)
class OpenTill:
    """A till that is signed in, with its brand and place."""

    till_id: UUID
    brand: Brand
    location: Location


def open_till(services: Services, *, login: str, password: str, address: str) -> UUID:
    """The till behind login and password, tried from `address`.

    Tries are counted for each address: a stranger's do not lock the shop out.

    Raises:
        SignedOut: `login_wrong`; which of the two was wrong is not told.
        TooMany: ten wrong tries from this address within a quarter of an hour.
    """
    key = f"till:{address}"
    throttle.refuse_when_full(services.database, key, limit=_TRIES, at=services.now())
    with services.database.reading() as session:
        statement = select(Till).where(Till.login == login, col(Till.disabled_at).is_(None))
        till = session.exec(statement).first()
    if not _is_right(till.password_hash if till else _NO_PASSWORD, password) or till is None:
        throttle.count(services.database, key, window_seconds=_WINDOW_SECONDS, at=services.now())
        raise SignedOut(
            "login_wrong",
            "Login or password is wrong.",
            text=Text(
                "Tunnus tai salasana on väärin.",
                "Fel användarnamn eller lösenord.",
                "Login or password is wrong.",
            ),
        )
    throttle.forget(services.database, key)
    return till.id


def find_till(services: Services, till_id: UUID) -> OpenTill:
    """The till of a session.

    Raises:
        SignedOut: `signed_out`; the till is gone or was disabled.
    """
    with services.database.reading() as session:
        till = session.get(Till, till_id)
        if till is None or till.disabled_at is not None:
            raise SignedOut("signed_out", SIGN_IN.en, text=SIGN_IN)
        return OpenTill(
            till.id,
            session.get_one(Brand, till.brand_id),
            session.get_one(Location, till.location_id),
        )


def name_person(services: Services, till: OpenTill, *, pin: str) -> Staff:
    """The person whose PIN it is.

    Raises:
        Forbidden: `pin_wrong`.
        TooMany: ten wrong PINs at this till within a quarter of an hour.
    """
    key = f"pin:{till.till_id}"
    throttle.refuse_when_full(services.database, key, limit=_TRIES, at=services.now())
    seal = seal_pin(till.brand.id, pin, secret_key=services.settings.secret_key)
    with services.database.reading() as session:
        statement = select(Staff).where(
            Staff.brand_id == till.brand.id,
            Staff.pin_seal == seal,
            col(Staff.disabled_at).is_(None),
        )
        person = session.exec(statement).first()
    if person is None:
        throttle.count(services.database, key, window_seconds=_WINDOW_SECONDS, at=services.now())
        raise Forbidden(
            "pin_wrong",
            "This PIN belongs to nobody here.",
            text=Text("Väärä PIN.", "Fel PIN-kod.", "Wrong PIN."),
        )
    return person  # the count stays: one's own PIN may not buy more guesses at another's


def find_person(services: Services, till: OpenTill, staff_id: UUID) -> Staff | None:
    """The person of a session, while still employed by the till's brand."""
    with services.database.reading() as session:
        person = session.get(Staff, staff_id)
    if person is None or person.disabled_at is not None or person.brand_id != till.brand.id:
        return None
    return person


def brand_of_key(services: Services, key: str) -> UUID:
    """The brand that an API key speaks for.

    Raises:
        SignedOut: `key_invalid`; unknown, wrong or revoked.
    """
    row = next(iter(services.database.look(_KEY, prefix=key[:18])), None)
    digest = hashlib.sha256(key.encode()).hexdigest()
    if row is None or not hmac.compare_digest(row.secret_hash, digest):
        raise SignedOut(
            "key_invalid", "The API key is not valid: send Authorization: Bearer <key>."
        )
    brand_id: UUID = row.brand_id
    return brand_id


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _PASSWORDS.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
