"""Numbers, counts and dates as people write them."""

from datetime import date

import pytest

from server import wording
from server.face import Text

ONE = Text("{n} leima", "{n} stämpel", "{n} stamp")
MANY = Text("{n} leimaa", "{n} stämplar", "{n} stamps")


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (0, ("0 leimaa", "0 stämplar", "0 stamps")),
        (1, ("1 leima", "1 stämpel", "1 stamp")),
        (2, ("2 leimaa", "2 stämplar", "2 stamps")),
        (21, ("21 leimaa", "21 stämplar", "21 stamps")),
        (1234, ("1\N{NBSP}234 leimaa", "1\N{NBSP}234 stämplar", "1,234 stamps")),
    ],
)
def test_one_and_many_have_their_own_words(count, written):
    assert wording.counted(count, ONE, MANY) == Text(*written)


def test_a_date_is_written_as_each_language_does():
    assert wording.day(date(2027, 11, 22)) == Text("22.11.2027", "22 nov. 2027", "22 Nov 2027")
    assert wording.day(date(2026, 3, 29)) == Text("29.3.2026", "29 mars 2026", "29 Mar 2026")


def test_a_number_does_not_break_at_the_end_of_a_line():
    assert wording.number(1234567) == Text(
        "1\N{NBSP}234\N{NBSP}567", "1\N{NBSP}234\N{NBSP}567", "1,234,567"
    )


@pytest.mark.parametrize(
    ("currency", "fi", "sv", "en"),
    [
        ("EUR", "1 234,50 €", "1 234,50 €", "€1,234.50"),
        ("SEK", "1 234,50 SEK", "1 234,50 kr", "SEK 1,234.50"),
        ("NOK", "1 234,50 NOK", "1 234,50 Nkr", "NOK 1,234.50"),
        ("USD", "1 234,50 $", "1 234,50 US$", "US$1,234.50"),
        ("CHF", "1 234,50 CHF", "1 234,50 CHF", "CHF 1,234.50"),
        ("JPY", "123 450 ¥", "123 450 JPY", "JP¥123,450"),
    ],
)
def test_money_is_written_as_each_language_does(currency, fi, sv, en):
    written = Text(*(text.replace(" ", "\N{NBSP}") for text in (fi, sv, en)))
    assert wording.money(123450, currency) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (3600, ("1 tunti", "1 timme", "1 hour")),
        (5400, ("90 minuuttia", "90 minuter", "90 minutes")),
        (45, ("45 sekuntia", "45 sekunder", "45 seconds")),
    ],
)
def test_a_duration_is_told_in_whole_units(seconds, written):
    assert wording.duration(seconds) == Text(*(text.replace(" ", "\N{NBSP}") for text in written))
