"""Copies of a SQLite database that is in use.

SQLite's online backup copies one moment of it (https://sqlite.org/backup.html) while tills go on
stamping. The copy is checked before it takes its name, so under that name there is never half a
backup.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from server.errors import LeimaError, SettingsError

_WAIT_SECONDS = 30


class BackupFailed(LeimaError):
    """The copy could not be made; nothing was written under its name."""


def back_up(database_url: str, target: Path) -> int:
    """Copy the database to the file `target`, replacing an older one; its size in bytes.

    The copy holds members' data and is readable by its owner alone.

    Raises:
        SettingsError: the database is not SQLite's; the message names the command to use instead.
        BackupFailed: there is nothing to copy, no room for it, or the copy is damaged.
    """
    source = _source(database_url)
    if target.exists() and target.samefile(source):
        raise BackupFailed(f"{target} is the database itself: give another file")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise BackupFailed(f"no file can be made in {target.parent}: {error.strerror}") from error
    os.close(handle)
    temporary = Path(name)
    try:
        _copy(source, temporary)
        _check(temporary)
        _keep(temporary, target)
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(f"{source} could not be copied: {error}") from error
    finally:
        for left in (temporary, Path(f"{name}-wal"), Path(f"{name}-shm")):
            left.unlink(missing_ok=True)
    return target.stat().st_size


def _source(database_url: str) -> Path:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        place = shown.replace(":***@", "@")  # pg_dump asks, or reads its own files
        raise SettingsError(
            f"this database is a server's: back it up with "
            f"pg_dump --format=custom --file=leima.dump '{place}'"
        )
    path = Path(url.database or "").absolute()
    if not path.is_file():
        raise BackupFailed(f"there is no database at {path}: check LEIMA_DATABASE_URL")
    return path


def _copy(source: Path, copy: Path) -> None:
    """In one step: in WAL mode that holds up no writer, and the copy is of one moment."""
    with (
        closing(sqlite3.connect(source, timeout=_WAIT_SECONDS)) as reading,
        closing(sqlite3.connect(copy)) as writing,
    ):
        reading.execute("PRAGMA query_only=ON")
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, not three


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    if verdict != "ok":
        raise BackupFailed(f"the copy is damaged ({verdict}): is the database? Run leima doctor")
    if orphan:
        raise BackupFailed(f"in table {orphan[0]} a row refers to one that is gone")


def _keep(temporary: Path, target: Path) -> None:
    """On the disk before it has its name, and the name on the disk before anybody is told."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
