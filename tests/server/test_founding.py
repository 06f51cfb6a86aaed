"""Founding a brand, step by step."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import func, select

from server import brands, catalogue, events, founding, members, sessions, staff
from server.app import create_app
from server.errors import Conflict, NotFound, Refused, ServiceError
from server.models import ApiKey, Brand, Location, Programme, ProgrammePart, Staff, Till

PASS_TYPE = {"pass_type": "pass.test.leima.card", "team": "TEAMTEST01"}
CONTACT = "Vaasankatu 10, Helsinki"
REWARD = {"fi": "Kahvi", "sv": "Kaffe", "en": "Coffee"}
PASSWORD = "korkea-kuusi-9"


def plan(slug: str = "kahvipassi", **parts: object) -> founding.Plan:
    values = {"slug": slug, "name": "Kahvipassi", "design": "kahvila"}
    return founding.plan(
        {**values, "parts": parts or {"stamp_card": {"reward": REWARD}}}, source="the test"
    )


@pytest.fixture
def brand(services) -> str:
    founding.create_brand(services, slug="niemi", name="Niemi", contact=CONTACT)
    return "niemi"


def rows(services, table: type) -> int:
    with services.database.reading() as session:
        count: int = session.exec(select(func.count()).select_from(table)).one()
    return count


def refusal(call: Callable[[], object]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call()
    return caught.value


def test_a_brand_that_was_founded_gives_cards_and_stamps(services, brand):
    founding.create_programme(services, brand, plan(), **PASS_TYPE)
    founding.create_till(services, brand, location="Kallio", login="niemi-1", password=PASSWORD)
    _, pin = founding.create_staff(services, brand, name="Bertta")
    till_id = staff.open_till(services, login="niemi-1", password=PASSWORD, address="x")
    till = sessions.find(services, sessions.start(services, till_id)).till
    assert staff.name_person(services, till, pin=pin).name == "Bertta"
    key = founding.create_key(services, brand, name="shop")
    origin = events.Origin(brand_id=staff.brand_of_key(services, key), source="api")
    applicant = members.Applicant(name="Aino")
    card = events.enrol(services, origin, "kahvipassi", applicant, event_id="e1").json()
    report = events.Report(id="e2", card=str(card["id"]), name="stamped")
    assert events.record(services, origin, report).json()["standing"]["stamp"] == 1


def test_its_join_page_is_there_at_once(services, brand):
    founding.create_programme(services, brand, plan(), **PASS_TYPE)
    assert create_app(services).test_client().get("/join/niemi/kahvipassi").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"slug": "Niemi"}, "slug_invalid"),
        ({"slug": "../etc"}, "slug_invalid"),
        ({"slug": "a" * 65}, "slug_invalid"),
        ({"name": " "}, "name_missing"),
        ({"contact": ""}, "contact_missing"),
        ({"language": "de"}, "language_unknown"),
        ({"timezone": "Helsinki"}, "timezone_unknown"),
        ({"country": "Finland"}, "country_unknown"),
        ({"currency": "euro"}, "currency_unknown"),
    ],
)
def test_a_brand_that_cannot_be_is_refused(services, wrong, code):
    values = {"slug": "niemi", "name": "Niemi", "contact": CONTACT, **wrong}
    assert refusal(lambda: founding.create_brand(services, **values)).code == code
    assert rows(services, Brand) == 0


def test_a_brand_is_founded_once(services, brand):
    again = {"slug": brand, "name": "Another", "contact": CONTACT}
    assert refusal(lambda: founding.create_brand(services, **again)).code == "brand_exists"


def test_a_programme_is_made_once_in_a_brand_and_once_more_in_another(services, brand, house):
    founding.create_programme(services, brand, plan(), **PASS_TYPE)
    again = refusal(lambda: founding.create_programme(services, brand, plan(), **PASS_TYPE))
    assert again.code == "programme_exists"
    assert rows(services, Programme) == 2  # ours, and the house's of the same name


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"stamp_card": {}}, "stamp_card.reward: is missing"),
        ({"stamp_card": {"reward": REWARD, "speed": 3}}, "stamp_card.speed: is no rule"),
        (
            {"stamp_card": {"reward": REWARD, "stamps_required": 1, "max_quantity": 0}},
            "stamp_card.stamps_required: .*; stamp_card.max_quantity: ",
        ),
        ({"coupon": {}}, "no kind 'coupon'"),
    ],
)
def test_rules_that_cannot_be_are_named_and_nothing_is_made(services, brand, parts, says):
    with pytest.raises(Refused, match=says):
        founding.create_programme(services, brand, plan(**parts), **PASS_TYPE)
    assert rows(services, Programme) == rows(services, ProgrammePart) == 0


def test_a_login_is_unique_among_all_brands(services, brand, house):
    till = {"location": "Kallio", "login": house.login, "password": PASSWORD}
    assert refusal(lambda: founding.create_till(services, brand, **till)).code == "login_taken"
    assert rows(services, Till) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"login": "Niemi 1"}, "login_invalid"),
        ({"password": "short"}, "password_short"),
        ({"location": ""}, "name_missing"),
    ],
)
def test_a_till_that_cannot_be_leaves_no_place_behind(services, brand, wrong, code):
    till = {"location": "Kallio", "login": "niemi-1", "password": PASSWORD, **wrong}
    assert refusal(lambda: founding.create_till(services, brand, **till)).code == code
    assert rows(services, Location) == 0


def test_two_tills_of_one_place_share_it_and_another_brand_has_its_own(services, brand, house):
    for login in ("niemi-1", "niemi-2"):
        founding.create_till(services, brand, location="Kallio", login=login, password=PASSWORD)
    assert rows(services, Location) == 2


def test_a_pin_is_unique_in_the_brand_only(services, brand, house):
    founding.create_staff(services, brand, name="Cecilia", pin=house.pin)
    again = refusal(lambda: founding.create_staff(services, brand, name="Onni", pin=house.pin))
    assert again.code == "pin_taken"
    assert rows(services, Staff) == 2


def test_a_pin_that_is_made_is_one_that_nobody_has(services, brand, monkeypatch):
    drawn = iter([1234, 1234, 77])
    monkeypatch.setattr(founding.secrets, "randbelow", lambda _: next(drawn))
    pins = [founding.create_staff(services, brand, name=name)[1] for name in ("Onni", "Bertta")]
    assert pins == ["1234", "0077"]


def place(services, brand: str, name: str = "Kallio", latitude: float = 60.18) -> Location:
    return founding.create_location(services, brand, name=name, latitude=latitude, longitude=24.95)


def test_a_place_is_where_it_was_said_to_be_last(services, brand):
    founding.create_till(services, brand, location="Kallio", login="niemi-1", password=PASSWORD)
    place(services, brand)
    assert place(services, brand, latitude=60.2).latitude == 60.2
    assert rows(services, Location) == 1


@pytest.mark.parametrize("latitude", [90.1, -91, float("nan"), float("inf")])
def test_a_place_that_is_nowhere_is_refused(services, brand, latitude):
    error = refusal(lambda: place(services, brand, latitude=latitude))
    assert error.code == "coordinates_invalid"
    assert rows(services, Location) == 0


def test_more_places_than_a_wallet_takes_are_refused_when_they_are_made(services, brand):
    for number in range(brands.MOST_PLACES):
        place(services, brand, name=f"Place {number}")
    error = refusal(lambda: place(services, brand, name="One too many"))
    assert (error.code, "Google Wallet" in error.detail) == ("too_many_places", True)
    assert place(services, brand, name="Place 3", latitude=1).latitude == 1


def test_the_cards_of_a_brand_name_its_own_places_only(services, brand, house):
    programme = founding.create_programme(services, brand, plan(), **PASS_TYPE)
    place(services, house.slug, latitude=1)
    place(services, brand, latitude=2)
    founding.create_till(services, brand, location="Vallila", login="n-2", password=PASSWORD)
    shown = catalogue.show_programme(services.database, programme.id)
    assert [each.latitude for each in shown.places] == [2]


def test_a_key_of_one_brand_is_no_key_of_another(services, brand, house):
    key = founding.create_key(services, brand, name="shop")
    assert staff.brand_of_key(services, key) != house.brand_id
    with services.database.reading() as session:
        assert key not in {row.secret_hash for row in session.exec(select(ApiKey)).all()}


@pytest.mark.parametrize(
    "step",
    [
        lambda s: founding.create_programme(s, "nobody", plan(), **PASS_TYPE),
        lambda s: founding.create_till(s, "nobody", location="x", login="abc", password=PASSWORD),
        lambda s: founding.create_staff(s, "nobody", name="Bertta"),
        lambda s: place(s, "nobody"),
        lambda s: founding.create_key(s, "nobody", name="shop"),
    ],
)
def test_what_belongs_to_no_brand_is_not_made(services, step):
    with pytest.raises(NotFound, match="leima brand create"):
        step(services)


def test_of_many_who_take_one_login_at_once_one_has_it(services, brand):
    outcomes: list[str] = []

    def take(number: int) -> None:
        till = {"location": "Kallio", "login": "niemi-1", "password": f"{PASSWORD}{number}"}
        try:
            founding.create_till(services, brand, **till)
            outcomes.append("made")
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [*["login_taken"] * 5, "made"]
    assert rows(services, Location) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("slug = ", "is not TOML"),
        ('slug = "a"\nname = "A"\ndesign = "kahvila"', "parts: is missing"),
        ('slug = 1\nname = "A"\ndesign = "b"\nparts = {}', "slug: Input should be a valid string"),
        ('slug = "a"\nname = "A"\ndesign = "b"\nparts = {}\ncolour = 1', "colour: is not known"),
        ('slug = "a"\nname = "A"\ndesign = "b"\nparts = {stamp_card = 3}', r"parts\.stamp_card"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_the_place(tmp_path, text, says):
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=says) as caught:
        founding.read_plan(path)
    assert str(path) in caught.value.detail


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read: No such file"):
        founding.read_plan(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "plan.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match="is not TOML"):
        founding.read_plan(tmp_path / "plan.toml")
