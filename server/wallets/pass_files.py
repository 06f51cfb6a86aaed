"""Signed passes kept in memory, so that the same version is signed once for each certificate."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from server.cards import Version

_OVERHEAD_BYTES = 1024  # of an entry beside its file


class Key(NamedTuple):
    """A version, and the certificate it is signed with."""

    version: Version
    certificate_pem: bytes


@dataclass(frozen=True, slots=True)
class PassFile:
    """A signed .pkpass and the version it shows."""

    key: Key
    body: bytes


class PassFiles:
    """The files used last, up to `most_bytes` together. Safe to share between threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._files: OrderedDict[Key, PassFile] = OrderedDict()
        self._size = 0
        self._building: dict[Key, threading.Event] = {}

    @property
    def size(self) -> int:
        """The bytes taken up."""
        return self._size

    def get(self, key: Key, build: Callable[[], PassFile]) -> PassFile:
        """The file of `key`; of several threads that miss it one builds, and the others wait.

        `build` may find a newer version than was asked for: that is what is kept and given.
        Whatever it raises reaches its own caller, and the next one in turn tries again.
        """
        while True:
            with self._lock:
                if kept := self._files.get(key):
                    self._files.move_to_end(key)
                    return kept
                done = self._building.get(key)
                if done is None:
                    self._building[key] = threading.Event()
                    break
            done.wait()
        try:
            file = build()
            self._keep(file)
            return file
        finally:
            with self._lock:
                self._building.pop(key).set()

    def _keep(self, file: PassFile) -> None:
        size = _size(file)
        if size > self._most_bytes:
            return
        with self._lock:
            if replaced := self._files.pop(file.key, None):
                self._size -= _size(replaced)
            self._files[file.key] = file
            self._size += size
            while self._size > self._most_bytes:
                _, oldest = self._files.popitem(last=False)
                self._size -= _size(oldest)


def _size(file: PassFile) -> int:
    return len(file.body) + _OVERHEAD_BYTES
