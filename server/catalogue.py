"""Programmes as a wallet tells of them: what all cards of one have in common, and where to go."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from server import cards, designs
from server.db import Database
from server.face import CardFace, compose
from server.models import Brand, Location, Programme
from server.programmes.base import Standing


@dataclass(frozen=True, slots=True)
class Place:
    """Where customers go, in degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class ShownProgramme:
    """A programme with all that its cards have in common.

    `face` is that of a card with nothing on it, nobody's: without member number and barcode.
    `places` are those of the brand that have coordinates, the oldest first.
    """

    id: UUID
    slug: str
    brand_slug: str
    country: str
    contact: str
    language: str  # the brand's
    design: designs.Design
    face: CardFace
    places: tuple[Place, ...] = ()


def show_programme(database: Database, programme_id: UUID) -> ShownProgramme | None:
    """What all cards of the programme have in common; None when it is gone."""
    with database.reading() as session:
        programme = session.get(Programme, programme_id)
        if programme is None:
            return None
        brand = session.get_one(Brand, programme.brand_id)
        zone = ZoneInfo(brand.timezone)
        face = compose(
            (
                part.kind.face(Standing(), part.rules, zone, currency=brand.currency)
                for part in cards.parts_of(session, programme.id)
            ),
            brand=brand.name,
            programme=programme.name,
            member_number="",
            barcode="",
        )
        return ShownProgramme(
            id=programme.id,
            slug=programme.slug,
            brand_slug=brand.slug,
            country=brand.country,
            contact=brand.contact,
            language=brand.language,
            design=designs.load(programme.design),
            face=face,
            places=_places(session, brand.id),
        )


def _places(session: Session, brand_id: UUID) -> tuple[Place, ...]:
    statement = (
        select(Location.latitude, Location.longitude)
        .where(Location.brand_id == brand_id, col(Location.latitude).is_not(None))
        .order_by(col(Location.created_at), col(Location.id))
    )
    return tuple(Place(*row) for row in session.exec(statement).all())
