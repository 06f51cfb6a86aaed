"""Setting up a brand: its places, people, keys and programmes."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import ValidationError
from sqlmodel import Session, col, func, select

from server import designs, passwords
from server.cards import parts_of
from server.db import Database
from server.errors import Refused
from server.face import LANGUAGES, Progress
from server.models import (
    ApiKey,
    Brand,
    Location,
    PassType,
    Programme,
    ProgrammePart,
    Staff,
    Till,
)
from server.programmes import KINDS
from server.seals import seal_pin

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
_PASSWORD_LENGTH = 10
MOST_PLACES = 10  # of a brand with coordinates, on its cards


def add_brand(
    session: Session,
    *,
    slug: str,
    name: str,
    contact: str,
    at: datetime,
    language: str = "fi",
    timezone: str = "Europe/Helsinki",
    country: str = "FI",
    currency: str = "EUR",
) -> Brand:
    """A brand. `contact` stands on the back of its cards, as Apple asks of the organisation.

    Raises:
        Refused: `slug_invalid`, `name_missing`, `contact_missing`, `language_unknown`,
            `timezone_unknown`, `country_unknown` or `currency_unknown`.
    """
    _check_names(slug, name=name)
    _check_home(contact, language, timezone, (country, currency))
    brand = Brand(
        created_at=at,
        slug=slug,
        name=name,
        contact=contact,
        language=language,
        timezone=timezone,
        country=country,
        currency=currency,
    )
    session.add(brand)
    session.flush()
    return brand


def add_location(session: Session, brand: Brand, name: str, *, at: datetime) -> Location:
    """A place of the brand.

    Raises:
        Refused: `name_missing`.
    """
    _check_name(name)
    location = Location(created_at=at, brand_id=brand.id, name=name)
    session.add(location)
    session.flush()
    return location


def place_location(
    session: Session, location: Location, *, latitude: float, longitude: float
) -> None:
    """Say where the brand's place is, in degrees north and east: wallets show a card nearby.

    Raises:
        Refused: `coordinates_invalid`, or `too_many_places`: wallets take so many of a brand.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refused(
            "coordinates_invalid",
            f"{latitude:g}, {longitude:g} is nowhere: give degrees north (-90 to 90) and east "
            "(-180 to 180), such as 60.1841, 24.9496.",
        )
    others = select(func.count()).where(
        Location.brand_id == location.brand_id,
        Location.id != location.id,
        col(Location.latitude).is_not(None),
    )
    if session.exec(others).one() >= MOST_PLACES:
        raise Refused(
            "too_many_places",
            f"{MOST_PLACES} places of the brand have coordinates already, and Google Wallet takes "
            "no more.",
        )
    location.latitude, location.longitude = latitude, longitude
    session.add(location)
    session.flush()


def find_location(database: Database, brand_id: UUID, location_id: str) -> Location:
    """The brand's place with this id.

    Raises:
        Refused: `location_unknown`; another brand's place is as unknown as none.
    """
    try:
        key = UUID(location_id)
    except ValueError:
        key = None
    with database.reading() as session:
        location = session.get(Location, key) if key else None
    if location is None or location.brand_id != brand_id:
        raise Refused(
            "location_unknown",
            "This brand has no location with this id.",
            fields={"field": "location"},
        )
    return location


def add_till(
    session: Session, location: Location, *, login: str, password: str, at: datetime
) -> Till:
    """A login that opens the till page of `location`. Logins are unique in the whole service.

    Raises:
        Refused: `login_invalid` or `password_short`.
    """
    if not _LOGIN.fullmatch(login):
        raise Refused(
            "login_invalid", f"{login!r} is no login: a-z, 0-9 and . _ - inside, 3 to 64."
        )
    if len(password) < _PASSWORD_LENGTH:
        raise Refused("password_short", f"A password has at least {_PASSWORD_LENGTH} characters.")
    till = Till(
        created_at=at,
        brand_id=location.brand_id,
        location_id=location.id,
        login=login,
        password_hash=passwords.seal(password),
    )
    session.add(till)
    session.flush()
    return till


def add_staff(
    session: Session, brand: Brand, *, name: str, pin: str, secret_key: str, at: datetime
) -> Staff:
    """A person at the till, named by a PIN of 4 to 6 digits that is unique in the brand.

    Raises:
        Refused: `name_missing` or `pin_invalid`.
    """
    _check_name(name)
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 6):
        raise Refused("pin_invalid", "A PIN has 4 to 6 digits.")
    seal = seal_pin(brand.id, pin, secret_key=secret_key)
    staff = Staff(created_at=at, brand_id=brand.id, name=name, pin_seal=seal)
    session.add(staff)
    session.flush()
    return staff


def add_api_key(
    session: Session, brand_id: UUID, *, name: str, at: datetime, key: str | None = None
) -> str:
    """A new key for a backend: the only time that it is seen whole.

    Raises:
        Refused: `name_missing`; the name says what the key is for.
    """
    _check_name(name)
    key = key or f"leima_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"
    session.add(
        ApiKey(
            created_at=at,
            brand_id=brand_id,
            name=name,
            prefix=key[:18],
            secret_hash=hashlib.sha256(key.encode()).hexdigest(),
        )
    )
    return key


