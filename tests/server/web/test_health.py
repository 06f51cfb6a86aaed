"""What operators ask: does it answer, can it work, what has it counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from server import metrics
from server.app import create_app

TOKEN = "a token of the tests"


@pytest.fixture
def ask(services, identity):
    """A client of an app with other settings."""

    def build(**settings: object) -> FlaskClient:
        changed = replace(services, settings=replace(services.settings, **settings))
        app = create_app(changed, identity=identity)
        app.testing = True
        return app.test_client()

    return build


@pytest.fixture
def days_before_the_end(clock, identity):
    """Move the clock to so long before the certificate ends."""

    def move(days: int) -> None:
        clock.at = identity.signer.not_after - timedelta(days=days, hours=-1)

    return move


def levels(answer) -> dict[str, str]:
    return {check["name"]: check["level"] for check in answer.json["checks"]}


def test_the_process_answers(ask):
    assert ask().get("/healthz").json == {"status": "ok"}


def test_ready_with_a_database_and_a_certificate(ask):
    answer = ask().get("/readyz")
    assert answer.status_code == 200
    assert levels(answer) == {"database": "ok", "certificate": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("days", "status", "level"),
    [(62, 200, "ok"), (61, 200, "warn"), (20, 200, "warn"), (9, 200, "warn"),
     (8, 503, "fail"), (0, 503, "fail"), (-3, 503, "fail")],
)  # fmt: skip
def test_the_certificate_turns_red_in_its_last_week(ask, days_before_the_end, days, status, level):
    days_before_the_end(days)
    answer = ask().get("/readyz")
    assert answer.status_code == status
    assert levels(answer)["certificate"] == level


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_was_not_migrated_is_red(ask, services):
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = ask().get("/readyz")
    assert answer.status_code == 503
    assert "leima migrate" in answer.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_does_not_answer_is_red_and_metrics_go_on(ask, services):
    services.database.dispose()
    file = services.settings.data_dir / "leima.db"
    file.unlink()
    file.mkdir()
    client = ask()
    assert levels(client.get("/readyz")) == {"database": "fail", "certificate": "ok"}
    assert "leima_deliveries_owed NaN" in client.get("/metrics").text


def test_a_stranger_learns_which_check_fails_but_not_why(ask):
    answer = ask(metrics_token=TOKEN).get("/readyz")
    assert answer.json["checks"][0] == {"name": "database", "level": "ok"}


def test_what_is_owed_and_the_days_left_are_told(ask, ledger, desk, clock):
    desk.phone(ledger.card, "t" * 64)
    ledger.stamp()
    clock.move(seconds=90)
    text = ask().get("/metrics").text
    assert "leima_deliveries_owed 1.0" in text
    assert "leima_delivery_oldest_seconds 90.0" in text
    assert 'leima_certificate_days_left{pass_type="pass.test.leima.card"}' in text


def test_events_are_counted_by_name_and_outcome(ledger):
    def count(outcome: str) -> float:
        return metrics.value("leima_events_total", name="stamped", outcome=outcome)

    before = [count(outcome) for outcome in ("recorded", "replayed", "card_unknown")]
    for _ in range(2):
        ledger.record("stamped", id="the-same-one")
    with pytest.raises(Exception, match="card"):
        ledger.record("stamped", card="0000000000")
    after = [count(outcome) for outcome in ("recorded", "replayed", "card_unknown")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]


def test_pushes_are_counted_by_verdict(ledger, desk):
    before = metrics.value("leima_pushes_total", verdict="accepted")
    desk.phone(ledger.card, "t" * 64)
    ledger.stamp()
    desk.drain()
    assert metrics.value("leima_pushes_total", verdict="accepted") == before + 1


def test_requests_are_counted_by_group_and_status(ask):
    labels = {"group": "pages", "method": "GET", "status": "404"}
    before = metrics.value("leima_request_seconds_count", **labels)
    ask().get("/brand/nobody.css")
    assert metrics.value("leima_request_seconds_count", **labels) == before + 1


def test_an_unknown_address_or_method_makes_no_label_of_its_own(ask):
    client = ask()
    client.open("/nowhere/secret-word", method="BREW")
    text = client.get("/metrics").text
    assert "secret-word" not in text
    assert "BREW" not in text
    assert 'group="unknown",le="0.005",method="other"' in text


def test_metrics_open_with_the_token_only_where_there_is_one(ask):
    client = ask(metrics_token=TOKEN)
    for given in (None, "Bearer wrong", TOKEN, f"bearer {TOKEN}", "Bearer ä"):
        headers = {"Authorization": given} if given else {}
        assert client.get("/metrics", headers=headers).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "address", "headers", "status"),
    [
        ({}, "127.0.0.1", {}, 200),
        ({}, "::1", {}, 200),
        ({}, "192.0.2.7", {}, 401),
        ({}, "192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ({}, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ({"public_url": "https://cards.example.com"}, "127.0.0.1", {}, 401),
    ],
)
def test_without_a_token_metrics_are_for_this_machine(ask, changes, address, headers, status):
    answer = ask(**changes).get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
