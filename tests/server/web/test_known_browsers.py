"""Strangers' wrong tries keep no shop from signing in with a browser that it used before."""

import pytest
from itsdangerous import URLSafeTimedSerializer


def sign_in(client, house, address: str, password: str | None = None) -> int:
    form = {"login": house.login, "password": password or house.password}
    environ = {"REMOTE_ADDR": address}
    return client.post("/till/login", data=form, environ_base=environ).status_code


@pytest.fixture
def known(app, house):
    client = app.test_client()
    assert sign_in(client, house, "192.0.2.1") == 303
    return client


@pytest.fixture
def beleaguered(app, house):
    """A hundred wrong tries from ten addresses: the login is closed to strangers."""
    for number in range(10):
        for _ in range(10):
            sign_in(app.test_client(), house, f"203.0.113.{number}", "wrong")
    assert sign_in(app.test_client(), house, "198.51.100.7") == 429


def test_a_browser_that_was_signed_in_before_still_gets_in(known, house, beleaguered):
    known.post("/till/sign-out")
    assert sign_in(known, house, "198.51.100.7") == 303


def test_it_has_ten_tries_of_its_own(known, house):
    tries = [sign_in(known, house, f"198.51.100.{n}", "wrong") for n in range(12)]
    assert tries == [401] * 10 + [429] * 2


def test_it_is_a_stranger_at_another_login(known, house, other_house, app):
    for _ in range(10):
        sign_in(app.test_client(), other_house, "192.0.2.1", "wrong")
    assert sign_in(known, other_house, "192.0.2.1") == 429
    assert sign_in(known, house, "192.0.2.1") == 303


@pytest.mark.parametrize("key", ["guessed", None])
def test_a_forged_cookie_makes_nobody_known(app, house, beleaguered, key):
    sealed = URLSafeTimedSerializer(key, salt="known browsers").dumps(["x", "y"]) if key else "x"
    forger = app.test_client()
    forger.set_cookie("leima-known", sealed)
    assert sign_in(forger, house, "198.51.100.7") == 429


def test_networks_of_one_site_have_twenty_tries_together(app, house):
    site = [f"2001:db8:5:{n:x}::1" for n in range(30)]
    tries = [sign_in(app.test_client(), house, address, "wrong") for address in site]
    assert tries == [401] * 20 + [429] * 10
    assert sign_in(app.test_client(), house, "2001:db8:6::1") == 303


def test_callers_over_ipv4_are_told_apart_on_a_socket_for_both(app, house):
    for _ in range(10):
        sign_in(app.test_client(), house, "::ffff:203.0.113.1", "wrong")
    assert sign_in(app.test_client(), house, "::ffff:203.0.113.1") == 429
    assert sign_in(app.test_client(), house, "::ffff:203.0.113.2") == 303
