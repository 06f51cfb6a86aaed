"""Signing in: tills by login and password, people by PIN, backends by key."""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from server import passwords, throttle
from server.bulk import table_of
from server.errors import Forbidden, SignedOut
from server.face import Text
from server.looks import Look
from server.models import ApiKey, Brand, Location, Staff, Till
from server.seals import seal_pin
from server.services import Services

_WINDOW_SECONDS = 900
_TRIES = 10
_SITE_TRIES = 20  # from an IPv6 /48, which is what one customer is commonly given
_ACCOUNT_TRIES = 100  # from everywhere: a shop is not locked out by one stranger, nor by nine
_KEYS = table_of(ApiKey)
_KEY = Look(
    select_rows(_KEYS.c.brand_id, _KEYS.c.secret_hash).where(
        _KEYS.c.prefix == bindparam("prefix"), _KEYS.c.revoked_at.is_(None)
    )
)
SIGN_IN = Text("Kirjaudu ensin kassalle.", "Logga in i kassan först.", "Sign in to the till first.")


@dataclass(frozen=True, slots=True)
class OpenTill:
    """A till that is signed in, with its brand and place."""

    till_id: UUID
    brand: Brand
    location: Location


def open_till(
    services: Services, *, login: str, password: str, address: str, browser: str | None = None
) -> UUID:
    """The till behind login and password, tried from `address` (an IPv6 one: its networks).

    Tries are counted for each address, and far more generously for each login: a stranger's do
    not lock the shop out, and a thousand strangers' do not go on for ever. A `browser` that was
    signed in at this login before has ten tries of its own instead, whatever strangers do.

    Raises:
        SignedOut: `login_wrong`; which of the two was wrong is not told.
        TooMany: within a quarter of an hour ten wrong tries from this address, twenty from its
            /48, or a hundred at this login; or ten in this browser.
    """
    keys = {f"browser:{browser}": _TRIES} if browser else _strangers_keys(login, address)
    for key, limit in keys.items():
        _take(services, key, limit)
    with services.database.reading() as session:
        statement = select(Till).where(Till.login == login, col(Till.disabled_at).is_(None))
        till = session.exec(statement).first()
    if not passwords.is_right(till.password_hash if till else None, password) or till is None:
        raise SignedOut(
            "login_wrong",
            "Login or password is wrong.",
            text=Text(
                "Tunnus tai salasana on väärin.",
                "Fel användarnamn eller lösenord.",
                "Login or password is wrong.",
            ),
        )
    throttle.give_back(services.database, *keys)
    if passwords.is_outdated(till.password_hash):
        _renew(services, till, password)
    return till.id


def login_digest(login: str) -> str:
    """A login as counters and cookies name it: of one size, whatever was typed."""
    return hashlib.sha256(login.encode("utf-8", "replace")).hexdigest()


def name_person(services: Services, till: OpenTill, *, pin: str) -> Staff:
    """The person whose PIN it is.

    Raises:
        Forbidden: `pin_wrong`.
        TooMany: ten wrong PINs at this till within a quarter of an hour.
    """
    key = f"pin:{till.till_id}"
    _take(services, key, _TRIES)
    seal = seal_pin(till.brand.id, pin, secret_key=services.settings.secret_key)
    with services.database.reading() as session:
        statement = select(Staff).where(
            Staff.brand_id == till.brand.id,
            Staff.pin_seal == seal,
            col(Staff.disabled_at).is_(None),
        )
        person = session.exec(statement).first()
    if person is None:
        raise Forbidden(
            "pin_wrong",
            "This PIN belongs to nobody here.",
            text=Text("Väärä PIN.", "Fel PIN-kod.", "Wrong PIN."),
        )
    # Only this try comes back: one's own PIN may not buy more guesses at another's.
    throttle.give_back(services.database, key)
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


def _strangers_keys(login: str, address: str) -> dict[str, int]:
    network, site = throttle.network_of(address), throttle.network_of(address, prefix=48)
    wider = {f"site:{site}": _SITE_TRIES} if site != network else {}
    return {f"till:{network}": _TRIES, **wider, f"login:{login_digest(login)}": _ACCOUNT_TRIES}


def _take(services: Services, key: str, limit: int) -> None:
    throttle.take(
        services.database, key, limit=limit, window_seconds=_WINDOW_SECONDS, at=services.now()
    )


def _renew(services: Services, till: Till, password: str) -> None:
    """Keep the password under today's parameters, unless it was changed meanwhile."""
    sealed = passwords.seal(password)
    with services.database.transaction() as session:
        same = (col(Till.id) == till.id, col(Till.password_hash) == till.password_hash)
        session.exec(update(Till).where(*same).values(password_hash=sealed))
