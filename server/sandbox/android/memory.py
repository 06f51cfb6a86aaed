"""What a virtual Android phone remembers, and the file that keeps it over restarts."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from server.sandbox.errors import StateUnreadable
from server.sandbox.google.drawing import Linked
from server.sandbox.storage import Diary, Line, Notification, write_file

_FILE = "android.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A pass as Google last told it to this phone."""

    linked: Linked
    offers: tuple[Linked, ...]
    updated_at: datetime


@dataclass(kw_only=True)
class AndroidMemory(Diary):
    """Everything the phone knows; `cards` by their object ids, the last saved one last."""

    cards: dict[str, Kept] = field(default_factory=dict)


class AndroidFolder:
    """One phone's file."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path / _FILE

    def load(self) -> AndroidMemory:
        """What was kept; a new phone when nothing was. Raises StateUnreadable."""
        if not self._file.exists():
            return AndroidMemory()
        try:
            return _parse(json.loads(self._file.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise StateUnreadable(f"{self._file} is damaged: delete it and start anew.") from error

    def save(self, memory: AndroidMemory) -> None:
        """Keep everything."""
        data = json.dumps(asdict(memory), default=datetime.isoformat)
        write_file(self._file, data.encode())


def _parse(data: dict[str, Any]) -> AndroidMemory:
    return AndroidMemory(
        is_on=data["is_on"],
        notifications=[Notification(**each) for each in data["notifications"]],
        log=[Line(**each) for each in data["log"]],
        cards={
            object_id: Kept(
                linked=Linked(**kept["linked"]),
                offers=tuple(Linked(**each) for each in kept["offers"]),
                updated_at=datetime.fromisoformat(kept["updated_at"]),
            )
            for object_id, kept in data["cards"].items()
        },
    )
