"""What phones report, made harmless and sorted.

Wallet's lines are known by their wording only; each kind points at one fault of a server. Anybody
can send lines, so they are cut short, stripped of secrets, and logged up to a limit.
"""

import json
import logging
import re
import time
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from passkit import RequestError
from passkit.updates import MAX_LOG_LINE_BYTES, MAX_LOG_LINES, parse_log
from server import metrics

_LINES_A_MINUTE = 600

_KINDS = {
    "wrong_token": re.compile(r"Authentication failure"),
    "unexpected_status": re.compile(r"Unexpected response code \d{3}"),
    "condition_ignored": re.compile(r"ignored the 'if-modified-since' header"),
    "listed_unchanged": re.compile(r"but the pass was unchanged"),
    "listed_unregistered": re.compile(r"Update requested for unregistered serial number"),
}

_SERIAL_NUMBER = re.compile(r"serial number '?([A-Za-z0-9_-]{1,128})")
_DEVICE = re.compile(r"for device ([^\s,;]{1,128}), pass type ([^\s,;]{1,128})")
_STATUS = re.compile(r"response code (\d{3})")
_LONGEST_QUOTE = 160

_WORDS = re.compile(r"[A-Za-z0-9.-]+[A-Za-z0-9]")

_log = logging.getLogger(__name__)


class Complaint(NamedTuple):
    """A line of a phone's that names a pass or a phone: its kind, and what it says of them.

    `text` is harmless; `device` is as the phone wrote it.
    """

    kind: str
    serial_number: str | None
    pass_type: str | None
    device: str | None
    status: int | None
    text: str


class _Budget:
    """So many lines a minute and no more, whoever sends them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._left = _LINES_A_MINUTE

    def take(self, wanted: int) -> int:
        """How many of `wanted` lines may be logged."""
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._left = minute, _LINES_A_MINUTE
            granted = min(wanted, self._left)
            self._left -= granted
            return granted


_budget = _Budget()


def note(body: bytes, pass_types: Sequence[str] = ()) -> None:
    """Count and log the lines in the body of a log call; JSON of another shape holds none.

    They are counted by kind and by the pass type they name, if it is one of `pass_types`.

    Raises:
        RequestError: the body is not JSON.
    """
    try:
        lines = parse_log(body)
    except RequestError as error:
        if error.code != "log_malformed":
            raise
        lines = []
    for line in lines:
        metrics.DEVICE_LOG.labels(kind_of(line), _pass_type(line, pass_types)).inc()
    for line in lines[: _budget.take(len(lines))]:
        _log.warning("apple.device_log kind=%s line=%s", kind_of(line), json.dumps(line))


def complaints(body: bytes) -> list[Complaint]:
    """The lines in the body of a log call that say which pass or which phone they are about."""
    try:
        harmless = parse_log(body)
    except RequestError:
        return []
    value = json.loads(body.decode())
    lines = value["logs"] if isinstance(value, dict) else value
    written = [line for line in lines[:MAX_LOG_LINES] if isinstance(line, str)]
    read = [_complaint(line, text) for line, text in zip(written, harmless, strict=True)]
    return [found for found in read if found.serial_number or found.device]


def kind_of(line: str) -> str:
    """Which of the faults that Wallet knows a line tells of, `other` for none."""
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(line)), "other")


def _complaint(line: str, harmless: str) -> Complaint:
    line = line[:MAX_LOG_LINE_BYTES]
    serial_number, device = _SERIAL_NUMBER.search(line), _DEVICE.search(line)
    status = _STATUS.search(line)
    return Complaint(
        kind=kind_of(line),
        serial_number=serial_number and serial_number[1],
        pass_type=device and device[2],
        device=device and device[1],
        status=int(status[1]) if status else None,
        text=_DEVICE.sub(r"for device ***, pass type \2", harmless)[:_LONGEST_QUOTE],
    )


def _pass_type(line: str, known: Sequence[str]) -> str:
    """Anybody can send lines, so no other name becomes a label."""
    words = set(_WORDS.findall(line))
    return next((pass_type for pass_type in known if pass_type in words), "other")
