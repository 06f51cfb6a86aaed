"""Another brand's staff, backend and members are told of ours what they are told of nothing.

Every endpoint stands in one of two tables here: how it is tried, or why there is nothing to try.
Cecilia (Berg) asks for something of Aalto's and for something that nobody has. Both answers must be
the same but for what she asked for, nothing may change, and Bertta (Aalto) must get through with
the very same request: else the try would prove nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlmodel import SQLModel, select
from werkzeug.test import TestResponse

from server import brands
from server.app import create_app
from server.models import Brand, Card, Member, Pass, PassType, Programme

PIN = "1357"
RULES = {"reward": {"fi": "Kahvi", "sv": "Kaffe", "en": "Coffee"}, "stamps_required": 10}


@dataclass
class Person:
    """Somebody of a brand, with everything that opens its doors."""

    house: Any
    client: FlaskClient
    card: str
    number: str
    barcode: str
    serial: str
    token: str
    link: str
    member: str
    event: str
    programme: str

    def ask(self, method: str, path: str, **given: Any) -> TestResponse:
        """With all that this person has to show: cookie, API key and pass token."""
        kind = "Bearer " + self.house.api_key if "/api/" in path else "ApplePass " + self.token
        headers = {"Authorization": kind, "Idempotency-Key": str(uuid4())}
        return self.client.open(path, method=method, headers=headers, **given)


def status(answer: TestResponse) -> int:
    """Of a batch the one result's."""
    if answer.request.path.endswith("/batch"):
        return int(answer.json["results"][0]["status"])
    return answer.status_code


@dataclass(frozen=True)
class Try:
    """A request that names something: the same for ours as for what nobody has."""

    request: Callable[[Person, str], TestResponse]
    ours: str
    nobodys: str

    def shown(self, person: Person, name: str) -> tuple[object, ...]:
        """The answer, with what was asked for blotted out."""
        answer = self.request(person, name)
        body = answer.data.decode("utf-8", "replace").replace(name, "…")
        return status(answer), answer.content_type, sorted(answer.headers.keys()), body


def new_id() -> str:
    return str(uuid4())


def codes(a: Person) -> list[tuple[str, str]]:
    """What names a card to staff and backends, and the like that names none."""
    return [(a.card, new_id()), (a.barcode, "2" * 20), (a.number, "1" * 9 + "0")]


def get(pattern: str) -> Callable[[Person, str], TestResponse]:
    return lambda person, name: person.ask("GET", pattern.format(name))


def post(path: str, **body: Any) -> Callable[[Person, str], TestResponse]:
    """The body's `None` is where the name goes; a callable is asked for a value."""

    def request(person: Person, name: str) -> TestResponse:
        values = {
            key: name if value is None else value(person) if callable(value) else value
            for key, value in body.items()
        }
        return person.ask("POST", path.format(name), json=values)

    return request


def event(**more: Any) -> dict[str, Any]:
    return {"id": lambda _: new_id(), "name": "stamped", **more}


def batch(**more: Any) -> Callable[[Person, str], TestResponse]:
    def request(person: Person, name: str) -> TestResponse:
        values = {
            k: name if v is None else v(person) if callable(v) else v for k, v in more.items()
        }
        one = {"id": new_id(), "name": "stamped", **values}
        return person.ask("POST", "/api/v1/events/batch", json={"events": [one]})

    return request


def own_card(person: Person) -> str:
    return person.card


def registration(method: str) -> Callable[[Person, str], TestResponse]:
    path = "/v1/devices/{}/registrations/pass.test.leima.card/{}"
    body = {"json": {"pushToken": "ab" * 32}} if method == "POST" else {}
    return lambda person, name: person.ask(method, path.format("d" * 32, name), **body)


def as_key(a: Person) -> list[tuple[str, str]]:
    """What is ours and not secret opens no card page; a link token would."""
    return [(each, "x" * len(each)) for each in (a.card, a.serial, a.barcode, a.number, a.member)]


def link_tries(path: str, method: str = "GET") -> Callable[[Person], list[Try]]:
    """Only the link opens a card page; for Bertta each name is replaced by it."""

    def request(person: Person, name: str) -> TestResponse:
        is_own = name in (person.card, person.serial, person.barcode, person.number, person.member)
        return person.ask(method, path.format(person.link if is_own else name))

    return lambda a: [Try(request, *pair) for pair in as_key(a)]


def join(method: str, path: str = "/join/{}/{}") -> Callable[[Person, str], TestResponse]:
    form = {"data": {"name": "Cecilia"}} if method == "POST" else {}
    return lambda person, name: person.ask(method, path.format(person.house.slug, name), **form)


