"""The demo: a café in Helsinki with a coffee card, so that there is something to try."""

from dataclasses import dataclass

from sqlmodel import Session, select

from server import brands
from server.models import Brand, PassType
from server.seals import derive
from server.services import Services

_SLUG, _PROGRAMME = "kahvila-aalto", "kahvipassi"
_PEOPLE = (("Bertta", "1234"), ("Onni", "5678"))
_RULES = {
    "stamps_required": 10,
    "double_scan_seconds": 3,
    "reward": {"fi": "Ilmainen kahvi", "sv": "En gratis kaffe", "en": "A free coffee"},
}


@dataclass(frozen=True, slots=True)
class Demo:
    """How to get into the demo. The secrets are the same at every start of the same data."""

    brand: str
    programme: str
    kind: str
    api_key: str
    till_login: str
    till_password: str
    pins: tuple[tuple[str, str], ...]


def seed(services: Services, *, pass_type_identifier: str, team_identifier: str) -> Demo:
    """Make the demo brand, or find it as it was left."""
    secret = services.settings.secret_key
    demo = Demo(
        brand=_SLUG,
        programme=_PROGRAMME,
        kind="stamp_card",
        api_key=f"leima_demo_{derive(secret, 'demo api key')}",
        till_login="aalto-kallio",
        till_password=f"kahvi-{derive(secret, 'demo till')[:6]}",
        pins=_PEOPLE,
    )
    with services.database.transaction() as session:
        pass_type = brands.add_pass_type(
            session, pass_type_identifier, team_identifier=team_identifier, at=services.now()
        )
        if session.exec(select(Brand).where(Brand.slug == _SLUG)).first() is None:
            _open(session, services, demo, pass_type)
    return demo


def _open(session: Session, services: Services, demo: Demo, pass_type: PassType) -> None:
    at, secret = services.now(), services.settings.secret_key
    brand = brands.add_brand(
        session,
        slug=demo.brand,
        name="Kahvila Aalto",
        contact="Kahvila Aalto, Vaasankatu 10, 00500 Helsinki · moi@kahvila-aalto.example",
        at=at,
    )
    kallio = brands.add_location(session, brand, "Kallio", at=at)
    brands.place_location(session, kallio, latitude=60.1872, longitude=24.9609)
    brands.add_till(session, kallio, login=demo.till_login, password=demo.till_password, at=at)
    for name, pin in demo.pins:
        brands.add_staff(session, brand, name=name, pin=pin, secret_key=secret, at=at)
    brands.add_programme(
        session,
        brand,
        pass_type,
        slug=demo.programme,
        name="Kahvipassi",
        design="kahvila",
        parts=[(demo.kind, _RULES)],
        at=at,
    )
    brands.add_api_key(session, brand.id, name="demo", at=at, key=demo.api_key)
