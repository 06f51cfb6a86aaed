"""Bringing a database up to the schema of this version."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from server.errors import SettingsError

_HERE = Path(__file__).resolve().parent
_LOCK = 0x1E1A  # of ours among PostgreSQL's advisory locks: hosts that start together take turns


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Migrate to revision `to`. Runs first and alone: it also switches SQLite to WAL, which only
    one connection can do."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]
    config = _config()
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def is_current(connection: Connection) -> bool:
    """Whether the database has exactly the schema of this version."""
    return MigrationContext.configure(connection).get_current_heads() == _heads()


@cache
def _heads() -> tuple[str, ...]:
    return tuple(ScriptDirectory.from_config(_config()).get_heads())


def require_current(engine: Engine) -> None:
    """Refuse to work on another version's schema.

    Raises:
        SettingsError: the database was not brought up to this version.
    """
    with engine.connect() as connection:
        is_ready = is_current(connection)
    if not is_ready:
        raise SettingsError(
            "the database is not at this version: run `leima migrate` first, on one host"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
