"""What a virtual phone remembers, and the folder that keeps it over restarts."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from server.sandbox.errors import PassRefused, StateUnreadable
from server.sandbox.held_pass import HeldPass, open_pass

KEPT_LOG_LINES = 30
KEPT_NOTIFICATIONS = 20
_FILE = "phone.json"


@dataclass(frozen=True)
class Line:
    """Something the phone did, in plain words."""

    at: str
    text: str


@dataclass(frozen=True)
class Notification:
    """A message on the lock screen."""

    at: str
    title: str
    text: str


@dataclass(kw_only=True)
class Diary:
    """What a phone of either system keeps."""

    is_on: bool = True
    notifications: list[Notification] = field(default_factory=list)
    log: list[Line] = field(default_factory=list)

    def write_line(self, text: str, *, at: datetime) -> None:
        """Add to the log; the oldest lines are forgotten."""
        self.log = [*self.log, Line(at.isoformat(), text)][-KEPT_LOG_LINES:]

    def notify(self, title: str, text: str, *, at: datetime) -> None:
        """Add a message to the lock screen; the oldest are forgotten."""
        notification = Notification(at.isoformat(), title, text)
        self.notifications = [*self.notifications, notification][-KEPT_NOTIFICATIONS:]


@dataclass(kw_only=True)
class Memory(Diary):
    """Everything an iPhone knows.

    `tags` holds the newest change tag for each web service and pass type, `pending_topics` the
    pushes that were not acted upon yet: one for each pass type, as Apple keeps them.
    """

    device_library_identifier: str = field(default_factory=lambda: secrets.token_hex(16))
    push_token: str = field(default_factory=lambda: secrets.token_hex(32))
    tags: dict[str, str] = field(default_factory=dict)
    pending_topics: list[str] = field(default_factory=list)
    passes: dict[tuple[str, str], HeldPass] = field(default_factory=dict)


class PhoneFolder:
    """One phone's files: `phone.json`, and each pass as the server gave it."""

    def __init__(self, path: Path, *, root_pem: bytes) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._root_pem = root_pem

    def load(self, *, at: datetime) -> Memory:
        """What was kept; a new phone when nothing was.

        A pass that the phone would refuse today, because another authority signed it, is left
        out. Raises StateUnreadable.
        """
        file = self._path / _FILE
        if not file.exists():
            return Memory()
        try:
            memory, entries = _parse(json.loads(file.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise StateUnreadable(
                f"{file} is damaged: delete its folder and start anew."
            ) from error
        for entry in entries:
            try:
                held = self._load_pass(entry)
            except (PassRefused, OSError):
                memory.write_line("Lost a pass that can no longer be read", at=at)
            else:
                memory.passes[held.pass_type_identifier, held.serial_number] = held
        return memory

    def save(self, memory: Memory) -> None:
        """Keep everything; files of passes that are gone go too."""
        names = {_file_name(held): held for held in memory.passes.values()}
        for name, held in names.items():
            if not (self._path / name).exists():
                write_file(self._path / name, held.pkpass)
        write_file(self._path / _FILE, json.dumps(_written(memory)).encode())
        for stale in self._path.glob("*.pkpass"):
            if stale.name not in names:
                stale.unlink()

    def _load_pass(self, entry: dict[str, Any]) -> HeldPass:
        pkpass = (self._path / entry["file"]).read_bytes()
        return HeldPass(
            pkpass=pkpass,
            opened=open_pass(pkpass, root_pem=self._root_pem, at=None),
            last_modified=entry["last_modified"],
            updated_at=datetime.fromisoformat(entry["updated_at"]),
            changed_keys=entry["changed_keys"],
            is_registered=entry["is_registered"],
        )


def _written(memory: Memory) -> dict[str, Any]:
    return {
        "device_library_identifier": memory.device_library_identifier,
        "push_token": memory.push_token,
        "is_on": memory.is_on,
        "tags": memory.tags,
        "pending_topics": memory.pending_topics,
        "notifications": [asdict(each) for each in memory.notifications],
        "log": [asdict(each) for each in memory.log],
        "passes": [
            {
                "file": _file_name(held),
                "last_modified": held.last_modified,
                "updated_at": held.updated_at.isoformat(),
                "changed_keys": held.changed_keys,
                "is_registered": held.is_registered,
            }
            for held in memory.passes.values()
        ],
    }


def _parse(data: dict[str, Any]) -> tuple[Memory, list[dict[str, Any]]]:
    memory = Memory(
        device_library_identifier=data["device_library_identifier"],
        push_token=data["push_token"],
        is_on=data["is_on"],
        tags=data["tags"],
        pending_topics=data["pending_topics"],
        notifications=[Notification(**each) for each in data["notifications"]],
        log=[Line(**each) for each in data["log"]],
    )
    return memory, data["passes"]


def _file_name(held: HeldPass) -> str:
    """A name for the bytes: a new version is a new file, and serial numbers stay out of paths."""
    return f"{hashlib.sha256(held.pkpass).hexdigest()[:32]}.pkpass"


def write_file(path: Path, data: bytes) -> None:
    """Put `data` into the place of what was there, whole or not at all; for our eyes only."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.chmod(0o600)
    temporary.replace(path)
