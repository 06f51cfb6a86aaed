"""What the service writes to standard error: one line a record, an event name and ids, no secrets.

A message reads `room.event key=%s other=%d: a sentence for people`; its named values become fields
of the JSON line. Rooms name ids only; what slips in through somebody else's exception is masked.
"""

import json
import logging
import logging.config
import re
from datetime import UTC, datetime
from typing import Any

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")

_OURS = ("server", "passkit")
_EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+(?=[\s:]|$)")
_VALUE = re.compile(r"(?:(\w+)=)?%[-.\d]*[sdifr]")
_MASK = "***"
_UUID = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_NO_SECRET = re.compile(rf"{_UUID}|serial number [A-Za-z0-9_-]+", re.IGNORECASE)
_SECRETS = re.compile(
    r"(?P<before>\b(?:ApplePass|Bearer|Basic)\s+|/c/|/3/device/)(?!<)[^\s/\"']+"
    r"|(?P<user>://[^\s/@:]+:)[^\s/@]+(?=@)"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail
    r"|\+\d[\d -]{6,}\d"  # phone
    # A token has letters and digits in one long piece; a file name or a function seldom does.
    r"|(?<![\w-])(?=[\w~+=-]*\d)(?=[\w~+=-]*[A-Za-z])[\w~+=-]{24,}",
    re.IGNORECASE,
)


def configure(level: str, form: str) -> None:
    """Log to standard error from now on. `level` is one of LEVELS, `form` one of FORMATS."""
    logging.config.dictConfig(plan(level, form))


def plan(level: str, form: str) -> dict[str, Any]:
    """The same for whoever configures logging by a dictionary, as the web server does.

    Libraries never say less than a warning: at lower levels they write down what they send.
    """
    ours = {name: {"level": level.upper()} for name in _OURS}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JSONLine if form == "json" else TextLine}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {**ours, "_granian": {"level": level.upper()}},
    }


def mask(text: str) -> str:
    """`text` without what may be a token, a phone number or an e-mail address."""
    pieces, end = [], 0
    for kept in _NO_SECRET.finditer(text):
        pieces += [_masked(text[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join([*pieces, _masked(text[end:])])


class TextLine(logging.Formatter):
    """For people: time, level, message. Further lines, as of a traceback, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; nothing in it can look like the start of another record."""
        at = _at(record).astimezone().strftime("%H:%M:%S")
        lines = [_printable(line) for line in mask(_everything(self, record)).split("\n")]
        return f"{at} {record.levelname.lower():<7} " + "\n    ".join(lines)


class JSONLine(logging.Formatter):
    """For programs: at, level, logger, event, the message, named values, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        message = record.getMessage()
        event = _EVENT.match(message)
        values: dict[str, Any] = {
            "at": _at(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event[0] if event else None,
            "message": mask(message),
        }
        if found := _fields(record):
            values["fields"] = found
        if record.exc_info:
            values["exception"] = mask(self.formatException(record.exc_info))
        return json.dumps(values, ensure_ascii=True)


def _masked(text: str) -> str:
    return _SECRETS.sub(lambda match: (match["before"] or match["user"] or "") + _MASK, text)


def _everything(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    message = record.getMessage()
    if not record.exc_info:
        return message
    return f"{message}\n{formatter.formatException(record.exc_info)}"


def _printable(line: str) -> str:
    """A terminal obeys nothing that stands in a log."""
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in line
    )


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The values that the message gives a name."""
    if not isinstance(record.args, tuple):
        return {}
    named = zip(_VALUE.finditer(str(record.msg)), record.args, strict=False)
    return {match[1]: _plain(value) for match, value in named if match[1]}


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool) or value is None else mask(str(value))