TRIED: dict[str, Callable[[Person], list[Try]]] = {
    "api.show_card": lambda a: [Try(get("/api/v1/cards/{}"), a.card, new_id())],
    "api.list_events": lambda a: [Try(get("/api/v1/cards/{}/events"), a.card, new_id())],
    "api.show_timeline": lambda a: [Try(get("/api/v1/cards/{}/timeline"), a.card, new_id())],
    "api.show_member": lambda a: [Try(get("/api/v1/members/{}"), a.member, new_id())],
    "api.add_card": lambda a: [
        Try(post("/api/v1/cards", programme=None, member={"name": "X"}), a.programme, "nothing")
    ],
    "api.add_event": lambda a: [
        *(Try(post("/api/v1/events", **event(card=None)), *pair) for pair in codes(a)),
        Try(post("/api/v1/events", **event(card=own_card, location=None)),
            str(a.house.location_id), new_id()),
        Try(post("/api/v1/events", **event(card=a.card, programme=None)), "kahvipassi", "nothing"),
    ],
    "api.add_events": lambda a: [
        *(Try(batch(card=None), *pair) for pair in codes(a)),
        Try(batch(card=own_card, location=None), str(a.house.location_id), new_id()),
    ],
    "api.reverse_event": lambda a: [
        Try(post("/api/v1/events/{}/reverse", id=lambda _: new_id()), a.event, "nothing-0001")
    ],
    "apple_web_service.register": lambda a: [Try(registration("POST"), a.serial, "s" * 24)],
    "apple_web_service.unregister": lambda a: [Try(registration("DELETE"), a.serial, "s" * 24)],
    "apple_web_service.fetch": lambda a: [
        Try(get("/v1/passes/pass.test.leima.card/{}"), a.serial, "s" * 24)
    ],
    "member.join_form": lambda a: [Try(join("GET"), a.programme, "nothing-here")],
    "member.join": lambda a: [Try(join("POST"), a.programme, "nothing-here")],
    "poster.poster_file": lambda a: [
        Try(join("GET", "/join/{}/{}/poster.pdf"), a.programme, "nothing-here")
    ],
    "member.card_page": link_tries("/c/{}"),
    "member.card_file": link_tries("/c/{}/card.pkpass"),
    "google_wallet.look": link_tries("/c/{}/google"),
    "google_wallet.add": link_tries("/c/{}/google", "POST"),
    "till.pin": lambda _: [Try(post("/till/pin", pin=None), PIN, "9753")],
    "till.scan": lambda a: [
        *(Try(post("/till/scan", id=lambda _: new_id(), code=None), *pair) for pair in codes(a)),
        *(Try(post("/till/scan", id=lambda _: new_id(), code="x", card=None), *pair)
          for pair in codes(a)),
        Try(post("/till/scan", id=lambda _: new_id(), code=None, action="redeem"),
            a.card, new_id()),
    ],
    "till.undo": lambda a: [
        Try(post("/till/undo", id=lambda _: new_id(), event=None), a.event, "nothing-0001")
    ],
}  # fmt: skip

PUBLIC = {
    "static": "files of ours, the same for everybody",
    "api_document.show_document": "describes the API, names nobody",
    "apple_web_service.list_changed": "a phone's own identifier opens its list; Apple sends no "
    "other secret, and it tells serial numbers only: test_apple_list",
    "apple_web_service.log": "takes lines, gives nothing",
    "google_callbacks.take": "only what Google signed is taken, and nothing is given: "
    "test_google_callbacks",
    "health.healthz": "names nobody",
    "health.readyz": "names nobody",
    "health.prometheus": "the operator's, not a brand's: test_health",
    "pages.home": "what Leima is; logins only in the sandbox",
    "pages.brand_stylesheet": "a brand's colours, which it shows to everybody",
    "pages.design_image": "pictures of designs, which everybody with a card sees",
    "pages.badge_image": "badges of the wallets, the same for everybody",
    "pages.stamp_image": "pictures of designs, which everybody with a card sees",
    "pages.google_image": "pictures of designs, which Google fetches",
    "till.login_form": "an empty form",
    "till.login": "names nothing but the login, whose password decides: test_till",
    "till.page": "names nothing: the session decides",
    "till.lock": "names nothing: the session decides",
    "till.sign_out": "names nothing: the session decides",
}


@pytest.fixture
def app(street, identity):
    app = create_app(street.services, identity=identity)
    app.testing = True
    return app


@pytest.fixture
def people(app, services, ledger, other_ledger) -> tuple[Person, Person]:
    """Bertta of Aalto and Cecilia of Berg, both at their tills, each with a card of their own."""
    other_ledger.enrol("Cecilia")
    return person(app, services, ledger, pin=PIN), person(app, services, other_ledger, pin="8642")


