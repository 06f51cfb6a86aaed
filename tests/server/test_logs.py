"""What a log line looks like, and what it never holds."""

import json
import logging
import sys

import pytest

from server import logs


def record(message: str, *values: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord(
        "server.x",
        logging.WARNING,
        "x.py",
        1,
        message,
        values,
        exc_info,  # type: ignore[arg-type]
    )


def as_json(*given: object, **named: object) -> dict[str, object]:
    line = logs.JSONLine().format(record(*given, **named))  # type: ignore[arg-type]
    assert "\n" not in line
    return json.loads(line)


def test_named_values_become_fields():
    values = as_json("push.put_off device=%s seconds=%.1f: %s", "d1", 2.5, "later")
    assert values["event"] == "push.put_off"
    assert values["fields"] == {"device": "d1", "seconds": 2.5}
    assert values["message"] == "push.put_off device=d1 seconds=2.5: later"


def test_a_line_of_a_library_has_no_event():
    assert as_json("Starting up")["event"] is None


def test_a_time_has_its_zone():
    assert str(as_json("a.b")["at"]).endswith("+00:00")


@pytest.mark.parametrize(
    "text",
    [
        "GET /c/short-one HTTP/1.1",
        "/c/aB3_x9/card.pkpass",
        "ApplePass short1",
        "Bearer short1",
        "POST /3/device/short1",
        "postgresql://leima:short1@db/leima",
        "aino.ilmatar@example.fi",
        "+358 40 123 4567",
        "+358401234567",
        "'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MQ'",
    ],
)
def test_what_may_be_a_secret_is_masked(text: str):
    masked = logs.mask(f"before {text} after")
    assert "***" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    for secret in ("short", "aB3", "aino", "123", "Zm9v"):
        assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "0c8d1f6e-1111-4222-8333-444455556666",
        "serial number AbC0123456789abcdefghij",
        "/srv/leima/server/wallets/apple_push.py",
        "http://127.0.0.1:8000",
        "2026-11-22T10:00:00.123456+00:00",
        "pass.com.example.loyalty",
        "route=/c/<link_token>",
    ],
)
def test_ids_and_places_stay_readable(text: str):
    assert logs.mask(text) == text


def failure(text: str) -> logging.LogRecord:
    try:
        raise ValueError(text)
    except ValueError:
        return record("http.failed", exc_info=sys.exc_info())


@pytest.mark.parametrize("form", [logs.JSONLine(), logs.TextLine()])
def test_an_exception_is_masked_too(form: logging.Formatter):
    text = form.format(failure("no number: +358401234567"))
    assert "ValueError: no number: ***" in text


def test_a_line_for_people_obeys_no_terminal_and_forges_no_record():
    text = logs.TextLine().format(record("a.b x=%s", "\x1b[31mred\n12:00:00 error   forged"))
    assert "\x1b" not in text
    assert [line for line in text.splitlines()[1:] if not line.startswith("    ")] == []


def test_libraries_are_heard_from_a_warning_on_whatever_the_level():
    plan = logs.plan("debug", "json")
    assert plan["root"]["level"] == "WARNING"
    assert plan["loggers"]["server"]["level"] == "DEBUG"