def add_pass_type(
    session: Session, identifier: str, *, team_identifier: str, at: datetime
) -> PassType:
    """Apple's pass type identifier, once; its team follows the certificate."""
    pass_type = session.get(PassType, identifier)
    if pass_type is None:
        pass_type = PassType(identifier=identifier, team_identifier=team_identifier, created_at=at)
    pass_type.team_identifier = team_identifier
    session.add(pass_type)
    session.flush()
    return pass_type


def add_programme(
    session: Session,
    brand: Brand,
    pass_type: PassType,
    *,
    slug: str,
    name: str,
    design: str,
    parts: list[tuple[str, dict[str, Any]]],
    at: datetime,
) -> Programme:
    """A programme of one or more (kind, rules).

    Raises:
        Refused: `slug_invalid`, `name_missing`, or `rules_invalid`: a kind is unknown, does not
            accept its rules or does not go with another.
        SettingsError: there is no such design.
    """
    designs.load(design)
    _check_names(slug, name=name)
    _refuse_overlap([kind for kind, _ in parts])
    programme = Programme(
        created_at=at,
        brand_id=brand.id,
        pass_type_identifier=pass_type.identifier,
        slug=slug,
        name=name,
        design=design,
    )
    session.add(programme)
    session.flush()
    for position, (kind, rules) in enumerate(parts):
        session.add(
            ProgrammePart(
                created_at=at,
                programme_id=programme.id,
                position=position,
                kind=kind,
                rules=_checked(kind, rules),
            )
        )
    session.flush()
    return programme


def starts(database: Database) -> list[tuple[designs.Design, Progress]]:
    """The design of every programme that counts towards something, and what a new card has.

    Raises:
        SettingsError: the folder of a design is gone or wrong.
    """
    found = []
    with database.reading() as session:
        for programme in session.exec(select(Programme).order_by(Programme.slug)).all():
            faces = (
                part.kind.empty_progress(part.rules) for part in parts_of(session, programme.id)
            )
            if progress := next((each for each in faces if each), None):
                found.append((designs.load(programme.design), progress))
    return found


def _checked(kind: str, rules: dict[str, Any]) -> dict[str, Any]:
    if kind not in KINDS:
        raise Refused("rules_invalid", f"There is no kind {kind!r}: {', '.join(KINDS)}.")
    try:
        checked = KINDS[kind].rules.model_validate(rules)
    except ValidationError as error:
        raise Refused("rules_invalid", _faults(kind, error)) from error
    stored: dict[str, Any] = checked.model_dump(mode="json")
    return stored


def _faults(kind: str, error: ValidationError) -> str:
    """Every fault of the rules in one line, each with its place."""
    known = ", ".join(KINDS[kind].rules.model_fields)
    says = {"missing": "is missing", "extra_forbidden": f"is no rule (there are {known})"}
    return "; ".join(
        f"{kind}.{'.'.join(map(str, fault['loc']))}: {says.get(fault['type'], fault['msg'])}"
        for fault in error.errors()
    )


def _refuse_overlap(kinds: list[str]) -> None:
    """A card has one balance of each unit: two parts must not draw on the same."""
    if not kinds:
        raise Refused("rules_invalid", f"A programme has a part: one of {', '.join(KINDS)}.")
    owner: dict[str, str] = {}
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise Refused(
                "rules_invalid", f"{kind} stands twice: a programme has one of each kind."
            )
        for unit in KINDS[kind].units if kind in KINDS else ():
            if unit in owner:
                raise Refused(
                    "rules_invalid",
                    f"{owner[unit]} and {kind} both keep the unit {unit!r}: "
                    "make two programmes of them.",
                )
            owner[unit] = kind


def _check_names(slug: str, *, name: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise Refused(
            "slug_invalid",
            f"{slug!r} cannot stand in an address: use a-z, 0-9 and hyphens, 64 at most.",
        )
    _check_name(name)


def _check_home(contact: str, language: str, timezone: str, codes: tuple[str, str]) -> None:
    country, currency = codes
    if not contact.strip():
        raise Refused(
            "contact_missing", "A brand has a contact: its address, and how customers reach it."
        )
    if language not in LANGUAGES:
        raise Refused("language_unknown", f"{language!r} is not one of {', '.join(LANGUAGES)}.")
    if timezone not in available_timezones():
        raise Refused(
            "timezone_unknown", f"{timezone!r} is no time zone: give one such as Europe/Helsinki."
        )
    if not re.fullmatch("[A-Z]{2}", country):
        raise Refused("country_unknown", f"{country!r} is no country: two capitals, such as FI.")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Refused("currency_unknown", f"{currency!r} is no currency: three capitals, as EUR.")


def _check_name(name: str) -> None:
    if not (name.isprintable() and name == name.strip() and 1 <= len(name) <= 80):
        raise Refused("name_missing", f"{name!r} is not a name: give 1 to 80 printable characters.")
