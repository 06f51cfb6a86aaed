"""The till: signing in, scanning, asking, undoing, refusing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from server import brands
from server.models import Brand, Event, Pass, Staff, Till

PAGE = {"Accept": "text/html"}


@pytest.fixture
def till(app: Flask, house) -> FlaskClient:
    """Bertta stands at the till of our house."""
    client = app.test_client()
    sign_in(client, house)
    return client


def sign_in(client: FlaskClient, house) -> None:
    client.post("/till/login", data={"login": house.login, "password": house.password})
    client.post("/till/pin", json={"pin": house.pin})


def scan(till: FlaskClient, code: str, **more: object):
    return till.post("/till/scan", json={"id": str(uuid4()), "code": code, **more})


def undo(till: FlaskClient, event: str):
    return till.post("/till/undo", json={"id": str(uuid4()), "event": event})


def test_a_scan_stamps_at_once(till, ledger):
    answer = scan(till, ledger.card).json
    assert (answer["level"], answer["code"]) == ("green", "stamped")
    assert answer["card"]["headline"] == "1 / 10"


def test_barcode_and_member_number_find_the_same_card(till, ledger, services):
    card = ledger.enrol("Siiri")
    with services.database.reading() as session:
        wanted = select(Pass.barcode).where(Pass.serial_number == card["serial_number"])
        barcode = session.exec(wanted).one()
    found = [scan(till, code).json["card"] for code in (card["member_number"], barcode)]
    assert [each["name"] for each in found] == ["Siiri", "Siiri"]
    assert {each["id"] for each in found} == {card["id"]}


def test_only_the_first_name_is_shown(till, ledger):
    number = ledger.enrol("Aino Esimerkki")["member_number"]
    assert scan(till, number).json["card"]["name"] == "Aino"


def test_a_second_scan_within_the_window_is_amber_and_counts_nothing(till, ledger, clock):
    scan(till, ledger.card)
    clock.move(seconds=4)
    answer = scan(till, ledger.card).json
    assert (answer["level"], answer["code"]) == ("amber", "too_soon")
    assert answer["text"] == "Leimattu jo 4 s sitten"
    assert answer["card"]["headline"] == "1 / 10"
    assert answer["actions"][0]["action"] == "stamp_anyway"


def test_a_day_that_is_full_is_amber_and_nobody_may_insist(app, ledger_with, clock):
    ledger = ledger_with(max_per_day=1, double_scan_seconds=0)
    till = app.test_client()
    till.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    sign_in(till, ledger.house)
    scan(till, ledger.card)
    clock.move(minutes=10)
    answer = scan(till, ledger.card).json
    assert (answer["level"], answer["code"], answer["actions"]) == ("amber", "daily_limit", [])
    assert answer["text"] == "That is all for this day. Next time 23 Nov"


def test_a_deliberate_second_stamp_counts(till, ledger):
    scan(till, ledger.card)
    answer = scan(till, ledger.card, action="stamp", is_deliberate=True).json
    assert answer["card"]["headline"] == "2 / 10"


def test_a_reward_is_asked_about_before_anything_is_stamped(till, ledger):
    ledger.stamp(10)
    answer = scan(till, ledger.card).json
    assert (answer["level"], answer["code"], answer["event"]) == ("amber", "reward_ready", None)
    assert [action["action"] for action in answer["actions"]] == ["redeem", "stamp"]
    assert ledger.stamp()["standing"] == {"stamp": 1, "reward": 1}


def test_a_reward_is_redeemed_and_the_redemption_undone(till, ledger):
    ledger.stamp(10)
    redeemed = scan(till, ledger.card, action="redeem").json
    assert redeemed["card"]["rewards"] == 0
    undone = undo(till, redeemed["event"]).json
    assert (undone["code"], undone["card"]["rewards"]) == ("undone", 1)


def test_the_scan_that_fills_the_card_is_answered_alike_when_repeated(till, ledger):
    ledger.stamp(9)
    body = {"id": str(uuid4()), "code": ledger.card}
    first, again = till.post("/till/scan", json=body), till.post("/till/scan", json=body)
    assert first.json["code"] == again.json["code"] == "reward_earned"
    assert first.json["event"] == again.json["event"]


def test_quantity_above_the_rule_is_refused_in_the_language_of_the_till(till, ledger):
    body = {"id": str(uuid4()), "code": ledger.card, "quantity": 6}
    answer = till.post("/till/scan", json=body, headers={"Accept-Language": "fi"})
    assert (answer.status_code, answer.json["code"]) == (422, "quantity_too_large")
    assert answer.json["detail"] == "Kerralla voi antaa enintään 5 leimaa."


def test_undo_works_once(till, ledger):
    event = scan(till, ledger.card).json["event"]
    assert undo(till, event).json["card"]["headline"] == "0 / 10"
    assert undo(till, event).json["code"] == "already_reversed"


def test_undo_of_a_stamp_whose_reward_is_used_is_refused(till, ledger):
    ledger.stamp(9)
    event = scan(till, ledger.card).json["event"]
    scan(till, ledger.card, action="redeem")
    answer = undo(till, event)
    assert (answer.status_code, answer.json["code"]) == (409, "reward_used")


def test_a_till_undoes_for_five_minutes_only(till, ledger, clock):
    event = scan(till, ledger.card).json["event"]
    clock.move(minutes=5, seconds=1)
    answer = undo(till, event)
    assert (answer.status_code, answer.json["code"]) == (403, "undo_too_late")


def test_a_repeated_undo_is_answered_alike_also_later(till, ledger, clock):
    body = {"id": str(uuid4()), "event": scan(till, ledger.card).json["event"]}
    first = till.post("/till/undo", json=body)
    clock.move(minutes=6)
    assert till.post("/till/undo", json=body).json["event"] == first.json["event"]


def test_another_brands_card_is_as_unknown_as_a_random_code(till, ledger, other_ledger):
    foreign = str(other_ledger.enrol("Cecilia")["member_number"])
    answers = [scan(till, code) for code in (foreign, "HELLO-WORLD", str(uuid4()))]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1


def test_another_brands_staff_cannot_touch_our_cards(app, ledger, other_house):
    client = app.test_client()
    sign_in(client, other_house)
    event = ledger.stamp()["id"]
    assert scan(client, ledger.card).json["code"] == "card_unknown"
    assert undo(client, event).json["code"] == "event_unknown"
    assert ledger.stamp()["standing"]["stamp"] == 2


def test_guessing_codes_is_stopped_after_ten(till, ledger, clock):
    codes = [scan(till, f"guess-{n}").json["code"] for n in range(11)]
    assert codes == ["card_unknown"] * 10 + ["too_many_unknown"]
    assert scan(till, ledger.card).json["code"] == "too_many_unknown"
    clock.move(seconds=61)
    assert scan(till, ledger.card).json["code"] == "stamped"


def test_nothing_works_before_the_login(app, ledger):
    client = app.test_client()
    assert scan(client, ledger.card).json["code"] == "signed_out"
    assert client.post("/till/pin", json={"pin": "2468"}).json["code"] == "signed_out"
    assert client.get("/till", headers=PAGE).location == "/till/login"


def test_nothing_works_before_the_pin(app, house, ledger):
    client = app.test_client()
    client.post("/till/login", data={"login": house.login, "password": house.password})
    assert scan(client, ledger.card).json["code"] == "pin_required"


def test_the_pin_is_asked_again_after_half_an_hour_of_quiet(till, ledger, clock):
    clock.move(minutes=31)
    assert scan(till, ledger.card).json["code"] == "pin_required"


def test_locking_asks_for_the_pin_again(till, ledger):
    till.post("/till/lock", json={})
    assert scan(till, ledger.card).json["code"] == "pin_required"


def test_every_event_has_its_person_and_place(till, ledger, services, house):
    event_id = scan(till, ledger.card).json["event"]
    with services.database.reading() as session:
        event = session.get_one(Event, (house.brand_id, event_id))
    found = (event.source, event.location_id, event.staff_id)
    assert found == ("till", house.location_id, house.staff_id)


def test_a_wrong_password_says_not_which_part_was_wrong(app, house):
    client = app.test_client()
    wrong = {"login": house.login, "password": "x"}
    unknown = {"login": "nobody", "password": "x"}
    answers = [client.post("/till/login", data=data, headers=PAGE) for data in (wrong, unknown)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].data == answers[1].data


def test_passwords_cannot_be_tried_for_ever(app, house, clock):
    client = app.test_client()
    wrong = {"login": house.login, "password": "x"}
    statuses = [client.post("/till/login", data=wrong).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    right = {"login": house.login, "password": house.password}
    assert client.post("/till/login", data=right).status_code == 429
    clock.move(minutes=16)
    assert client.post("/till/login", data=right).status_code == 303


def test_a_strangers_wrong_passwords_do_not_lock_the_shop_out(app, house):
    stranger, shop = app.test_client(), app.test_client()
    far = {"REMOTE_ADDR": "203.0.113.9"}
    for _ in range(11):
        wrong = {"login": house.login, "password": "x"}
        stranger.post("/till/login", data=wrong, environ_base=far)
    right = {"login": house.login, "password": house.password}
    assert shop.post("/till/login", data=right).status_code == 303


def test_a_right_pin_does_not_buy_more_guesses(app, house):
    client = app.test_client()
    client.post("/till/login", data={"login": house.login, "password": house.password})
    for _ in range(9):
        client.post("/till/pin", json={"pin": "0000"})
    client.post("/till/pin", json={"pin": house.pin})
    codes = [client.post("/till/pin", json={"pin": "0000"}).json["code"] for _ in range(2)]
    assert codes == ["pin_wrong", "too_many_tries"]


def test_a_disabled_person_is_asked_for_the_pin_again(till, ledger, services, house):
    with services.database.transaction() as session:
        session.get_one(Staff, house.staff_id).disabled_at = services.now()
    assert scan(till, ledger.card).json["code"] == "pin_required"


def test_a_disabled_till_is_signed_out(till, ledger, services, house):
    with services.database.transaction() as session:
        session.get_one(Till, house.till_id).disabled_at = services.now()
    assert scan(till, ledger.card).json["code"] == "signed_out"


def test_a_till_undoes_what_was_done_at_its_own_place_only(till, ledger):
    event = ledger.stamp()["id"]
    assert undo(till, event).json["code"] == "undo_too_late"


def test_scans_made_offline_count_when_they_were_made(till, ledger, clock):
    made_at = [clock.at.isoformat(), (clock.at + timedelta(minutes=10)).isoformat()]
    clock.move(minutes=20)
    answers = [scan(till, ledger.card, at=at).json for at in made_at]
    assert [answer["code"] for answer in answers] == ["stamped", "stamped"]


def test_a_late_scan_is_never_answered_with_a_question(till, ledger, clock):
    ledger.stamp(10)
    made_at = clock.at.isoformat()
    clock.move(minutes=2)
    assert scan(till, ledger.card, at=made_at).json["code"] == "stamped"


def test_a_till_whose_clock_is_fast_still_stamps(till, ledger, clock):
    body = {"id": str(uuid4()), "code": ledger.card}
    body["at"] = (clock.at + timedelta(minutes=20)).isoformat()
    first = till.post("/till/scan", json=body)
    clock.move(minutes=25)
    again = till.post("/till/scan", json=body)
    assert (first.json["code"], again.json["event"]) == ("stamped", first.json["event"])


def test_pins_cannot_be_tried_for_ever(app, house):
    client = app.test_client()
    client.post("/till/login", data={"login": house.login, "password": house.password})
    codes = [client.post("/till/pin", json={"pin": "0000"}).json["code"] for _ in range(11)]
    assert codes == ["pin_wrong"] * 10 + ["too_many_tries"]


def test_another_brands_pin_names_nobody_here(app, house, other_house, services):
    with services.database.transaction() as session:
        brand = session.get_one(Brand, other_house.brand_id)
        secret = services.settings.secret_key
        at = services.now()
        brands.add_staff(session, brand, name="Cecilia", pin="1357", secret_key=secret, at=at)
    client = app.test_client()
    client.post("/till/login", data={"login": house.login, "password": house.password})
    answer = client.post("/till/pin", json={"pin": "1357"})
    assert answer.json["code"] == "pin_wrong"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"id": 5, "code": "x"}',
        b'{"id": "12345678"}',
        b'{"id":"12345678","x":1}',
    ],
)
def test_garbage_is_refused_and_nothing_is_written(till, ledger, body: bytes):
    answer = till.post("/till/scan", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert ledger.stamp()["standing"]["stamp"] == 1


def test_a_body_of_a_megabyte_is_refused(till):
    answer = till.post("/till/scan", data=b" " * 1_000_001, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_a_page_of_another_site_cannot_scan(till, ledger, headers):
    body = {"id": str(uuid4()), "code": ledger.card}
    answer = till.post("/till/scan", json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "foreign_page")


def test_the_session_cookie_is_for_this_site_and_no_script(app, house):
    client = app.test_client()
    login = {"login": house.login, "password": house.password}
    cookie = client.post("/till/login", data=login).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
