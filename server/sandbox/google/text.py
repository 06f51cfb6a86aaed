"""Texts, balances and dates of a Google pass as an Android phone shows them in its language.

Google: walletobjects v1, LocalizedString, LoyaltyPointsBalance, Money, DateTime.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal

from server.wording import LOCALES

Json = Mapping[str, Any]

_ZONE = ZoneInfo("Europe/Helsinki")
_MICROS = 6  # decimal places


@dataclass(frozen=True)
class Tongue:
    """What a phone's owner reads."""

    language: str

    @property
    def locale(self) -> Locale:
        """How the owner's language writes numbers and dates."""
        return LOCALES.get(self.language, LOCALES["en"])

    def text(self, holder: Json, name: str) -> str:
        """The text `name` of a class, object or module: its localized form before the plain one."""
        localized = holder.get(f"localized{name[:1].upper()}{name[1:]}")
        return self.localized(localized) or self.localized(holder.get(name))

    def localized(self, value: object) -> str:
        """A LocalizedString in the owner's language or its default one; or a plain text."""
        if isinstance(value, str):
            return value
        if not isinstance(value, Mapping):
            return ""
        said = [each for each in _dicts(value.get("translatedValues")) if each.get("value")]
        for wanted in (self.language, self.language.partition("-")[0]):
            for each in said:
                tag = str(each.get("language", "")).lower()
                if wanted in (tag, tag.partition("-")[0]):
                    return str(each["value"])
        default = value.get("defaultValue")
        return str(default.get("value", "")) if isinstance(default, Mapping) else ""

    def balance(self, value: object) -> str:
        """A LoyaltyPointsBalance, whichever of its four forms it has."""
        if not isinstance(value, Mapping):
            return ""
        for form in ("int", "double"):
            if (figure := self.number(value.get(form))) is not None:
                return figure
        return self.money(value.get("money")) or str(value.get("string", ""))

    def number(self, value: object) -> str | None:
        """A number as the owner writes it; None for anything else."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return format_decimal(value, locale=self.locale)

    def money(self, value: object) -> str:
        """An amount in micros as the owner writes money; empty for anything else."""
        if not isinstance(value, Mapping) or "micros" not in value:
            return ""
        try:
            amount = Decimal(str(value["micros"])).scaleb(-_MICROS)
        except InvalidOperation:
            return ""
        return format_currency(amount, str(value.get("currencyCode", "")), locale=self.locale)

    def date(self, value: object, style: str = "") -> str:
        """A DateTime in one of the API's styles (`DATE_TIME`, `DATE_YEAR`, …); day, month and year
        without one. Empty for what is no date."""
        moment = moment_of(value)
        if moment is None:
            return ""
        if moment.tzinfo:
            moment = moment.astimezone(_ZONE)
        match style:
            case "YEAR_MONTH":
                return f"{moment:%Y-%m}"
            case "YEAR_MONTH_DAY":
                return f"{moment:%Y-%m-%d}"
            case "TIME_ONLY":
                return format_time(moment.time(), "short", locale=self.locale)
            case "DATE_TIME" | "DATE_TIME_YEAR":
                return format_datetime(moment.replace(tzinfo=None), "medium", locale=self.locale)
            case _:
                return format_date(moment, "medium", locale=self.locale)


def moment_of(value: object) -> datetime | None:
    """The moment of a DateTime (`{"date": "2026-12-31T23:59:59Z"}`); None when it has none."""
    try:
        return datetime.fromisoformat(str(value["date"])) if isinstance(value, Mapping) else None
    except (KeyError, ValueError):
        return None


def _dicts(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
