"""The rules of the update protocol."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from passkit import RequestError
from passkit.updates import (
    http_date,
    is_same_token,
    is_unmodified,
    parse_authorization,
    parse_log,
    parse_registration,
    parse_tag,
)

TOKEN = "ab-cd_0123456789ABCDEFabcdef0123"
CHANGED = datetime(2026, 11, 22, 10, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize("scheme", ["ApplePass", "applepass", "APPLEPASS"])
def test_the_token_is_read_from_the_raw_header(scheme):
    assert parse_authorization(f"{scheme} {TOKEN}") == TOKEN


@pytest.mark.parametrize("token", ["ab=cd=ef", "abcd==", 'a="b"', "a,b"])
def test_a_token_with_odd_characters_stays_whole(token):
    assert parse_authorization(f"ApplePass {token}") == token


@pytest.mark.parametrize(
    "header",
    ["ApplePass", "ApplePass ", TOKEN, f"Bearer {TOKEN}", f"ApplePass {TOKEN} {TOKEN}",
     f"ApplePass{TOKEN}", "ApplePass ä", "ApplePass a\nb", f"XApplePass {TOKEN}"],
)  # fmt: skip
def test_other_headers_are_malformed(header):
    with pytest.raises(RequestError) as refusal:
        parse_authorization(header)
    assert refusal.value.code == "authorization_malformed"


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_has_a_code_of_its_own(header):
    with pytest.raises(RequestError) as refusal:
        parse_authorization(header)
    assert refusal.value.code == "authorization_missing"


def test_tokens_are_compared():
    assert is_same_token(TOKEN, TOKEN)
    assert not is_same_token(TOKEN, TOKEN.lower())
    assert not is_same_token("ä\udc00", TOKEN)


def test_a_date_is_written_as_http_has_it():
    helsinki = timezone(timedelta(hours=2))
    assert http_date(CHANGED) == "Sun, 22 Nov 2026 10:00:07 GMT"
    assert http_date(CHANGED.astimezone(helsinki)) == http_date(CHANGED)
    assert http_date(CHANGED.replace(microsecond=999_999)) == http_date(CHANGED)


def test_the_very_second_is_unmodified():
    assert is_unmodified("Sun, 22 Nov 2026 10:00:07 GMT", CHANGED)
    assert is_unmodified("Sun, 22 Nov 2026 10:00:07 GMT", CHANGED.replace(microsecond=5))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "yesterday",
        "2026-11-22T10:00:07Z",
        "Sunday, 22-Nov-26 10:00:07 GMT",
        "Sun, 22 Nov 26 10:00:07 GMT",
        "Sun, 22 Nov 2026 10:00:06 GMT",
        "Sun, 22 Nov 2026 10:00:08 GMT",
        "Sun, 22 Nov 2036 10:00:07 GMT",
        "Sun, 22 Nov 2026 10:00:07 +0000",
        "1795341607",
    ],
)
def test_anything_else_is_modified(header):
    assert not is_unmodified(header, CHANGED)


@pytest.mark.parametrize(("text", "tag"), [("0", 0), ("42", 42), ("9" * 18, 10**18 - 1)])
def test_our_tags_are_read(text, tag):
    assert parse_tag(text) == tag


@pytest.mark.parametrize(
    "text", [None, "", "-1", "+1", " 1", "1.5", "1e3", "x", "9" * 19, "٤", "2026-11-22T10:00:00"]
)
def test_other_tags_ask_for_everything(text):
    assert parse_tag(text) is None


@pytest.mark.parametrize("token", ["0a" * 32, "f" * 400, "a-b_c~d.e:f=", "x"])
def test_a_push_token_is_taken_whole(token):
    assert parse_registration(json.dumps({"pushToken": token}).encode()) == token


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json_malformed"),
        (b"{", "json_malformed"),
        (b"\xff\xfe", "json_malformed"),
        (b"[" * 100_000, "json_malformed"),
        (b"[]", "push_token_missing"),
        (b"{}", "push_token_missing"),
        (b'{"pushToken": ""}', "push_token_missing"),
        (b'{"pushToken": 5}', "push_token_missing"),
        (b'{"pushToken": ["a"]}', "push_token_missing"),
        (b'{"pushToken": ".."}', "push_token_malformed"),
        (b'{"pushToken": "a/b"}', "push_token_malformed"),
        (b'{"pushToken": "a b"}', "push_token_malformed"),
        (b'{"pushToken": "a?b"}', "push_token_malformed"),
        (b'{"pushToken": "a%2fb"}', "push_token_malformed"),
        (b'{"pushToken": "a\\r\\nb"}', "push_token_malformed"),
        (b'{"pushToken": "\xc3\xa4"}', "push_token_malformed"),
        (json.dumps({"pushToken": "a" * 5000}).encode(), "push_token_malformed"),
    ],
)
def test_other_registrations_are_refused(body, code):
    with pytest.raises(RequestError) as refusal:
        parse_registration(body)
    assert refusal.value.code == code


def test_a_log_comes_as_an_object_or_a_bare_list():
    assert parse_log(b'{"logs": ["one", "two"]}') == ["one", "two"]
    assert parse_log(b'["one"]') == ["one"]


def test_a_long_log_is_cut():
    lines = parse_log(json.dumps({"logs": ["ä " * 5000] * 200}).encode())
    assert len(lines) == 100
    assert all(len(line.encode()) <= 2048 for line in lines)


def test_control_characters_are_written_out():
    (line,) = parse_log(json.dumps(["a\x1b[31m\n\u202eb\x00\u2028"]).encode())
    assert line == r"a\x1b[31m\n\u202eb\x00\u2028"


def test_half_characters_can_be_stored():
    (line,) = parse_log(b'["a\\ud83d"]')
    assert line == "a?"


@pytest.mark.parametrize(
    "line", [f"Authorization: ApplePass {TOKEN}", f"token {TOKEN}!", "applepass  short-secret-16"]
)
def test_a_token_in_a_line_is_masked(line):
    (kept,) = parse_log(json.dumps([line]).encode())
    assert "***" in kept
    assert TOKEN not in kept
    assert "secret" not in kept


def test_what_an_operator_needs_stays_readable():
    line = (
        "Get pass task (pass type pass.test.leima.card, serial number"
        " 0123456789abcdef0123456789abcdef, if-modified-since (null); with web service url"
        " https://cards.example.com) encountered error: Authentication failure"
    )
    assert parse_log(json.dumps([line]).encode()) == [line]


def test_what_is_no_text_in_a_log_is_left_out():
    assert parse_log(b'{"logs": [1, null, "a", {}]}') == ["a"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"x", "json_malformed"),
        (b"{}", "log_malformed"),
        (b'"a"', "log_malformed"),
        (b'{"logs": "a"}', "log_malformed"),
    ],
)
def test_a_log_of_another_shape_is_refused(body, code):
    with pytest.raises(RequestError) as refusal:
        parse_log(body)
    assert refusal.value.code == code
