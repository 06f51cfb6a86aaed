"""Numbers, counts and dates as people write them, in every language of the service.

The forms are those of the Unicode CLDR, through Babel; spaces inside a number do not break
(U+00A0). Pure, so that the kinds of programmes may use it.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.units import format_unit

from server.face import LANGUAGES, Text

# Swedish as in Finland, and English with the day before the month.
LOCALES = {"fi": Locale("fi", "FI"), "sv": Locale("sv", "FI"), "en": Locale("en", "GB")}

_CODE_BEFORE_FIGURES = re.compile(r"(?<=[A-Z])(?=[0-9])")


@lru_cache(maxsize=1024)
def number(value: int) -> Text:
    """`1 234`, in English `1,234`."""
    return _each(lambda locale: format_decimal(value, locale=locale))


@lru_cache(maxsize=1024)
def counted(count: int, one: Text, many: Text) -> Text:
    """`one` or `many`, as each language counts, with the number in place of `{n}`."""
    written = number(count).as_dict()
    return Text(
        *(
            (one if LOCALES[language].plural_form(count) == "one" else many)
            .get(language)
            .replace("{n}", written[language])
            for language in LANGUAGES
        )
    )


@lru_cache(maxsize=1024)
def day(value: date) -> Text:
    """`22.11.2027`, `22 nov. 2027`, `22 Nov 2027`."""
    return _each(lambda locale: format_date(value, "medium", locale=locale))


@lru_cache(maxsize=1024)
def money(cents: int, currency: str) -> Text:
    """`1 234,50 €`, in English `€1,234.50`; `cents` are the smallest unit of the `currency`, such
    as whole yens."""
    amount = Decimal(cents).scaleb(-decimals(currency))

    def write(locale: Locale) -> str:
        # The CLDR keeps a code and its figures apart; Babel does not.
        written = format_currency(amount, currency, locale=locale)
        return _CODE_BEFORE_FIGURES.sub("\N{NBSP}", written)

    return _each(write)


def decimals(currency: str) -> int:
    """How many decimals the currency has: 2 for EUR, none for JPY."""
    precision: int = get_currency_precision(currency)
    return precision


@lru_cache(maxsize=1024)
def duration(seconds: int) -> Text:
    """`1 tunti`, `90 minuter`, `45 seconds`: in the largest unit that it is a whole number of."""
    units = (("hour", 3600), ("minute", 60), ("second", 1))
    unit, length = next(each for each in units if seconds % each[1] == 0)

    def write(locale: Locale) -> str:
        written = format_unit(seconds // length, f"duration-{unit}", "long", locale=locale)
        return written.replace(" ", "\N{NBSP}")

    return _each(write)


def _each(write: Callable[[Locale], str]) -> Text:
    return Text(*(write(LOCALES[language]) for language in LANGUAGES))
