"""A copy of the database in use: of one moment, whole, and good to serve from."""

import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from server import migrations
from server.app import create_app
from server.backup import BackupFailed, back_up
from server.db import Database
from server.errors import SettingsError
from server.services import Services

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sums(path: Path) -> tuple[int, int, int, int]:
    """Stamped events, stamps earned; the balance by entries and by lots, all of one copy."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM event WHERE name = 'stamped'),"
            " (SELECT coalesce(sum(delta), 0) FROM ledger_entry"
            "  WHERE unit = 'stamp' AND type = 'earn'),"
            " (SELECT coalesce(sum(delta), 0) FROM ledger_entry),"
            " (SELECT coalesce(sum(remaining), 0) FROM lot)"
        )
        found: tuple[int, int, int, int] = row.fetchone()
    return found


@on_sqlite
def test_copies_under_a_stream_of_stamps_are_whole(ledger, settings, tmp_path):
    stopping, stamped = threading.Event(), threading.Semaphore(0)

    def stamp() -> None:
        while not stopping.is_set():
            ledger.stamp()
            stamped.release()

    till = threading.Thread(target=stamp)
    till.start()
    copies = [tmp_path / f"{number}.backup" for number in range(5)]
    try:
        for copy in copies:
            for _ in range(2):  # the second began after the last copy
                assert stamped.acquire(timeout=30)
            back_up(settings.database_url, copy)
            while stamped.acquire(blocking=False):
                pass
    finally:
        stopping.set()
        till.join()
    found = [sums(copy) for copy in copies]
    assert all(events == earned and balance == left for events, earned, balance, left in found)
    counts = [events for events, *_ in found]
    assert counts == sorted(set(counts))


@on_sqlite
def test_a_restored_copy_serves(ledger, phones, services, identity, settings, tmp_path):
    ledger.stamp(3)
    phone = phones.new(ledger.card)
    folder = tmp_path / "restored"
    folder.mkdir()
    back_up(settings.database_url, folder / "leima.db")
    restored = replace(settings, data_dir=folder, database_url=f"sqlite:///{folder / 'leima.db'}")
    database = Database(restored.database_url)
    migrations.upgrade(database.engine)
    app = create_app(Services(database, restored, services.clock), identity=identity)
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    assert client.get(phone.pass_path, headers=phone.headers).status_code == 200
    headers = {"Authorization": f"Bearer {ledger.house.api_key}"}
    body = {"id": "after-the-restore", "card": ledger.card, "name": "stamped"}
    answer = client.post("/api/v1/events", json=body, headers=headers)
    assert answer.json["standing"]["stamp"] == 4
    database.dispose()


@on_sqlite
def test_a_copy_is_one_file_for_its_owner_alone(ledger, settings, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    back_up(settings.database_url, folder / "a.db")
    assert [path.name for path in folder.iterdir()] == ["a.db"]
    assert stat.S_IMODE((folder / "a.db").stat().st_mode) == 0o600


@on_sqlite
def test_a_newer_copy_takes_the_place_of_an_older(ledger, settings, tmp_path):
    target = tmp_path / "a.backup"
    back_up(settings.database_url, target)
    ledger.stamp()
    back_up(settings.database_url, target)
    assert sums(target)[0] == 1


@on_sqlite
def test_a_damaged_database_leaves_the_last_good_copy(ledger, settings, tmp_path, database):
    target = tmp_path / "a.backup"
    target.write_bytes(b"the last good one")
    with closing(sqlite3.connect(settings.data_dir / "leima.db")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE card SET member_id = 'nobody'")
        connection.commit()
    with pytest.raises(BackupFailed, match="card"):
        back_up(settings.database_url, target)
    assert target.read_bytes() == b"the last good one"
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".a")] == []


def test_what_is_no_database_is_not_copied(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    with pytest.raises(BackupFailed, match="could not be copied"):
        back_up(f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@on_sqlite
def test_there_must_be_a_database_and_a_folder(settings, ledger, tmp_path):
    with pytest.raises(BackupFailed, match="no database at"):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy")
    with pytest.raises(BackupFailed, match="no file can be made"):
        back_up(settings.database_url, tmp_path / "nowhere" / "copy")


@on_sqlite
def test_the_database_is_not_its_own_backup(ledger, settings):
    with pytest.raises(BackupFailed, match="the database itself"):
        back_up(settings.database_url, settings.data_dir / "leima.db")


def test_a_database_server_is_backed_up_with_its_own_command(tmp_path):
    url = "postgresql+psycopg://leima:geheim@db.example.com/leima"
    with pytest.raises(SettingsError) as refused:
        back_up(url, tmp_path / "copy")
    assert "pg_dump --format=custom" in str(refused.value)
    assert "postgresql://leima@db.example.com/leima" in str(refused.value)
