"""What a stamp pays for Google: nothing without an object, one statement with one."""

import re
import sqlite3
import threading
from uuid import UUID

import pytest
from sqlalchemy import event

from server import google_issuers, google_objects
from server.db import Database
from server.wallets.google.sync import rate_of


@pytest.fixture
def told():
    """Every statement that SQLite was given, with its values in it."""
    return []


@pytest.fixture
def watched(sqlite_url, told):
    database = Database(sqlite_url)
    event.listen(database.engine, "connect", lambda line, _: line.set_trace_callback(told.append))
    yield database
    database.dispose()


@pytest.fixture
def database(request, sqlite_url):
    """Watched where a test asks for it, plain on PostgreSQL."""
    if "told" in request.fixturenames:
        yield request.getfixturevalue("watched")
        return
    database = Database(request.getfixturevalue("postgresql_url"))
    yield database
    database.dispose()


def statements(told, act):
    told.clear()
    act()
    return [" ".join(text.split()[:3]) for text in told]


def test_a_stamp_without_an_object_costs_no_statement(google, ledger, told):
    ledger.stamp()
    without = statements(told, ledger.stamp)
    assert not any("google" in text for text in told if text.startswith(("UPDATE", "INSERT")))
    google.sync.want(UUID(ledger.card))
    with_one = statements(told, ledger.stamp)
    assert [text for text in with_one if text == "UPDATE google_object SET"] == [
        "UPDATE google_object SET"
    ]
    assert len(with_one) == len(without) + 1


def test_no_table_is_read_whole_to_find_what_is_due(google, ledger, told, sqlite_url):
    google.bring(ledger.card)
    google.clock.move(seconds=5)
    ledger.stamp()
    told.clear()
    google.drain()
    google_objects.release_all(google.services.database)
    google_objects.backlog(google.services.database)
    asked = [text for text in told if re.match(r"(SELECT|UPDATE)\b.*\bWHERE\b", text, re.S)]
    assert len(asked) > 5
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as line:
        steps = [
            row[3]
            for text in asked
            for row in line.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
        ]
    line.close()
    whole = [step for step in steps if re.match(r"SCAN (google_object|card|pass|member)\b", step)]
    assert [step for step in whole if "ix_google_object" not in step] == []


def test_whoever_asks_first_sees_every_stamp_that_comes_at_the_same_time(google, ledger):
    """The row is made while stamps are written: the last of them is told, whichever came first."""
    cards = [ledger.card, *(str(ledger.enrol(f"Eeva {number}")["id"]) for number in range(7))]
    for card in cards:
        workers = [
            threading.Thread(target=lambda card=card: ledger.stamp(card=card)),
            threading.Thread(target=lambda card=card: google.bring(card)),
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    google.settle()
    assert [google.balance(card) for card in cards] == [1] * len(cards)


def test_several_who_ask_at_the_same_time_make_one_row(google, ledger):
    found = []
    workers = [
        threading.Thread(target=lambda: found.append(google.bring(ledger.card))) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == ["ready"] * 4
    assert len(google.calls("POST", "/loyaltyObject")) == 1


def test_of_several_that_claim_the_same_rows_each_gets_others(google, ledger):
    cards = [ledger.card, *(str(ledger.enrol(f"Eeva {number}")["id"]) for number in range(9))]
    for card in cards:
        google.sync.want(UUID(card))
    claimed = []

    def claim():
        found = google_objects.claim(
            google.services.database,
            google.account.issuer_id,
            at=google.clock(),
            limit=4,
            rate=rate_of(google.services.settings),
            is_bulk=False,
        )
        claimed.extend(due.card_id for due in found.cards)

    workers = [threading.Thread(target=claim) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(map(str, claimed)) == sorted(cards)
    assert google_issuers.take(
        google.services.database,
        google.account.issuer_id,
        at=google.clock(),
        rate=rate_of(google.services.settings),
        is_bulk=False,
    ).calls
