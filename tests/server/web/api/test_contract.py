"""What every call has in common: the key, the JSON, the shape of an error."""

import pytest
from sqlmodel import select

from server.models import ApiKey

PROBLEM = "application/problem+json"
NESTED = b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer leima_000000000000_x", "Bearer ä"],
)
@pytest.mark.parametrize("path", ["/cards/x", "/members/x", "/cards/x/events"])
def test_without_a_right_key_nothing_is_told(client, authorization, path):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.get(f"/api/v1{path}", headers=headers)
    assert (answer.status_code, answer.content_type) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_is_asked_for_before_the_body_is_read(client):
    assert client.post("/api/v1/events", data=b"{").status_code == 401


def test_a_revoked_key_is_no_key(api, services, card):
    with services.database.transaction() as session:
        key = session.exec(select(ApiKey).where(ApiKey.prefix == api.key[:18])).one()
        key.revoked_at = services.now()
        session.add(key)
    assert api.get(f"/cards/{card}").status_code == 401


def test_the_scheme_may_be_written_in_any_case(client, house):
    headers = {"Authorization": f"bearer {house.api_key}"}
    assert client.get("/api/v1/cards/x", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"id": NaN}',
        b'{"id": Infinity}',
        b'{"id": "\\ud800"}',
        b'{"id": 1}{"id": 2}',
        NESTED,
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
@pytest.mark.parametrize("path", ["/cards", "/events", "/events/batch"])
def test_what_is_not_json_is_told_so(api, path, body):
    answer = api.send(path, body, content_type="application/json", idempotency_key="k")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "json_invalid")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"3", b"null", b"true"])
def test_json_that_is_no_object_is_refused(api, body):
    answer = api.send("/events", body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_told_so(api, content_type):
    answer = api.send("/events", b"{}", content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_a_whole_emoji_written_as_two_halves_is_one(api, card):
    body = b'{"id":"e","card":"%s","name":"stamped","data":{"x":"\\ud83d\\ude00"}}' % card.encode()
    assert api.send("/events", body, content_type="application/json").status_code == 200


def test_a_megabyte_is_too_large(api):
    answer = api.post("/events", {"id": "x" * 2**20})
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/", "/nothing", "/cards/x/y", "/events/x", "/cards/"])
def test_an_unknown_path_is_a_problem_too(api, path):
    answer = api.get(path)
    assert answer.status_code in (404, 405)
    assert answer.content_type == PROBLEM


def test_a_path_that_is_nothing_is_not_found_even_for_a_browser(client):
    answer = client.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_another_method_is_told_which_are_allowed(client, house):
    answer = client.delete("/api/v1/events")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_error_is_one_document_with_a_stable_code(api):
    answer = api.get("/cards/x").get_json()
    assert set(answer) == {"type", "title", "status", "code", "detail", "text"}
    assert (answer["type"], answer["status"]) == ("about:blank", 404)
