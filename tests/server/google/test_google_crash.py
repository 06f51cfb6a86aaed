"""Nothing is lost and nothing goes backwards when whoever tells Google is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from googlewallet.client import Kind
from server import google_issuers, google_objects, google_rows
from server.clock import now
from server.sandbox.google.faults import AnswerFault, Faults
from server.wallets.google.line import Line
from server.wallets.google.sync import GoogleSync

ROOT = Path(__file__).resolve().parents[3]
WORKER = """
import sys
from server import config
from server.db import Database
from server.services import Services
from server.wallets.google.account import Accounts
from server.wallets.google.sync import GoogleSync

services = Services(Database(sys.argv[1]), config.read())
sync = GoogleSync(services, Accounts(services.settings, services.now))
print("ready", flush=True)
while True:
    sync.step()
    services.database.due.wait(0.01)
    services.database.due.clear()
"""


def take(google, card):
    """Claim the card, as a worker does that is then never heard of again."""
    return google_objects.claim_one(google.services.database, UUID(card), at=google.clock())


def test_what_a_killed_worker_had_in_hand_is_told_when_its_lease_is_over(google, saved):
    saved.stamp()
    assert take(google, saved.card)
    google.sync.step()
    assert google.calls() == []
    google.clock.move(seconds=google_rows.LEASE.total_seconds() + 1)
    google.settle()
    assert google.balance(saved.card) == 1
    assert [call.method for call in google.calls()] == ["GET", "PATCH"]


def test_on_one_host_a_new_worker_need_not_wait_for_it(google, saved):
    saved.stamp()
    assert take(google, saved.card)
    assert google_objects.release_all(google.services.database) == 1
    google.drain()
    assert google.balance(saved.card) == 1


def test_a_call_of_the_killed_that_arrived_is_not_told_again(google, saved):
    """Google had it, and the phone spoke; only we did not know."""
    saved.stamp()
    due = take(google, saved.card)
    google.account.client.patch(
        Kind.LOYALTY_OBJECT, due.object_id, {"loyaltyPoints": {"balance": {"int": 1}}}
    )
    google_objects.release_all(google.services.database)
    google.forget()
    google.settle()
    assert google.calls()[0].method == "GET"
    assert not any("loyaltyPoints" in (call.body or {}) for call in google.calls("PATCH"))


def test_who_lost_the_row_can_neither_settle_nor_put_it_off(google, saved):
    saved.stamp()
    lost = take(google, saved.card)
    google.clock.move(seconds=google_rows.LEASE.total_seconds() + 1)
    mine = take(google, saved.card)
    assert mine is not None
    before = google.row(saved.card)
    database, at = google.services.database, google.clock()
    google_objects.settle(database, lost, lost.held, at=at)
    google_objects.put_off(database, lost, lost.held, until=at, error="late")
    google_objects.give_up(database, lost, lost.held, at=at, error="late")
    google_objects.release(database, lost)
    assert google_objects.renew(database, lost, at=at) is None
    assert google.row(saved.card) == before


def test_nobody_takes_a_card_that_is_in_hand(google, saved):
    saved.stamp()
    assert take(google, saved.card)
    assert take(google, saved.card) is None


def test_a_job_that_takes_long_keeps_its_lease(google, saved, clock, monkeypatch):
    """Time passes between its calls: other workers see nothing to take."""
    other = GoogleSync(google.services, google.accounts)
    saved.stamp(10)
    client = google.account.client
    insert = client.insert

    def slow(kind, body):
        clock.move(seconds=80)
        return insert(kind, body)

    monkeypatch.setattr(client, "insert", slow)
    google.sync.step()
    google.run_until(lambda: bool(google.calls("POST")))
    clock.move(seconds=80)  # 160 since the claim
    other.step()
    google.run_until(lambda: google.sync.is_idle and other.is_idle)
    google.settle()
    other.close()
    assert len(google.calls("PATCH")) == 1
    assert google.object(saved.card)["linkedOfferIds"]


def test_who_waits_long_for_a_turn_has_the_card_in_hand_for_the_whole_call(
    google, saved, clock, monkeypatch
):
    saved.stamp()
    line = Line(
        google.services, google.account, take(google, saved.card), is_bulk=False, patience=9
    )
    grant = google_issuers.take

    def late(*given, **named):
        clock.move(seconds=50)
        return grant(*given, **named)

    monkeypatch.setattr(google_issuers, "take", late)
    line.call("get", lambda: clock.move(seconds=50))
    assert take(google, saved.card) is None


def test_a_worker_that_is_stopped_finishes_its_call(google, saved):
    google.stand_in.faults = Faults(delay_seconds=0.2)
    saved.stamp()
    google.sync.step()
    google.sync.close()
    assert google.row(saved.card).claimed_at is None
    assert google.balance(saved.card) == 1


@pytest.fixture
def environment(google, database, tmp_path):
    settings = google.services.settings
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LEIMA_DATA_DIR": str(tmp_path),
        "LEIMA_SECRET_KEY": settings.secret_key,
        "LEIMA_GOOGLE_ISSUER_ID": settings.google_issuer_id,
        "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE": str(settings.google_service_account_file),
        "LEIMA_GOOGLE_API_URL": google.stand_in.api_url,
        "LEIMA_GOOGLE_PER_SECOND": "10",
    }


@pytest.fixture
def worker(google, environment):
    """Starts workers, which do nothing else than to tell Google; kills the one that runs."""
    url = google.services.database.engine.url.render_as_string(hide_password=False)
    running = []

    def start():
        command = [sys.executable, "-c", WORKER, url]
        running.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        )
        assert running[-1].stdout.readline() == "ready\n"

    def kill():
        while running:
            process = running.pop()
            process.send_signal(signal.SIGKILL)
            process.communicate()

    yield start, kill
    kill()


def test_killed_in_the_middle_of_many_nothing_is_lost_and_nothing_stale(google, ledger, worker):
    """Processes are killed while their calls are on the way; a survivor brings it to an end."""
    start, kill = worker
    google.clock.at = now()  # which the processes go by
    cards = [str(ledger.enrol(f"Eeva {number}")["id"]) for number in range(40)]
    for card in cards:
        google.sync.want(UUID(card))
    google.stand_in.faults = Faults(
        delay_seconds=0.05, answers=[AnswerFault(drop="after_commit", every=7, count=5)]
    )
    for _ in range(3):
        for card in cards:
            ledger.stamp(card=card)
        made, limit = len(google.calls()), time.monotonic() + 60
        start()
        while len(google.calls()) < made + 8:
            assert time.monotonic() < limit, "the worker does nothing"
            time.sleep(0.01)
        kill()
    time.sleep(0.2)  # what the dead had sent arrives
    google.stand_in.faults = Faults()
    google.clock.at = now() + google_rows.LEASE * 2
    google.settle()
    assert [google.balance(card) for card in cards] == [3] * 40
    for card in cards:
        told = [
            call.body["loyaltyPoints"]["balance"]["int"]
            for call in google.calls("PATCH", google.object_id(card))
            if "loyaltyPoints" in (call.body or {})
        ]
        assert told == sorted(told)
