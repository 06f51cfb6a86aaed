"""Founding a brand, step by step: each step is one transaction, and can be done at any time.

Of two that are the same the database's constraint decides, so that also hosts that do a step at the
same moment do it once.
"""

import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from server import brands
from server.errors import Conflict, NotFound, Refused
from server.models import Brand, Location, Programme, Staff, Till
from server.services import Services

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another
_PIN_TRIES = 100


class Plan(BaseModel):
    """A programme to be: `parts` holds the rules of each kind, in the order of the card."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    slug: str
    name: str
    design: str
    parts: dict[str, dict[str, Any]]


def read_plan(path: Path) -> Plan:
    """The plan in a TOML file.

    Raises:
        Refused: `plan_invalid`; the file cannot be read, or says something else than a plan.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused("plan_invalid", f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # not TOML, or not text
        raise Refused("plan_invalid", f"{path} is not TOML: {error}") from error
    return plan(values, source=str(path))


def plan(values: Mapping[str, Any], *, source: str) -> Plan:
    """The plan that `values` say; `source` is named in errors.

    Raises:
        Refused: `plan_invalid`.
    """
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        says = {"missing": "is missing", "extra_forbidden": "is not known here"}
        faults = (
            f"{'.'.join(map(str, fault['loc']))}: {says.get(fault['type'], fault['msg'])}"
            for fault in error.errors()
        )
        raise Refused(
            "plan_invalid", f"{source}: {'; '.join(faults)}. See docs/first-brand.md"
        ) from error


def create_brand(services: Services, *, slug: str, name: str, **details: str) -> Brand:
    """A brand with nothing in it; `details` as `brands.add_brand` takes them.

    Raises:
        Refused: a value that cannot be.
        Conflict: `brand_exists`.
    """
    with _once(services, "brand_exists", f"There is a brand {slug} already.") as session:
        return brands.add_brand(session, slug=slug, name=name, at=services.now(), **details)


def create_programme(
    services: Services, brand: str, plan: Plan, *, pass_type: str, team: str
) -> Programme:
    """The programme of `plan`, its cards issued under Apple's identifier `pass_type`.

    Raises:
        NotFound: `brand_unknown`.
        Refused, SettingsError: as `brands.add_programme`.
        Conflict: `programme_exists`.
    """
    taken = f"{brand} has a programme {plan.slug} already."
    with _once(services, "programme_exists", taken) as session:
        owner = _brand(session, brand)
        kept = brands.add_pass_type(session, pass_type, team_identifier=team, at=services.now())
        return brands.add_programme(
            session,
            owner,
            kept,
            slug=plan.slug,
            name=plan.name,
            design=plan.design,
            parts=list(plan.parts.items()),
            at=services.now(),
        )


def create_location(
    services: Services, brand: str, *, name: str, latitude: float, longitude: float
) -> Location:
    """A place with its coordinates, in degrees; those of one that is there are set anew.

    Raises:
        NotFound: `brand_unknown`.
        Refused: `name_missing`, `coordinates_invalid` or `too_many_places`.
    """
    with services.database.transaction() as session:
        place = _location(session, _brand(session, brand), name, services)
        brands.place_location(session, place, latitude=latitude, longitude=longitude)
        return place


def create_till(
    services: Services, brand: str, *, location: str, login: str, password: str
) -> Till:
    """A till at the brand's `location`, which is made when the brand has none of that name.

    Raises:
        NotFound: `brand_unknown`.
        Refused: `login_invalid`, `password_short` or `name_missing`.
        Conflict: `login_taken`, by whichever brand.
    """
    taken = f"The login {login} is taken: choose another."
    with _once(services, "login_taken", taken) as session:
        place = _location(session, _brand(session, brand), location, services)
        return brands.add_till(session, place, login=login, password=password, at=services.now())


def create_staff(
    services: Services, brand: str, *, name: str, pin: str | None = None
) -> tuple[Staff, str]:
    """A person with their PIN, one that nobody has when none is given.

    Raises:
        NotFound: `brand_unknown`.
        Refused: `name_missing` or `pin_invalid`.
        Conflict: `pin_taken`.
    """
    for _ in range(_PIN_TRIES):
        chosen = pin or f"{secrets.randbelow(10_000):04}"
        try:
            return _staff(services, brand, name, chosen), chosen
        except Conflict:
            if pin:
                raise
    raise Conflict("pin_taken", "No PIN of four digits is free: give one of five or six.")


def create_key(services: Services, brand: str, *, name: str) -> str:
    """An API key: the only time that it is seen whole.

    Raises:
        NotFound: `brand_unknown`.
        Refused: `name_missing`.
    """
    with services.database.transaction() as session:
        owner = _brand(session, brand)
        return brands.add_api_key(session, owner.id, name=name, at=services.now())


def make_password() -> str:
    """Three groups of four letters and digits: 59 bits, and easy to type."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def _staff(services: Services, brand: str, name: str, pin: str) -> Staff:
    taken = "Somebody of this brand has this PIN: choose another."
    with _once(services, "pin_taken", taken) as session:
        return brands.add_staff(
            session,
            _brand(session, brand),
            name=name,
            pin=pin,
            secret_key=services.settings.secret_key,
            at=services.now(),
        )


@contextmanager
def _once(services: Services, code: str, detail: str) -> Iterator[Session]:
    """A transaction whose only constraint that can be in the way is the one told of."""
    try:
        with services.database.transaction() as session:
            yield session
    except IntegrityError as error:
        raise Conflict(code, detail) from error


def _brand(session: Session, slug: str) -> Brand:
    """Locked, so that two who add to one brand take turns."""
    statement = select(Brand).where(Brand.slug == slug).with_for_update(key_share=True)
    brand = session.exec(statement).first()
    if brand is None:
        raise NotFound(
            "brand_unknown", f"There is no brand {slug!r}: leima brand create makes one."
        )
    return brand


def _location(session: Session, brand: Brand, name: str, services: Services) -> Location:
    statement = select(Location).where(Location.brand_id == brand.id, Location.name == name)
    return session.exec(statement).first() or brands.add_location(
        session, brand, name, at=services.now()
    )
