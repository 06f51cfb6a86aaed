"""The schema that the migrations make is the schema of the models."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

from server import migrations
from server.db import Database
from server.errors import SettingsError


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, SQLModel.metadata)


def checks(database: Database) -> dict[str, set[str | None]]:
    inspector = inspect(database.engine)
    return {
        table: {check["name"] for check in inspector.get_check_constraints(table)}
        for table in SQLModel.metadata.tables
    }


def test_the_migrated_schema_is_that_of_the_models(database):
    assert differences(database) == []


@pytest.fixture
def empty_url(database, tmp_path, request) -> str:
    """A database of the same engine with nothing in it."""
    if not database.is_postgresql:
        return f"sqlite:///{tmp_path / 'empty.db'}"
    cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.create())


def test_the_migrated_schema_has_every_check_of_the_models(database, empty_url):
    modelled = Database(empty_url)
    SQLModel.metadata.create_all(modelled.engine)
    assert checks(database) == checks(modelled)
    modelled.dispose()


def test_upgrading_again_changes_nothing(ledger, services):
    ledger.stamp()
    migrations.upgrade(services.database.engine)
    assert differences(services.database) == []
    assert ledger.stamp()["standing"]["stamp"] == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_hosts_that_migrate_at_the_same_time_take_turns(database, empty_url):
    program = (
        "import sys; from server import db, migrations;"
        "migrations.upgrade(db.Database(sys.argv[1]).engine)"
    )
    hosts = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(3)]
    assert [host.wait(120) for host in hosts] == [0, 0, 0]
    migrated = Database(empty_url)
    assert differences(migrated) == []
    migrated.dispose()


@pytest.mark.parametrize("command", ["web", "worker"])
def test_nobody_serves_or_works_on_a_schema_that_is_not_theirs(empty_url, tmp_path, command):
    given = {name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")}
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", command],
        env={**given, "LEIMA_DATA_DIR": str(tmp_path), "LEIMA_DATABASE_URL": empty_url},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert b"leima migrate" in done.stderr


def test_an_older_schema_is_refused_and_the_migrated_one_is_not(database, empty_url):
    migrations.require_current(database.engine)
    fresh = Database(empty_url)
    with pytest.raises(SettingsError, match="leima migrate"):
        migrations.require_current(fresh.engine)
    fresh.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_writes_ahead_so_that_readers_do_not_wait(database):
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_migrated_database_knows_its_version(database):
    with database.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    newest = max(path.name for path in Path(migrations.__file__).parent.glob("versions/0*.py"))
    assert newest.startswith(f"{revision}_")
