"""The trace costs little, is bounded, and names nobody."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlmodel import select

from server import metrics, traces, tracing
from server.db import Database
from server.errors import Conflict
from server.models import Trace
from server.tracing import Note, Tracer
from server.worker import Worker


def rows(services) -> list[Trace]:
    with services.database.reading() as session:
        return list(session.exec(select(Trace).order_by(Trace.id)).all())


def kinds(services) -> list[str]:
    return [row.what for row in rows(services)]


def note(services, what="fetched", **given) -> Note:
    return Note(services.now(), what, **given)


@pytest.fixture
def phone(phones, ledger):
    return phones.new(ledger.card)


def test_a_new_card_and_each_version_are_written_with_the_change(services, ledger):
    ledger.stamp(2)
    assert [row.data["version"] for row in rows(services)] == [1, 2, 3]


def test_what_is_taken_back_leaves_no_trace(services, ledger):
    with pytest.raises(Conflict):
        ledger.record("redeemed")
    assert kinds(services) == ["changed"]


def test_phones_calls_write_nothing_while_they_are_answered(services, phone):
    phone.register()
    before = len(rows(services))
    phone.list(), phone.fetch(), phone.fetch(If_Modified_Since="x")
    assert (len(rows(services)), len(services.tracer)) == (before, 4)
    traces.write(services)
    assert kinds(services)[before:] == ["registered", "asked", "fetched", "fetched"]


def test_a_trace_names_no_device_and_no_token(services, phone, ledger):
    phone.register("secretpushtoken" * 4), phone.list(), phone.fetch()
    phone.client.post("/v1/log", json={"logs": [f"for device {phone.library}, pass type x, "]})
    traces.write(services)
    with services.database.engine.connect() as connection:
        written = str(connection.execute(text("SELECT * FROM trace")).fetchall())
    for secret in (phone.library, "secretpushtoken", phone.pass_.authentication_token, "Aino"):
        assert secret not in written
    assert phone.pass_.barcode not in written


def test_one_phone_has_one_short_name_in_every_process(services, phone):
    phone.register(), phone.list()
    traces.write(services)
    keys = {row.device for row in rows(services) if row.device}
    secret_key = services.settings.secret_key
    assert keys == {traces.device_key(secret_key, phone.pass_.pass_type_identifier, phone.library)}
    assert [len(key) for key in keys] == [12]


def test_what_callers_make_up_is_not_written(services, phone):
    phone.client.get("/v1/devices/nobody/registrations/pass.test.leima.card")
    phone.client.get("/v1/passes/pass.test.leima.card/none", headers=phone.headers)
    line = "Get pass task (serial number madeup) encountered error: Authentication failure"
    phone.client.post("/v1/log", json={"logs": [line]})
    unknown = metrics.value("leima_trace_notes_total", outcome="unknown")
    assert (len(services.tracer), traces.write(services)) == (3, 0)
    assert metrics.value("leima_trace_notes_total", outcome="unknown") == unknown + 3


def test_a_phone_that_comes_and_goes_between_two_batches_is_known(services, phone):
    phone.register(), phone.list(), phone.unregister()
    assert traces.write(services) == 3


def test_odd_names_do_not_stop_the_others(services, phone):
    for odd in ("é" * 300, "'; DROP TABLE trace; --", "\U0001f600", "%00"):
        phone.client.get(f"/v1/passes/pass.test.leima.card/{odd}", headers=phone.headers)
        phone.client.get(f"/v1/devices/{odd}/registrations/pass.test.leima.card")
    for odd in ("\x00", "\ud800", "\x1b[31m"):
        line = f"Get pass task (for device {odd}, pass type {odd}, serial number x)"
        phone.client.post("/v1/log", json={"logs": [line]})
        services.tracer.note(note(services, device=odd, pass_type=odd, is_known=True))
    phone.fetch()
    assert traces.write(services) == 1


def test_a_phone_that_asks_without_end_is_noted_so_often_and_no_more(services, phone):
    dropped = metrics.value("leima_trace_notes_total", outcome="dropped")
    for _ in range(300):
        phone.fetch()
    kept = len(services.tracer)
    assert 60 <= kept <= 120  # the minute may turn meanwhile
    assert metrics.value("leima_trace_notes_total", outcome="dropped") == dropped + 300 - kept


def test_memory_holds_so_many_notes_and_no_more(services):
    tracer = Tracer()
    for number in range(tracing.MOST_NOTES + 500):
        tracer.note(note(services, serial_number=str(number)))
    assert len(tracer) == tracing.MOST_NOTES
    tracer.give_back([note(services, serial_number="late")] * 10)
    assert len(tracer) == tracing.MOST_NOTES


def test_a_long_name_is_kept_short(services):
    services.tracer.note(note(services, device="x" * 100_000, serial_number="y" * 100_000))
    (kept,) = services.tracer.take()
    assert (len(kept.device), len(kept.serial_number)) == (128, 128)


def test_many_threads_note_at_once_and_nothing_is_lost(services, phone):
    def work(name: int) -> None:
        for number in range(200):
            services.tracer.note(note(services, serial_number=f"{name}-{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(services.tracer.take()) == 1600


def test_what_cannot_be_written_waits_for_the_database(services, phone, caplog):
    phone.fetch()
    with services.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE trace RENAME TO gone"))
    broken = traces.write(services)
    with services.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO trace"))
    assert broken == 0
    assert "traces." in caplog.text
    assert phone.fetch().status_code == 200


def test_a_database_out_of_reach_costs_no_note(services, phone):
    phone.fetch()
    away = Database("sqlite:////nowhere/leima.db")
    assert traces.write(replace(services, database=away)) == 0
    away.dispose()
    assert traces.write(services) == 1


def test_a_writer_writes_by_itself_and_the_rest_at_its_end(services, phone, monkeypatch):
    monkeypatch.setattr(traces, "WRITE_SECONDS", 0.02)
    writer = traces.Writer(services)
    writer.start()
    phone.fetch()
    for _ in range(500):
        if "fetched" in kinds(services):
            break
        threading.Event().wait(0.02)
    assert "fetched" in kinds(services)
    monkeypatch.setattr(traces, "WRITE_SECONDS", 3600)
    phone.fetch()
    writer.stop()
    assert kinds(services).count("fetched") == 2


def fill(services, count: int, **age: float) -> None:
    row = {"at": services.now() - timedelta(**age), "what": "asked", "device": "d", "data": {}}
    with services.database.transaction() as session:
        session.connection().execute(insert(Trace), [row] * count)


def test_what_is_old_enough_is_removed_and_nothing_else(services, clock):
    fill(services, 4500, days=31)
    fill(services, 10, days=29)
    keep, rounds = timedelta(days=30), 1
    while traces.prune(services.database, at=clock(), keep=keep):
        rounds += 1
    assert (len(rows(services)), rounds) == (10, 3)


def test_there_are_so_many_rows_and_no_more(services, clock):
    fill(services, 300, days=1)
    traces.prune(services.database, at=clock(), keep=timedelta(days=30), most=120)
    assert len(rows(services)) == 120


def test_pruning_nothing_is_quiet(services, clock):
    assert traces.prune(services.database, at=clock(), keep=timedelta(days=30)) is False


def test_the_worker_prunes(services, identity):
    fill(services, 20, days=31)
    fill(services, 1, days=29)
    worker = Worker(services, identity)
    worker.step()
    worker.stop()
    assert len(rows(services)) == 1
