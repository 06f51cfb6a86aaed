"""Whatever is sent to a phone's address is answered calmly and leaves nothing behind."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from server.models import Device, Registration
from server.wallets import device_log

PASS_TYPE = "pass.test.leima.card"
CALM = {200, 204, 304, 400, 401, 404, 405, 413}
odd = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ODD = [
    "", ".", "..", "a/b", "%2F", "%00", "\x00", "\x1b[2J", "\ud800", "\udfff", "ä" * 300,
    "x" * 5000, "' OR 1=1 --", "%", "%zz", "💥", "\u202e", "null", "-1", " ", "\\", "?", "#", ";",
]  # fmt: skip
words = st.one_of(st.sampled_from([*ODD, PASS_TYPE]), st.text(max_size=40))
# What a header may hold on the wire, as a server reads it.
headers = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=80)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=120),
    values.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda value: json.dumps({"pushToken": value}).encode(), values),
    st.builds(lambda value: json.dumps({"logs": value}).encode(), values),
    st.sampled_from([b"[" * 8000, b'{"a":' * 1500, b"\xef\xbb\xbf{}", b"1" * 6000, b"\x00"]),
)


def wire(text: str) -> str:
    """As it stands in the environment of a WSGI application."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def send(client, method, path, **environ):
    body = environ.pop("body", b"")
    overrides = {"PATH_INFO": wire(path), **environ}
    return client.open("/", method=method, data=body, environ_overrides=overrides)


def kept(services):
    with services.database.reading() as session:
        count = select(func.count())
        return [session.exec(count.select_from(each)).one() for each in (Device, Registration)]


@odd
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "DELETE", "PUT"]),
    path=st.one_of(
        st.builds("/v1/devices/{}/registrations/{}/{}".format, words, words, words),
        st.builds("/v1/devices/{}/registrations/{}".format, words, words),
        st.builds("/v1/passes/{}/{}".format, words, words),
        st.builds("/v1/{}".format, words),
        st.builds("//v1/passes/{}/{}".format, words, words),
    ),
    authorization=st.one_of(headers, headers.map("ApplePass {}".format)),
    since=headers,
    query=headers.map("passesUpdatedSince={}".format),
    body=bodies,
)
def test_garbage_everywhere_is_calm_and_keeps_nothing(
    phones, ledger, services, method, path, authorization, since, query, body
):
    given_headers = {"HTTP_AUTHORIZATION": authorization, "HTTP_IF_MODIFIED_SINCE": since}
    answer = send(phones.client, method, path, QUERY_STRING=query, body=body, **given_headers)
    assert answer.status_code in CALM
    assert kept(services) == [0, 0]


@odd
@given(body=bodies)
def test_a_registration_is_kept_whole_or_not_at_all(phones, ledger, services, body):
    phone = phones.new(ledger.card)
    status = phone.register(json=None, data=body).status_code
    assert status in (200, 201, 400, 413)
    assert kept(services) == ([1, 1] if status < 300 else [0, 0])
    phone.unregister()


@odd
@given(device=words)
def test_a_device_may_be_called_anything_or_is_refused(phones, ledger, services, device):
    phone = phones.new(ledger.card)
    path = phone.path.replace(phone.library, device)
    head = {"HTTP_AUTHORIZATION": phone.headers["Authorization"]}
    status = send(phones.client, "POST", path, body=b'{"pushToken":"ab"}', **head).status_code
    assert status in (201, 400, 404, 405)
    assert kept(services) == ([1, 1] if status == 201 else [0, 0])
    assert send(phones.client, "DELETE", path, **head).status_code in (200, 404, 405)
    assert kept(services) == [0, 0]


@odd
@given(since=st.one_of(headers, headers.map(lambda text: f"Sun, 22 Nov 2026 10:00:00 {text}")))
def test_a_date_is_ours_or_brings_the_pass(phones, ledger, since):
    phone = phones.new(ledger.card)
    answer = send(
        phones.client,
        "GET",
        phone.pass_path,
        HTTP_AUTHORIZATION=phone.headers["Authorization"],
        HTTP_IF_MODIFIED_SINCE=since,
    )
    assert answer.status_code == (304 if since.strip() == "Sun, 22 Nov 2026 10:00:00 GMT" else 200)


@odd
@given(tag=headers)
def test_a_tag_may_be_anything(phones, ledger, tag):
    phone = phones.new(ledger.card)
    phone.register()
    query = f"passesUpdatedSince={tag}"
    answer = send(phones.client, "GET", phone.devices_path, QUERY_STRING=query)
    assert answer.status_code in (200, 204)


@odd
@given(body=bodies)
def test_a_log_is_taken_or_refused(phones, house, body, monkeypatch):
    monkeypatch.setattr(device_log, "_budget", device_log._Budget())
    assert send(phones.client, "POST", "/v1/log", body=body).status_code in (200, 400)


@pytest.mark.parametrize("slash", ["/", "%2F"])
@pytest.mark.parametrize("place", ["library", "pass_type_identifier", "serial_number"])
def test_a_slash_in_a_name_leads_nowhere(phones, ledger, services, slash, place):
    phone = phones.new(ledger.card)
    name = getattr(phone if place == "library" else phone.pass_, place)
    path = phone.path.replace(name, f"{name[:4]}{slash}{name[4:]}")
    answer = phone.client.post(path, json={"pushToken": "ab"}, headers=phone.headers)
    assert answer.status_code == 404
    assert kept(services) == [0, 0]


@pytest.mark.parametrize(("name", "status"), [("d" * 256, 201), ("d" * 257, 400), ("ä" * 256, 201)])
def test_the_name_of_a_device_has_a_limit(phones, ledger, services, name, status):
    phone = phones.new(ledger.card, library=name)
    assert phone.register().status_code == status
    assert kept(services) == ([1, 1] if status == 201 else [0, 0])


@pytest.mark.parametrize("spaces", [" ", "    "])
@pytest.mark.parametrize("scheme", ["ApplePass", "applepass", "APPLEPASS"])
def test_the_scheme_may_be_written_in_any_case_with_any_spaces(phones, ledger, scheme, spaces):
    phone = phones.new(ledger.card)
    value = f"{scheme}{spaces}{phone.pass_.authentication_token}"
    assert phone.fetch(Authorization=value).status_code == 200


@pytest.mark.parametrize("slashes", ["//", "///"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_readers_that_join_addresses_without_looking_are_served(phones, ledger, slashes, method):
    phone = phones.new(ledger.card)
    head = {"HTTP_AUTHORIZATION": phone.headers["Authorization"]}
    path = slashes + phone.pass_path.lstrip("/")
    assert send(phone.client, method, path, **head).status_code == 200


def test_a_reader_without_conditions_that_registers_a_uuid_is_served(phones, ledger):
    """Android readers poll with the token alone, and never see 204 or a redirect."""
    phone = phones.new(ledger.card, library="0b8e7a9c-1b1e-4c86-9d5b-2a6f36f1f0aa")
    assert phone.register(phone.library).status_code == 201
    assert [phone.fetch().status_code for _ in range(2)] == [200, 200]
    assert phone.fetch().data.startswith(b"PK")


@pytest.mark.parametrize("path", ["/", "/till", "/api/v1/cards", "/healthz", "/v1/passes/a/b"])
def test_bytes_of_no_alphabet_in_a_query_are_no_failure_on_any_page(phones, path):
    assert send(phones.client, "GET", path, QUERY_STRING="lang=\x80\xff&x=%80").status_code < 500
