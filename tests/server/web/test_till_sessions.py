"""A till's session: made new at every sign-in, ended here and not only in the browser."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlmodel import select

from server import passwords, sessions
from server.app import create_app
from server.models import Till, TillSession

PAGE = {"Accept": "text/html"}


@pytest.fixture
def till(app, house) -> FlaskClient:
    client = app.test_client()
    sign_in(client, house)
    client.post("/till/pin", json={"pin": house.pin})
    return client


def sign_in(client, house, **headers: str):
    login = {"login": house.login, "password": house.password}
    return client.post("/till/login", data=login, headers=headers)


def copy_of(client, app) -> FlaskClient:
    """Somebody else's browser with a copy of the cookie."""
    thief = app.test_client()
    thief.set_cookie("leima", client.get_cookie("leima").value)
    return thief


def scan(client, code: str):
    return client.post("/till/scan", json={"id": str(uuid4()), "code": code})


def rows(services) -> list[TillSession]:
    with services.database.reading() as session:
        return list(session.exec(select(TillSession)).all())


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(app, till, ledger, services):
    thief = copy_of(till, app)
    assert scan(thief, ledger.card).json["code"] == "stamped"
    assert till.post("/till/sign-out", headers=PAGE).location == "/till/login"
    assert scan(till, ledger.card).json["code"] == "signed_out"
    assert scan(thief, ledger.card).json["code"] == "signed_out"
    assert thief.get("/till", headers=PAGE).status_code == 401
    assert rows(services) == []


def test_signing_out_twice_or_without_a_session_leads_to_the_login(app, till):
    thief = copy_of(till, app)
    for client in (till, till, thief, app.test_client()):
        answer = client.post("/till/sign-out")
        assert (answer.status_code, answer.location) == (303, "/till/login")


def test_one_tills_sign_out_leaves_another_browser_of_the_till_open(app, house, till, ledger):
    other = app.test_client()
    sign_in(other, house)
    other.post("/till/pin", json={"pin": house.pin})
    till.post("/till/sign-out")
    assert scan(other, ledger.card).json["code"] == "stamped"


def test_signing_in_makes_a_new_session_and_ends_the_one_before(app, house, till, services):
    thief = copy_of(till, app)
    before = rows(services)[0].id
    sign_in(till, house)
    assert [row.id for row in rows(services)] != [before]
    assert len(rows(services)) == 1
    assert thief.post("/till/pin", json={"pin": house.pin}).json["code"] == "signed_out"


def test_after_a_new_sign_in_the_pin_is_asked_for(house, till, ledger):
    sign_in(till, house)
    assert scan(till, ledger.card).json["code"] == "pin_required"


def test_a_lock_ends_what_copies_of_the_cookie_could_do(app, till, ledger):
    thief = copy_of(till, app)
    till.post("/till/lock", json={})
    assert scan(thief, ledger.card).json["code"] == "pin_required"


def test_a_copy_from_before_does_not_act_in_the_next_persons_name(app, house, till, ledger):
    thief = copy_of(till, app)
    till.post("/till/lock", json={})
    till.post("/till/pin", json={"pin": house.pin})
    assert scan(till, ledger.card).json["code"] == "stamped"
    assert scan(thief, ledger.card).json["code"] == "pin_required"


def test_a_session_runs_out_after_ninety_days(till, ledger, clock, house):
    clock.move(days=89)
    assert till.post("/till/pin", json={"pin": house.pin}).status_code == 200
    clock.move(days=1)
    assert scan(till, ledger.card).json["code"] == "signed_out"


def test_sessions_that_ran_out_are_forgotten_at_the_next_sign_in(app, till, house, clock, services):
    clock.move(days=91)
    sign_in(app.test_client(), house)
    assert len(rows(services)) == 1


def test_a_person_of_another_brand_is_nobody_here(till, ledger, other_house, services):
    row = rows(services)[0]
    sessions.unlock(services, row.id, other_house.staff_id)
    assert sessions.find(services, row.id).person is None


def test_a_cookie_that_was_tampered_with_is_no_session(app, till):
    value = till.get_cookie("leima").value
    forger = app.test_client()
    forger.set_cookie("leima", "A" + value[1:])
    assert forger.get("/till", headers=PAGE).location == "/till/login"


def test_the_cookie_is_for_this_site_no_script_and_https_only(services, house):
    changed = replace(services.settings, public_url="https://cards.example.com")
    client = create_app(replace(services, settings=changed)).test_client()
    cookies = sign_in(client, house).headers.getlist("Set-Cookie")
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == [
        "__Host-leima",
        "__Host-leima-known",
    ]
    for cookie in cookies:
        assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_the_cookie_names_nothing_but_the_session(till, services, house):
    with till.session_transaction() as session:
        held = dict(session)
    assert set(held) == {"_permanent", "id", "unlock", "seen"}
    assert UUID(held["id"]) == rows(services)[0].id


def test_a_password_kept_under_other_parameters_is_kept_anew(services, house, app):
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(house.password)
    keep(services, house, old)
    assert sign_in(app.test_client(), house).status_code == 303
    renewed = kept(services, house)
    assert renewed != old
    assert not passwords.is_outdated(renewed)
    assert sign_in(app.test_client(), house).status_code == 303
    assert kept(services, house) == renewed


def test_a_wrong_password_renews_nothing(services, house, app):
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash("another")
    keep(services, house, old)
    assert sign_in(app.test_client(), house).status_code == 401
    assert kept(services, house) == old


def keep(services, house, sealed: str) -> None:
    with services.database.transaction() as session:
        session.get_one(Till, house.till_id).password_hash = sealed


def kept(services, house) -> str:
    with services.database.reading() as session:
        return session.get_one(Till, house.till_id).password_hash


def test_of_many_pins_at_once_ten_are_tried(app, house):
    client = app.test_client()
    sign_in(client, house)
    cookie = client.get_cookie("leima").value

    def guess(number: int) -> str:
        own = app.test_client()
        own.set_cookie("leima", cookie)
        return own.post("/till/pin", json={"pin": f"{number:04}"}).json["code"]

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(guess, range(60)))
    assert codes.count("pin_wrong") == 10
    assert set(codes) == {"pin_wrong", "too_many_tries"}


def test_a_login_is_counted_from_everywhere_but_generously(app, house, clock):
    def wrong(number: int) -> int:
        return (
            app.test_client()
            .post(
                "/till/login",
                data={"login": house.login, "password": "x"},
                environ_base={"REMOTE_ADDR": f"203.0.113.{number // 9}"},
            )
            .status_code
        )

    assert {wrong(number) for number in range(100)} == {401}
    assert wrong(255) == 429
    refused = sign_in(app.test_client(), house, **PAGE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "901")
    clock.move(minutes=16)
    assert sign_in(app.test_client(), house).status_code == 303


def test_the_addresses_of_one_ipv6_network_are_one_caller(app, house):
    codes = [
        app.test_client()
        .post(
            "/till/login",
            data={"login": house.login, "password": "x"},
            environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number}"},
        )
        .status_code
        for number in range(11)
    ]
    assert codes == [401] * 10 + [429]
