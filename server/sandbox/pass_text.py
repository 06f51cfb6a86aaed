"""Values of a pass as a phone shows them: translated, and dates and numbers in its language.

Apple: Wallet Passes, PassFields; Creating the Source for a Pass (localization).
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Europe/Helsinki")
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_NONE = (None, "PKDateStyleNone")
_DATES = {"fi": "{0.day}.{0.month}.{0.year}", "sv": "{0:%Y-%m-%d}", "en": "{0.day} {0:%b} {0.year}"}
_TIMES = {"fi": "{0.hour}.{0:%M}", "sv": "{0:%H:%M}", "en": "{0:%H:%M}"}
_SYMBOLS = {"EUR": "€", "SEK": "kr", "USD": "$", "GBP": "£"}


@dataclass(frozen=True)
class Reader:
    """Somebody's language, with the pass's own translations into it."""

    language: str
    strings: Mapping[str, str]

    @classmethod
    def of(cls, language: str, files: Mapping[str, bytes]) -> "Reader":
        """The translations in `files` (a pass's, by name) that suit `language`."""
        folder = folder_for(language, files)
        data = files.get(f"{folder}pass.strings", b"") if folder else b""
        return cls(language, parse_strings(data))

    def text(self, value: object) -> str:
        """A localizable text of the pass."""
        return self.strings.get(value, value) if isinstance(value, str) else ""

    def value(self, field: Mapping[str, Any]) -> str:
        """What a field shows."""
        if isinstance(attributed := field.get("attributedValue"), str):
            return html.unescape(_TAG.sub("", self.text(attributed)))
        value = field.get("value")
        if isinstance(value, bool) or value is None:
            return ""
        if isinstance(value, int | float):
            return self._number(value, field)
        return self._moment(str(value), field) or self.text(str(value))

    def change_message(self, field: Mapping[str, Any]) -> str:
        """What the lock screen says about the field's new value; empty when it says nothing."""
        message = self.text(field.get("changeMessage"))
        return message.replace("%@", self.value(field)) if "%@" in message else ""

    def _number(self, value: float, field: Mapping[str, Any]) -> str:
        code = field.get("currencyCode")
        if isinstance(code, str):
            amount = self._decimal(f"{value:,.2f}")
            symbol = _SYMBOLS.get(code, code)
            return f"{symbol}{amount}" if self.language == "en" else f"{amount}\N{NBSP}{symbol}"
        if field.get("numberStyle") == "PKNumberStylePercent":
            return self._decimal(f"{value * 100:g}") + " %"
        if field.get("numberStyle") == "PKNumberStyleDecimal":
            return self._decimal(f"{value:,}")
        return self._decimal(f"{value}")

    def _decimal(self, written: str) -> str:
        if self.language == "en":
            return written
        return written.translate({ord(","): "\N{NBSP}", ord("."): ","})

    def _moment(self, value: str, field: Mapping[str, Any]) -> str:
        has_date, has_time = (field.get(key) not in _NONE for key in ("dateStyle", "timeStyle"))
        if not has_date and not has_time:
            return ""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return ""
        if not field.get("ignoresTimeZone"):
            moment = moment.astimezone(_ZONE)
        date, time = (each.get(self.language, each["en"]) for each in (_DATES, _TIMES))
        parts = ([date] if has_date else []) + ([time] if has_time else [])
        return " ".join(part.format(moment) for part in parts)


def folder_for(language: str, files: Mapping[str, bytes]) -> str | None:
    """The translation folder (`fi.lproj/`) a phone in this language uses, English else."""
    folders = sorted({name.split("/")[0] for name in files if ".lproj/" in name})
    for wanted in (language, "en"):
        for folder in folders:
            if re.split(r"[-.]", folder)[0] == wanted:
                return f"{folder}/"
    return None


def parse_strings(data: bytes) -> dict[str, str]:
    """The entries of a pass.strings file, UTF-16 when it says so and UTF-8 else."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = data.decode(encoding, errors="replace")
    return {_unescape(key): _unescape(value) for key, value in _ENTRY.findall(text)}


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)
