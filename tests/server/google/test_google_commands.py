"""`leima google …`, as somebody types it."""

import pytest

from googlewallet.client import Kind
from server import cli
from server.clock import now
from server.sandbox.google.faults import AnswerFault


@pytest.fixture
def leima(monkeypatch, google, capsys):
    """Runs a command against the stand-in; its exit code and what it printed."""
    settings = google.services.settings
    url = google.services.database.engine.url.render_as_string(hide_password=False)
    values = {
        "DATA_DIR": settings.data_dir,
        "DATABASE_URL": url,
        "SECRET_KEY": settings.secret_key,
        "GOOGLE_ISSUER_ID": settings.google_issuer_id,
        "GOOGLE_SERVICE_ACCOUNT_FILE": settings.google_service_account_file,
        "GOOGLE_API_URL": settings.google_api_url,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"LEIMA_{name}", str(value))

    def run(*words):
        code = cli.main(["google", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_it_says_that_all_is_well_and_makes_nothing(leima, google, house):
    code, printed = leima("check")
    assert code == 0
    assert printed.count("  ok  ") == 2
    assert f"programme {house.programme}" in printed
    assert not google.stand_in._store._bodies


def test_who_is_not_let_in_is_told_where_to_go(leima, google, house):
    google.fail(
        AnswerFault(status=403, reason="permissionDenied", path="walletobjects", count=None)
    )
    code, printed = leima("check")
    assert code == 1
    assert google.account.service.email in printed
    assert "Google Pay & Wallet Console" in printed


def test_a_programme_that_google_would_refuse_is_named(leima, google, house):
    google.fail(AnswerFault(status=400, reason="invalid", path="validate"))
    code, printed = leima("check")
    assert code == 1
    assert f"FAIL  programme {house.programme}" in printed


def test_without_an_account_it_says_what_to_set(leima, monkeypatch):
    monkeypatch.delenv("LEIMA_GOOGLE_ISSUER_ID")
    monkeypatch.delenv("LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE")
    code, printed = leima("check")
    assert code == 2
    assert "LEIMA_GOOGLE_ISSUER_ID" in printed


def test_everything_is_compared_and_what_differs_is_counted(leima, google, saved):
    store, id = google.stand_in._store, google.object_id(saved.card)
    found = store.find(Kind.LOYALTY_OBJECT, id)
    store.put(Kind.LOYALTY_OBJECT, {**found, "accountId": "another"})
    code, printed = leima("reconcile")
    assert code == 0
    assert printed.splitlines()[0] == "1 objects compared, 1 differ"
    google.clock.at = now()  # which the command went by
    google.settle()
    assert google.object(saved.card)["accountId"] == found["accountId"]


def test_before_the_first_card_there_is_nothing_to_compare(leima, google, house):
    assert leima("reconcile")[0] == 0


def test_when_google_does_not_answer_it_says_so(leima, google, saved):
    google.fail(AnswerFault(drop="before_commit", count=None))
    code, printed = leima("reconcile")
    assert code == 2
    assert "leima google check" in printed


def test_what_was_told_stands_in_the_timeline(google, saved):
    saved.stamp()
    google.settle()
    notes = [note for note in google.services.tracer.take() if note.what == "told"]
    assert notes[-1].data["call"] == "patch"
    assert notes[-1].data["notified"] is True
    google.clock.move(seconds=5)
    google.fail(AnswerFault(status=503, method="PATCH"))
    saved.stamp()
    google.drain()
    (note,) = google.services.tracer.take()
    assert (note.status, note.data["verdict"]) == (503, "busy")


def test_a_message_is_on_the_card_once_however_often_it_is_typed(leima, google, saved):
    for _ in range(2):
        code, printed = leima("message", saved.card, "We close at two", "--announce")
        assert (code, printed) == (0, "The message is on the back of the card.\n")
    (message,) = google.object(saved.card)["messages"]
    assert (message["body"], message["messageType"]) == ("We close at two", "TEXT_AND_NOTIFY")


def test_a_message_for_a_card_that_is_not_there_says_so(leima, google, ledger):
    code, printed = leima("message", ledger.card, "We close at two")
    assert code == 1
    assert "is the card in Google Wallet?" in printed
