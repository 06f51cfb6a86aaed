"""Texts, numbers and moments as they go into pass.json."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from passkit import ContentError
from passkit.values import json_value, moment, number, text, text_or_empty

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T10:00Z",
        "2026-11-22T10:00:00+02:00",
        "2026-11-22T10:00:00.123Z",
        "2026-11-22T10:00:00-05:30",
        "2028-02-29T00:00:00Z",
    ],
)
def test_moments_wallet_reads_are_kept_as_written(written):
    assert moment(written, "expirationDate") == written


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T10:00:00",
        "2026-11-22T10:00:00+0200",
        "2026-11-22T10:00:00Z junk",
        "2026-11-22T10:00:00Z\n",
        "2026-11-22",
        "2026-11-22 10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:00:00-7:00",
        "٢٠٢٦-11-22T10:00:00Z",
        "",
    ],
)
def test_other_moments_are_refused(written):
    with pytest.raises(ContentError) as refusal:
        moment(written, "expirationDate")
    assert refusal.value.path == "expirationDate"


def test_a_datetime_without_a_zone_is_refused():
    with pytest.raises(ContentError, match="no time zone"):
        moment(datetime(2026, 11, 22, 10, 0), "expirationDate")  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("fold", "written"),
    [(0, "2026-10-25T03:30:00+03:00"), (1, "2026-10-25T03:30:00+02:00")],
)
def test_the_night_the_clocks_go_back_keeps_its_two_hours_apart(fold, written):
    at = datetime(2026, 10, 25, 3, 30, tzinfo=HELSINKI, fold=fold)
    assert moment(at, "expirationDate") == written


def test_a_datetime_in_utc_is_written_with_its_offset():
    assert moment(datetime(2026, 11, 22, 10, tzinfo=UTC), "x") == "2026-11-22T10:00:00+00:00"


def test_fractions_are_written_as_milliseconds():
    at = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
    assert moment(at, "x") == "2026-11-22T10:00:00.123+00:00"


def test_an_offset_wallet_cannot_read_becomes_utc():
    odd = timezone(timedelta(hours=1, minutes=39, seconds=49))
    at = datetime(1900, 1, 1, 12, tzinfo=odd)
    assert moment(at, "x") == "1900-01-01T10:20:11+00:00"


@pytest.mark.parametrize(
    ("written", "seconds"), [("0001-01-01T00:00:30", 59), ("9999-12-31T23:59:30", -59)]
)
def test_a_moment_beyond_the_calendar_is_refused(written, seconds):
    at = datetime.fromisoformat(written).replace(tzinfo=timezone(timedelta(seconds=seconds)))
    with pytest.raises(ContentError, match="years 1 to 9999") as refusal:
        moment(at, "expirationDate")
    assert refusal.value.path == "expirationDate"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal("60.1699"), 60.1699),
        (Decimal("3"), 3),
        (Decimal("-0"), 0),
        (-0.0, 0.0),
        (0.1, 0.1),
        (2**53, 2**53),
    ],
)
def test_numbers_stay_exact(value, expected):
    assert number(value, "x") == expected
    assert repr(number(value, "x")) == repr(expected)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        1e308 * 10,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1e400"),
        Decimal("1e-999999999"),
        Decimal("0.1234567890123456789"),
        10**400,
        2**53 + 1,
        True,
        "3",
        None,
    ],
)
def test_what_json_cannot_hold_as_a_number_is_refused(value):
    with pytest.raises(ContentError):
        number(value, "x")


@pytest.mark.parametrize("value", ["", "half \ud83d of a character", 3, None])
def test_texts_that_cannot_be_shown_are_refused(value):
    with pytest.raises(ContentError) as refusal:
        text(value, "card", "label")
    assert refusal.value.path == "card.label"


def test_texts_in_any_script_are_kept():
    assert text("Ängelholm 😀 كافيه", "label") == "Ängelholm 😀 كافيه"
    assert text_or_empty("", "label") == ""


def test_json_values_are_checked_to_the_bottom():
    with pytest.raises(ContentError) as refusal:
        json_value({"a": [1, {"b": float("nan")}]}, "userInfo")
    assert refusal.value.path == "userInfo.a[1].b"


def test_json_values_have_a_bottom():
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    assert json_value(deep, "userInfo") == deep
    with pytest.raises(ContentError, match="flatten"):
        json_value([deep], "userInfo")
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ContentError, match="flatten"):
        json_value(endless, "userInfo")


def test_json_values_are_copied():
    value = {"a": [None, True, "x", (1, Decimal("1.5"))]}
    copy = json_value(value, "userInfo")
    value["a"].append("later")
    assert copy == {"a": [None, True, "x", [1, 1.5]]}
