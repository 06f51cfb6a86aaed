"""Texts, balances and dates of a Google pass, as the phone's owner reads them."""

import pytest

from server.sandbox.google.text import Tongue
from tests.sandbox.android.bodies import said

NBSP = "\N{NBSP}"


@pytest.mark.parametrize(
    ("language", "shown"),
    [("fi", "Leimat"), ("sv", "Stämplar"), ("de", "Stamps"), ("en", "Stamps")],
)
def test_a_text_is_in_the_owners_language_or_in_the_default_one(language: str, shown: str):
    holder = {"label": "plain", "localizedLabel": said("Leimat", "Stämplar", "Stamps")}
    assert Tongue(language).text(holder, "label") == shown


def test_the_plain_text_is_shown_where_nothing_is_translated():
    assert Tongue("fi").text({"label": "Stamps"}, "label") == "Stamps"


def test_a_text_that_is_localized_by_itself_is_read_too():
    assert Tongue("sv").text({"header": said("Uusi", "Ny", "New")}, "header") == "Ny"


@pytest.mark.parametrize("value", [None, 7, [], {}, {"defaultValue": "x"}, {"translatedValues": 1}])
def test_what_is_no_text_is_empty(value: object):
    assert Tongue("fi").text({"label": value, "localizedLabel": value}, "label") == ""


@pytest.mark.parametrize(
    ("language", "balance", "shown"),
    [
        ("fi", {"int": 0}, "0"),
        ("fi", {"int": 1234}, f"1{NBSP}234"),
        ("en", {"int": 1234}, "1,234"),
        ("fi", {"double": 2.5}, "2,5"),
        ("fi", {"string": "7/10"}, "7/10"),
        ("fi", {"money": {"currencyCode": "EUR", "micros": "12500000"}}, f"12,50{NBSP}€"),
        ("en", {"money": {"currencyCode": "EUR", "micros": "70000"}}, "€0.07"),
        ("sv", {"money": {"currencyCode": "SEK", "micros": "100000000"}}, f"100,00{NBSP}kr"),
        ("fi", {"money": {"currencyCode": "EUR", "micros": "much"}}, ""),
        ("fi", {"int": True}, ""),
        ("fi", None, ""),
    ],
)
def test_a_balance_is_written_as_people_write_it(language: str, balance: object, shown: str):
    assert Tongue(language).balance(balance) == shown


@pytest.mark.parametrize(
    ("language", "style", "shown"),
    [
        ("fi", "", "1.2.2027"),
        ("en", "DATE_YEAR", "1 Feb 2027"),
        ("sv", "YEAR_MONTH_DAY", "2027-02-01"),
        ("sv", "YEAR_MONTH", "2027-02"),
        ("fi", "TIME_ONLY", "0.30"),
    ],
)
def test_a_date_is_that_of_helsinki_in_the_style_asked_for(language: str, style: str, shown: str):
    assert Tongue(language).date({"date": "2027-01-31T22:30:00Z"}, style) == shown


def test_a_date_without_an_offset_is_taken_as_it_is():
    assert Tongue("fi").date({"date": "2027-01-31T23:59:59"}) == "31.1.2027"


@pytest.mark.parametrize("value", [None, "2027-01-31", {"date": "soon"}, {}])
def test_what_is_no_date_is_empty(value: object):
    assert Tongue("fi").date(value) == ""
