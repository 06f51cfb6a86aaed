"""What the doctor, /readyz and /metrics say of Google without asking it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask.testing import FlaskClient
from sqlalchemy import insert

from googlewallet import throwaway
from server import google_checks, metrics
from server.app import create_app
from server.models import Trace
from tests.server.google_rows import ISSUER, AtGoogle, balance

PEM = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


@pytest.fixture(scope="session")
def rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(*PEM).decode()


@pytest.fixture
def account(tmp_path, rsa_key):
    """A service-account file as Google makes them, with something changed in it."""

    def write(**changed):
        path = tmp_path / "account.json"
        given = {
            "type": "service_account",
            "project_id": "kahvila-1",
            "private_key_id": "0123",
            "private_key": rsa_key,
            "client_email": "wallet@kahvila-1.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        path.write_text(json.dumps({**given, **changed}))
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def google(services, account):
    """Settings with an issuer and its account."""

    def set_up(path=None, **settings):
        given = {
            "google_issuer_id": ISSUER,
            "google_service_account_file": path or account(),
            "public_url": "https://cards.example.com",
        }
        return replace(services.settings, **{**given, **settings})

    return set_up


@pytest.fixture
def look(services, google, clock):
    def found(name, settings=None):
        checks = google_checks.look(settings or google(), services.database, at=clock())
        return {check.name: check for check in checks}[name]

    return found


@pytest.fixture
def at_google(services, ledger):
    at_google = AtGoogle(services, ledger.card)
    at_google.take(balance(1))
    return at_google


@pytest.fixture
def told(services, clock):
    """Google was told of so many cards, a while ago."""

    def note(count=1, *, what="told", hours=1, status=200, **data):
        at = clock() - timedelta(hours=hours)
        data = {"call": "insert", "verdict": "taken", "reason": "", **data}
        rows = [
            {"at": at, "what": what, "serial_number": f"s{n}", "status": status, "data": data}
            for n in range(count)
        ]
        with services.database.transaction() as session:
            session.connection().execute(insert(Trace), rows)

    return note


def test_without_google_there_is_one_line_and_it_is_well(services, clock):
    (check,) = google_checks.look(services.settings, services.database, at=clock())
    assert (check.name, check.level) == ("google", "ok")
    assert "Apple Wallet alone" in check.says


def test_a_new_issuer_is_well(look, at_google):
    names = ("google", "google queue", "google programmes", "google compared", "google adding")
    assert [look(name).level for name in names] == ["ok"] * 5
    assert "wallet@kahvila-1.iam" in look("google").says
    assert ISSUER in look("google").says


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"type": "authorized_user"}, "service-account file"),
        ({"private_key": "-----BEGIN nothing-----"}, "private_key"),
        ({"private_key": ec.generate_private_key(ec.SECP256R1()).private_bytes(*PEM).decode()},
         "RSA"),
        ({"client_email": ""}, "client_email"),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_used_is_told_with_what_is_wrong(
    look, google, account, changed, word
):
    check = look("google", google(account(**changed)))
    assert (check.level, word in check.says, bool(check.do)) == ("fail", True, True)


def test_an_account_file_that_is_gone_or_no_json_is_found(look, google, tmp_path):
    for name, content in (("gone.json", None), ("text.json", "hello")):
        path = tmp_path / name
        if content:
            path.write_text(content)
        check = look("google", google(path))
        assert (check.level, str(path) in check.says) == ("fail", True)


def test_a_key_that_others_may_read_is_minded(look, google, account):
    path = account()
    path.chmod(0o644)
    check = look("google", google(path))
    assert (check.level, "chmod 600" in check.do) == ("warn", True)


def test_a_throw_away_account_is_for_this_machine_alone(look, google, tmp_path):
    path = throwaway.load_or_create(tmp_path / "t", token_uri="http://127.0.0.1:1/token")
    local = {"public_url": "http://127.0.0.1:8000", "google_api_url": "http://127.0.0.1:1"}
    assert look("google", google(path, **local)).level == "warn"
    assert look("google", google(path)).level == "fail"
    public = {**local, "public_url": "https://cards.example.com"}
    assert look("google", google(path, **public)).level == "fail"


def test_an_own_account_that_speaks_to_a_stand_in_is_minded(look, google):
    check = look("google", google(google_api_url="https://google.example.com"))
    assert (check.level, "LEIMA_GOOGLE_API_URL" in check.do) == ("warn", True)


def test_what_google_is_owed_is_told_and_minded_when_it_waits_long(look, at_google, clock):
    at_google.owe()
    check = look("google queue")
    assert (check.level, "owed a change: 1" in check.says) == ("ok", True)
    clock.move(hours=3)
    check = look("google queue")
    assert (check.level, "3 hours" in check.says) == ("warn", True)


def test_what_google_refused_for_good_is_told_with_its_words(look, at_google):
    at_google.set(owed_version=2, error="400 invalid: heroImage")
    check = look("google queue")
    assert check.level == "fail"
    assert "given up: 1, such as: 400 invalid: heroImage" in check.says


def test_what_a_former_issuer_was_owed_is_no_fault_of_this_one(look, google, at_google, clock):
    at_google.owe()
    clock.move(hours=3)
    settings = google(google_issuer_id="3388000000099999999")
    assert look("google queue", settings).level == "ok"


def test_a_pause_is_told_with_its_reason(look, at_google, clock):
    until = clock() + timedelta(minutes=10)
    at_google.set_issuer(pause_reason="403 permissionDenied", paused_until=until)
    check = look("google queue")
    assert (check.level, "403 permissionDenied" in check.says) == ("fail", True)
    assert f"{until:%H:%M}" in check.says


def test_a_pause_that_is_over_with_nothing_owed_is_no_failure(look, at_google, clock):
    at_google.set_issuer(pause_reason="403 permissionDenied", paused_until=clock())
    check = look("google queue")
    assert (check.level, "the last call was refused" in check.says) == ("warn", True)
    at_google.owe()
    assert look("google queue").level == "fail"


def test_a_pause_that_google_asked_for_is_no_fault(look, at_google, told):
    told(status=429, verdict="busy", hours=0)
    at_google.set_issuer(pause_reason="429 rateLimitExceeded")
    assert look("google queue").level == "warn"


def test_half_the_speed_is_minded_while_it_lasts(look, at_google, clock):
    at_google.set_issuer(slowed_until=clock() + timedelta(seconds=40))
    assert look("google queue").level == "warn"
    clock.move(minutes=1)
    assert look("google queue").level == "ok"


def test_a_programme_that_google_refuses_is_named(look, at_google):
    at_google.set_class(error="programLogo: cannot be fetched")
    check = look("google programmes")
    assert check.level == "fail"
    assert "Kahvipassi: programLogo: cannot be fetched" in check.says


@pytest.mark.parametrize(("hours", "level"), [(30, "ok"), (72, "warn")])
def test_the_nightly_look_is_minded_when_it_stopped(look, at_google, clock, hours, level):
    at_google.set_issuer(reconciled_at=clock() - timedelta(hours=hours))
    assert look("google compared").level == level
    at_google.set_issuer(reconcile_class=at_google.class_id)
    assert look("google compared").level == "ok"


def test_cards_that_nobody_can_add_lead_to_demo_mode(look, told):
    told(3)
    check = look("google adding")
    assert check.level == "warn"
    assert "demo mode" in check.do
    assert "test accounts" in check.do
    told(1, what="saved")
    assert look("google adding").level == "ok"


def test_cards_of_long_ago_say_nothing_of_adding(look, told):
    told(5, hours=24 * 8)
    assert look("google adding").level == "ok"


def test_calls_that_failed_are_counted_by_googles_reason(look, told):
    told(2, status=503, verdict="busy", reason="backendError", call="patch")
    told(1, status=0, verdict="unreachable", call="patch")
    assert "within a day: backendError 2, unreachable 1" in look("google adding").says


def test_a_database_that_does_not_tell_is_a_finding(google, services, clock, monkeypatch):
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE google_object RENAME TO lost")
    try:
        found = google_checks.look(google(), services.database, at=clock())
    finally:
        with services.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE lost RENAME TO google_object")
    assert [check.level for check in found] == ["ok", "fail"]


@pytest.fixture
def ask(services, identity, google):
    def build(**settings: object) -> FlaskClient:
        app = create_app(replace(services, settings=google(**settings)), identity=identity)
        app.testing = True
        return app.test_client()

    return build


def test_readiness_tells_of_google_and_does_not_depend_on_it(ask, at_google):
    local = ask(public_url="http://127.0.0.1:8000")
    assert local.get("/readyz").json["checks"][2]["level"] == "ok"
    at_google.set_issuer(pause_reason="403 permissionDenied")
    answer = local.get("/readyz")
    assert answer.status_code == 200
    check = answer.json["checks"][2]
    assert (check["name"], check["level"]) == ("google", "warn")
    assert "403 permissionDenied" in check["says"]


def test_metrics_tell_what_google_is_owed(ask, at_google, clock):
    client = ask(public_url="http://127.0.0.1:8000")
    at_google.owe()
    clock.move(seconds=90)
    at_google.set_issuer(reconciled_at=clock() - timedelta(hours=2))
    client.get("/metrics")
    assert metrics.value("leima_google_owed") == 1
    assert metrics.value("leima_google_oldest_seconds") == 90
    assert metrics.value("leima_google_reconciled_seconds") == 7200
    assert metrics.value("leima_google_paused") == 0
    at_google.set(due_at=None, error="400 invalid")
    at_google.set_issuer(pause_reason="401")
    client.get("/metrics")
    assert metrics.value("leima_google_owed") == 0
    assert metrics.value("leima_google_given_up") == 1
    assert metrics.value("leima_google_paused") == 1
