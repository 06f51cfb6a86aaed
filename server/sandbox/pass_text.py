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

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from passkit.strings import read_strings
from server.wording import LOCALES

_ZONE = ZoneInfo("Europe/Helsinki")
_TAG = re.compile(r"<[^>]*>")
_LENGTHS = {f"PKDateStyle{name.title()}": name for name in ("short", "medium", "long", "full")}
_LONGEST_TIME = "medium"  # longer ones name the zone


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
        return cls(language, read_strings(data))

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
        code, style = field.get("currencyCode"), field.get("numberStyle")
        if isinstance(code, str):
            return format_currency(value, code, locale=self.locale)
        if style == "PKNumberStylePercent":
            return format_percent(value, locale=self.locale)
        is_grouped = style == "PKNumberStyleDecimal"
        return format_decimal(value, locale=self.locale, group_separator=is_grouped)

    def _moment(self, value: str, field: Mapping[str, Any]) -> str:
        date_length, time_length = (
            _LENGTHS.get(str(field.get(key))) for key in ("dateStyle", "timeStyle")
        )
        if not date_length and not time_length:
            return ""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return ""
        if not field.get("ignoresTimeZone"):
            moment = moment.astimezone(_ZONE)
        parts = []
        if date_length:
            parts.append(format_date(moment, date_length, locale=self.locale))
        if time_length:
            length = "short" if time_length == "short" else _LONGEST_TIME
            parts.append(format_time(moment.time(), length, locale=self.locale))
        return " ".join(parts)

    @property
    def locale(self) -> Locale:
        """How the owner's language writes numbers and dates."""
        return LOCALES.get(self.language, LOCALES["en"])


def folder_for(language: str, files: Mapping[str, bytes]) -> str | None:
    """The translation folder (`fi.lproj/`) a phone in this language uses.

    None when there is none: then it shows what pass.json says. Which translation an iPhone takes
    for a language that a pass lacks is not written, so the least translated one is shown here.
    """
    for folder in sorted({name.split("/")[0] for name in files if ".lproj/" in name}):
        if re.split(r"[-.]", folder)[0] == language:
            return f"{folder}/"
    return None
