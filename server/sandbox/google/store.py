"""What the Google stand-in keeps, and in which file: the classes and objects, who holds them, and
when they notified.

The file is a journal: one line of JSON for each change, rewritten without history at the next
start. A last line that was cut off in the middle is as if it had never been.
"""

import json
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from googlewallet.client import Kind
from server.sandbox.errors import StateUnreadable

Body = dict[str, Any]

CLASS_OF = {
    Kind.LOYALTY_OBJECT: Kind.LOYALTY_CLASS,
    Kind.OFFER_OBJECT: Kind.OFFER_CLASS,
    Kind.GENERIC_OBJECT: Kind.GENERIC_CLASS,
}
_FILE = "google.jsonl"


class Store:
    """Bodies are never changed in place: what was read stays true. Hold `lock` to read and write
    in one go.
    """

    def __init__(self, folder: Path) -> None:
        """Goes on with what `folder` holds. Raises StateUnreadable, OSError."""
        self.lock = threading.RLock()
        self._bodies: dict[tuple[Kind, str], Body] = {}
        self._members: dict[tuple[Kind, str], list[str]] = {}
        self._savers: dict[str, tuple[str, ...]] = {}
        self._spoken: list[tuple[str, datetime]] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _FILE
        self._load(path)
        self._file = self._rewritten(path)

    def close(self) -> None:
        """Nothing is kept afterwards."""
        with self.lock:
            self._file.close()

    def find(self, kind: Kind, id: str) -> Body | None:
        """A class or an object, as it is kept."""
        return self._bodies.get((kind, id))

    def put(self, kind: Kind, body: Body) -> None:
        """Keep a new class or object, or the new form of one."""
        with self.lock:
            self._keep(kind, body)
            self._write([kind, body])

    def is_taken(self, kind: Kind, id: str) -> bool:
        """Whether a class (or an object) of any type has the id."""
        return any((each, id) in self._bodies for each in Kind if each.is_class == kind.is_class)

    def ids(self, kind: Kind, owner: str) -> list[str]:
        """The objects of a class, or the classes of an issuer, in the order they were made."""
        return self._members.get((kind, owner), [])

    def savers(self, object_id: str) -> tuple[str, ...]:
        """The accounts that have the object in their wallet, the first one first."""
        return self._savers.get(object_id, ())

    def set_savers(self, object_id: str, accounts: Iterable[str]) -> None:
        """Who has the object from now on."""
        with self.lock:
            self._savers[object_id] = tuple(accounts)
            self._write([object_id, list(self._savers[object_id])])

    def keep_spoken(self, id: str, at: datetime) -> None:
        """A class or an object has notified."""
        with self.lock:
            self._spoken.append((id, at))
            self._write([id, at.isoformat()])

    def spoken(self) -> list[tuple[str, datetime]]:
        """What has notified when, the oldest first."""
        with self.lock:
            return list(self._spoken)

    def saved(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every object that somebody has, and who."""
        with self.lock:
            return [(id, accounts) for id, accounts in self._savers.items() if accounts]

    def kind_of(self, object_id: str) -> Kind | None:
        """Which type of object has the id."""
        return next((kind for kind in CLASS_OF if (kind, object_id) in self._bodies), None)

    def _keep(self, kind: Kind, body: Body) -> None:
        key = kind, body["id"]
        if key not in self._bodies:
            owner = body["id"].split(".", 1)[0] if kind.is_class else body["classId"]
            self._members.setdefault((kind, owner), []).append(body["id"])
        self._bodies[key] = body

    def _load(self, path: Path) -> None:
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        for line in filter(None, lines[:-1]):  # what follows the last end of line is cut off
            try:
                name, value = json.loads(line)
                if isinstance(value, list):
                    self._savers[name] = tuple(value)
                elif isinstance(value, str):
                    self._spoken.append((name, datetime.fromisoformat(value)))
                else:
                    self._keep(Kind(name), value)
            except (ValueError, KeyError, TypeError) as error:
                raise StateUnreadable(f"{path} is damaged: delete it and start anew.") from error

    def _rewritten(self, path: Path) -> BinaryIO:
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            for (kind, _), body in self._bodies.items():
                file.write(_line([kind, body]))
            for id, accounts in self._savers.items():
                file.write(_line([id, list(accounts)]))
            for id, at in self._spoken:
                file.write(_line([id, at.isoformat()]))
        temporary.replace(path)
        return path.open("ab", buffering=0)

    def _write(self, entry: list[Any]) -> None:
        if not self._file.closed:
            self._file.write(_line(entry))


def _line(entry: list[Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
