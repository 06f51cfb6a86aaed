"""Numbers, counts and dates as people write them, in every language of the service.

The forms are those of the Unicode CLDR, through Babel; spaces inside a number do not break
(U+00A0). Pure, so that the kinds of programmes may use it.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from server.face import LANGUAGES, Text

# Swedish as in Finland, and English with the day before the month.
LOCALES = {"fi": Locale("fi", "FI"), "sv": Locale("sv", "FI"), "en": Locale("en", "GB")}


@lru_cache(maxsize=1024)
def number(value: int) -> Text:
    """`1 234`, in English `1,234`."""
    return _each(lambda locale: format_decimal(value, locale=locale))


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


def _each(write: Callable[[Locale], str]) -> Text:
    return Text(*(write(LOCALES[language]) for language in LANGUAGES))
