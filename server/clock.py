"""The only place that reads the wall clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]

_files: list[Path] = []


def now() -> datetime:
    """The moment, aware, in UTC."""
    return datetime.now(UTC) + _deviation()


def deviate(file: Path | None) -> None:
    """For trials: the clock is off by the seconds written in `file`, which may change any time."""
    _files[:] = [file] if file else []


def _deviation() -> timedelta:
    return timedelta(seconds=float(_files[0].read_text("utf-8"))) if _files else timedelta()
