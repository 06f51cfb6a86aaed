"""Bringing a database up to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_HERE = Path(__file__).resolve().parent


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Migrate to revision `to`. Runs first and alone: it also switches SQLite to WAL, which only
    one connection can do."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()