def person(app, services, ledger, *, pin: str) -> Person:
    house = ledger.house
    stamped = ledger.record("stamped", id=f"{house.slug}-0001", origin=house.till).json()["id"]
    ledger.stamp(2, quantity=5)  # a reward to redeem
    own = f"vain-{house.slug}"
    with services.database.transaction() as session:
        brand = session.get_one(Brand, house.brand_id)
        secret, at = services.settings.secret_key, services.now()
        brands.add_staff(session, brand, name="Second", pin=pin, secret_key=secret, at=at)
        pass_type = session.get_one(PassType, "pass.test.leima.card")
        brands.add_programme(session, brand, pass_type, slug=own, name=own, design="kahvila",
                             parts=[("stamp_card", RULES)], at=at)  # fmt: skip
        card = session.exec(select(Card).where(Card.brand_id == house.brand_id)).one()
        pass_ = session.exec(select(Pass).where(Pass.card_id == card.id)).one()
        member = session.get_one(Member, card.member_id)
    client = app.test_client()
    client.post("/till/login", data={"login": house.login, "password": house.password})
    client.post("/till/pin", json={"pin": house.pin})
    return Person(
        house=house,
        client=client,
        card=str(card.id),
        number=member.member_number,
        barcode=pass_.barcode,
        serial=pass_.serial_number,
        token=pass_.authentication_token,
        link=card.link_token,
        member=str(member.id),
        event=stamped,
        programme=own,
    )


def everything(services) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, but for counted tries."""
    with services.database.reading() as session:
        return {
            name: sorted(
                tuple(map(repr, row)) for row in session.connection().execute(table.select())
            )
            for name, table in SQLModel.metadata.tables.items()
            if name != "throttle"
        }


def test_every_endpoint_is_tried_or_said_to_be_public(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(TRIED) | set(PUBLIC)
    assert not set(TRIED) & set(PUBLIC)


def test_every_endpoint_that_names_something_is_tried(app):
    open_names = {
        "filename",
        "slug",
        "name",
        "version",
        "file_name",
        "device",
        "pass_type",
    }
    named = {r.endpoint for r in app.url_map.iter_rules() if set(r.arguments) - open_names}
    assert named <= set(TRIED)


@pytest.mark.parametrize("endpoint", TRIED)
def test_what_is_anothers_is_what_is_not_there(services, people, endpoint):
    bertta, cecilia = people
    for attempt in TRIED[endpoint](bertta):
        before = everything(services)
        ours = attempt.shown(cecilia, attempt.ours)
        assert ours == attempt.shown(cecilia, attempt.nobodys), attempt.ours
        assert 400 <= ours[0] < 500, attempt.ours
        assert everything(services) == before, attempt.ours
        assert status(attempt.request(bertta, attempt.ours)) < 400, attempt.ours


def test_a_phone_number_known_to_one_brand_is_a_strangers_to_another(services, people):
    bertta, cecilia = people
    made = {}
    for who in (bertta, cecilia):
        member = {"name": "Aino", "phone": "+358 41 2345678", "email": "aino@example.fi"}
        body = {"programme": who.programme, "member": member}
        answer = who.ask("POST", "/api/v1/cards", json=body)
        assert answer.status_code == 201
        made[who.house.brand_id] = answer.json["member_number"]
    with services.database.reading() as session:
        for brand_id, number in made.items():
            wanted = select(Member).where(Member.member_number == number)
            assert session.exec(wanted).one().brand_id == brand_id
    assert len(set(made.values())) == 2


def test_an_event_id_of_another_brand_is_free(people):
    bertta, cecilia = people
    body = {"id": bertta.event, "card": cecilia.card, "name": "stamped"}
    answer = cecilia.ask("POST", "/api/v1/events", json=body)
    assert (answer.status_code, answer.json["card"]) == (200, cecilia.card)
    assert "Idempotency-Replayed" not in answer.headers
    assert cecilia.ask("POST", f"/api/v1/events/{bertta.event}/reverse", json={}).status_code == 200
    undone = bertta.ask("POST", f"/api/v1/events/{bertta.event}/reverse", json={})
    assert (undone.status_code, undone.json["card"]) == (200, bertta.card)


@pytest.mark.parametrize("location", ["", " ", "x", "0"])
def test_a_location_that_is_no_id_is_refused(people, services, location):
    bertta, _ = people
    before = everything(services)
    body = {"id": new_id(), "card": bertta.card, "name": "stamped", "location": location}
    answer = bertta.ask("POST", "/api/v1/events", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "location_unknown")
    assert everything(services) == before


def test_every_programme_of_a_brand_is_found_by_its_own_name(people, services):
    """Both brands have a kahvipassi: the name alone does not say whose."""
    bertta, cecilia = people
    for who in (bertta, cecilia):
        body = {"programme": "kahvipassi", "member": {"name": "Eeva"}}
        made = who.ask("POST", "/api/v1/cards", json=body).json["id"]
        with services.database.reading() as session:
            wanted = select(Programme.brand_id).join(Card).where(Card.id == UUID(made))
            assert session.exec(wanted).one() == who.house.brand_id
