"""The processes of a running service, as the kernel lists them, and their ends."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process. The moment of its start tells it from a later one with its number."""

    pid: int
    parent: int
    started: str
    command: str

    @property
    def is_alive(self) -> bool:
        """Whether it runs; one that has ended and that nobody has asked for does not."""
        return any(each.started == self.started for each in _look(self.pid))

    def kill(self) -> None:
        """SIGKILL, if it is still there."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def descendants(pid: int) -> list[Process]:
    """The process `pid` and all that it started, parents first."""
    everything = [each for entry in os.listdir("/proc") if entry.isdigit() for each in _look(entry)]
    found = [each for each in everything if each.pid == pid]
    for parent in found:  # grows while we look
        found += [each for each in everything if each.parent == parent.pid]
    return found


def frozen(pid: int) -> list[Process]:
    """The process `pid` and all that it started, stopped, so that none starts another."""
    found: list[Process] = []
    while new := [each for each in descendants(pid) if each not in found]:
        found += new
        for each in new:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGSTOP)
    return found


def outliving(processes: Iterable[Process], *, seconds: float) -> list[Process]:
    """Those that still run after `seconds`; returns as soon as none does."""
    until = time.monotonic() + seconds
    while (alive := [each for each in processes if each.is_alive]) and time.monotonic() < until:
        time.sleep(0.05)
    return alive


def _look(pid: int | str) -> Iterator[Process]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8")
        command = Path(f"/proc/{pid}/cmdline").read_text("utf-8").replace("\0", " ").strip()
    except (OSError, UnicodeDecodeError):
        return
    state, parent, *rest = text.rpartition(")")[2].split()
    if state not in "ZX":  # field 22 of proc(5) is the start, here the eighteenth left
        yield Process(int(pid), int(parent), rest[17], command)
