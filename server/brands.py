"""Setting up a brand: its places, people, keys and programmes."""

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session, select

from server import designs, passwords
from server.cards import parts_of
from server.db import Database
from server.errors import Refused
from server.face import Progress
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
    """A brand. `contact` stands on the back of its cards, as Apple asks of the organisation."""
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
    """A place of the brand."""
    location = Location(created_at=at, brand_id=brand.id, name=name)
    session.add(location)
    session.flush()
    return location


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
    """A login that opens the till page of `location`. Logins are unique in the whole service."""
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
        Refused: `pin_invalid`.
    """
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
    """A new key for a backend: the only time that it is seen whole."""
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
        Refused: `rules_invalid`; a kind is unknown or does not accept its rules.
        SettingsError: there is no such design.
    """
    designs.load(design)
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
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Refused("rules_invalid", f"{kind}.{where}: {first['msg']}") from error
    stored: dict[str, Any] = checked.model_dump(mode="json")
    return stored
