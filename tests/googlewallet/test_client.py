"""Calls to the Wallet API, against a server on this machine."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from googlewallet.client import Kind, Page, WalletClient
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import ApiError, ContentError, Verdict
from tests.googlewallet.local_google import LocalGoogle, Reply, claims_of, nested

ID = "9000000000000000001.card"
CLASS = "9000000000000000001.programme"


def test_an_insert_posts_the_body_and_returns_what_google_has(client, google: LocalGoogle):
    google.reply(200, {"id": ID, "hasUsers": False})
    assert client.insert(Kind.LOYALTY_OBJECT, {"id": ID}) == {"id": ID, "hasUsers": False}
    (asked,) = google.asked
    assert (asked.method, asked.path, asked.json) == ("POST", "/loyaltyObject", {"id": ID})
    assert asked.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("GET", lambda client: client.get(Kind.OFFER_CLASS, CLASS)),
        ("PUT", lambda client: client.update(Kind.OFFER_CLASS, CLASS, {"title": "ä"})),
        ("PATCH", lambda client: client.patch(Kind.OFFER_CLASS, CLASS, {"title": "ä"})),
    ],
)
def test_each_verb_goes_to_the_resource_by_its_id(client, google: LocalGoogle, method, call):
    google.reply(200, {"id": CLASS})
    assert call(client) == {"id": CLASS}
    (asked,) = google.asked
    assert (asked.method, asked.path) == (method, f"/offerClass/{CLASS}")
    assert method == "GET" or asked.json == {"title": "ä"}


def test_none_reaches_google_as_null(client, google: LocalGoogle):
    client.patch(Kind.LOYALTY_OBJECT, ID, {"loyaltyPoints": {"balance": {"string": None}}})
    assert b'"string": null' in google.asked[0].body


@pytest.mark.parametrize("id", ["1.a/b", "1.a?b", "1.ä", "1.a#b", "", "..", "1", "1.\ud800", 5])
def test_an_id_never_leads_to_another_address(client, google: LocalGoogle, id: str):
    for call in (client.get, lambda *named: client.patch(*named, {"state": "ACTIVE"})):
        with pytest.raises(ContentError) as caught:
            call(Kind.LOYALTY_OBJECT, id)
        assert caught.value.path == "id"
    assert google.asked == []


@pytest.mark.parametrize(
    "value",
    [float("nan"), {1}, object(), nested(100_000), 10**5000],
    ids=["nan", "set", "object", "deep", "long"],
)
def test_a_body_that_is_no_json_is_refused_before_anything_is_sent(client, google, value):
    for call in (
        lambda body: client.insert(Kind.LOYALTY_OBJECT, body),
        client.validate_json,
    ):
        with pytest.raises(ContentError):
            call({"a": value})
    assert google.asked == []


def test_a_list_comes_page_by_page(client, google: LocalGoogle):
    google.reply(200, {"resources": [{"id": ID}], "pagination": {"nextPageToken": "more"}})
    google.reply(200, {"pagination": {"resultsPerPage": 0}})
    first = client.list(Kind.LOYALTY_OBJECT, class_id=CLASS, most=1)
    assert first == Page(({"id": ID},), "more")
    assert client.list(
        Kind.LOYALTY_OBJECT, class_id=CLASS, page_token=first.next_page_token
    ) == Page((), None)
    queries = [asked.query for asked in google.asked]
    assert queries[0] == {"classId": [CLASS], "maxResults": ["1"]}
    assert queries[1]["token"] == ["more"]


def test_classes_are_listed_by_their_issuer(client, google: LocalGoogle):
    client.list(Kind.LOYALTY_CLASS, issuer_id="9000000000000000001")
    (asked,) = google.asked
    assert (asked.path, asked.query["issuerId"]) == ("/loyaltyClass", ["9000000000000000001"])


def test_a_message_is_added_and_the_resource_comes_back(client, google: LocalGoogle):
    google.reply(200, {"resource": {"id": ID}})
    assert client.add_message(Kind.LOYALTY_OBJECT, ID, {"id": "m1", "body": "b"}) == {"id": ID}
    (asked,) = google.asked
    assert asked.path == f"/loyaltyObject/{ID}/addMessage"
    assert asked.json == {"message": {"id": "m1", "body": "b"}}


def test_offers_are_linked_and_unlinked(client, google: LocalGoogle):
    client.modify_linked_offers(ID, add=["1.a"], remove=["1.b"])
    client.modify_linked_offers(ID, add=["1.a"])
    assert google.asked[0].path == f"/loyaltyObject/{ID}/modifyLinkedOfferObjects"
    both, one = (asked.json["linkedOfferObjectIds"] for asked in google.asked)
    assert both == {"addLinkedOfferObjectIds": ["1.a"], "removeLinkedOfferObjectIds": ["1.b"]}
    assert one == {"addLinkedOfferObjectIds": ["1.a"]}


def test_an_over_long_jwt_is_exchanged_for_a_short_link(client, google: LocalGoogle):
    google.reply(200, {"saveUri": "https://pay.google.com/gp/v/save/x", "resources": {}})
    assert client.insert_jwt("a.b.c") == "https://pay.google.com/gp/v/save/x"
    assert (google.asked[0].path, google.asked[0].json) == ("/jwt", {"jwt": "a.b.c"})


def test_a_dry_run_makes_nothing_and_says_what_is_wrong(client, google: LocalGoogle):
    google.reply(200, b"")
    client.validate_jwt("a.b.c")
    client.validate_json({"loyaltyObjects": [{"id": ID}]})
    google.refuse(400, "invalid")
    with pytest.raises(ApiError) as caught:
        client.validate_jwt("a.b.c")
    assert caught.value.verdict is Verdict.REFUSED
    assert [asked.path for asked in google.asked] == ["/jwt/validate"] * 3
    assert google.asked[0].json == {"jwtResource": {"jwt": "a.b.c"}}
    assert google.asked[1].json == {
        "jsonResource": {"json": f'{{"loyaltyObjects": [{{"id": "{ID}"}}]}}'}
    }


def test_cookies_are_not_kept(client, google: LocalGoogle):
    google.reply(200, headers={"Set-Cookie": "who=1; Path=/"})
    client.get(Kind.LOYALTY_OBJECT, ID)
    client.get(Kind.LOYALTY_OBJECT, ID)
    assert [asked.headers["cookie"] for asked in google.asked] == [None, None]


def test_one_token_is_fetched_for_many_calls(client, google: LocalGoogle, account: ServiceAccount):
    for _ in range(5):
        client.get(Kind.LOYALTY_OBJECT, ID)
    (assertion,) = google.assertions
    claims = claims_of(assertion, account.key.public_key())
    assert claims["iss"] == account.email
    assert claims["scope"] == "https://www.googleapis.com/auth/wallet_object.issuer"
    assert {asked.headers["authorization"] for asked in google.asked} == {"Bearer token-1"}


def test_threads_that_start_together_fetch_one_token(client, google: LocalGoogle):
    google.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(client.get, Kind.LOYALTY_OBJECT, ID) for _ in range(8)]
        google.gate.set()
        assert [call.result() for call in calls] == [{}] * 8
    assert len(google.assertions) == 1


def test_a_token_that_google_no_longer_takes_is_renewed_once(client, google: LocalGoogle):
    google.refuse(401, "authError")
    google.reply(200, {"id": ID})
    assert client.get(Kind.LOYALTY_OBJECT, ID) == {"id": ID}
    tokens = [asked.headers["authorization"] for asked in google.asked]
    assert tokens == ["Bearer token-1", "Bearer token-2"]


def test_an_account_that_is_not_let_in_is_told_after_one_more_try(client, google: LocalGoogle):
    google.refuse(401, "authError")
    google.refuse(401, "authError")
    with pytest.raises(ApiError) as caught:
        client.patch(Kind.LOYALTY_OBJECT, ID, {"state": "ACTIVE"})
    assert caught.value.verdict is Verdict.UNAUTHORIZED
    assert len(google.asked) == 2
    assert google.asked[0].body == google.asked[1].body


@pytest.mark.parametrize(
    ("status", "body", "verdict", "reason"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "x"},
            "unauthorized",
            "invalid_grant",
        ),
        (401, {"error": "invalid_client"}, "unauthorized", "invalid_client"),
        (404, b"<html>", "unauthorized", ""),
        (429, {}, "busy", ""),
        (503, b"later", "busy", ""),
        (302, b"", "unreachable", ""),
        (200, b"<html>", "unreachable", "notGoogle"),
        (200, {"token": "x"}, "unreachable", "notGoogle"),
        (200, {"access_token": "x", "expires_in": "soon"}, "unreachable", "notGoogle"),
        (200, {"access_token": "x", "expires_in": 1e30}, "unreachable", "notGoogle"),
        (200, b'{"access_token": "x", "expires_in": Infinity}', "unreachable", "notGoogle"),
        (200, {"access_token": "", "expires_in": 3600}, "unreachable", "notGoogle"),
        (200, {"access_token": None, "expires_in": 3600}, "unreachable", "notGoogle"),
        (200, {"access_token": "x\nb: c", "expires_in": 3600}, "unreachable", "notGoogle"),
        (200, {"access_token": "\u20ac", "expires_in": 3600}, "unreachable", "notGoogle"),
        (200, {"access_token": "\ud800", "expires_in": 3600}, "unreachable", "notGoogle"),
        (200, b"[" * 100_000, "unreachable", "notGoogle"),
    ],
)
def test_no_token_no_call(client, google: LocalGoogle, status, body, verdict, reason):
    google.token_replies.append(Reply(status, body))
    with pytest.raises(ApiError) as caught:
        client.get(Kind.LOYALTY_OBJECT, ID)
    assert (caught.value.verdict, caught.value.reason) == (verdict, reason)
    assert len(google.assertions) == 1
    assert google.asked == []


def test_after_a_token_was_refused_the_next_call_asks_again(client, google: LocalGoogle):
    google.token_replies.append(Reply(503, b""))
    with pytest.raises(ApiError):
        client.get(Kind.LOYALTY_OBJECT, ID)
    assert client.get(Kind.LOYALTY_OBJECT, ID) == {}


def test_threads_that_wait_for_one_token_share_its_failure(client, google: LocalGoogle):
    google.token_replies.extend([Reply(503, b"")] * 8)
    google.gate.clear()
    started = threading.Barrier(9)

    def call() -> Verdict:
        started.wait(30)
        with pytest.raises(ApiError) as caught:
            client.get(Kind.LOYALTY_OBJECT, ID)
        return caught.value.verdict

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call) for _ in range(8)]
        started.wait(30)
        google.gate.set()
        assert {each.result() for each in calls} == {Verdict.BUSY}
    assert len(google.assertions) < 8


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (lambda client: client.insert(Kind.LOYALTY_OBJECT, {}), Verdict.CLASS_MISSING),
        (lambda client: client.insert(Kind.LOYALTY_CLASS, {}), Verdict.FORBIDDEN),
        (lambda client: client.patch(Kind.LOYALTY_OBJECT, ID, {}), Verdict.OBJECT_MISSING),
        (lambda client: client.get(Kind.LOYALTY_CLASS, CLASS), Verdict.CLASS_MISSING),
        (lambda client: client.update(Kind.OFFER_CLASS, CLASS, {}), Verdict.CLASS_MISSING),
        (lambda client: client.add_message(Kind.OFFER_OBJECT, ID, {}), Verdict.OBJECT_MISSING),
        (lambda client: client.list(Kind.OFFER_OBJECT, class_id=CLASS), Verdict.CLASS_MISSING),
        (lambda client: client.list(Kind.OFFER_CLASS, issuer_id="1"), Verdict.FORBIDDEN),
        (lambda client: client.insert_jwt("a.b.c"), Verdict.CLASS_MISSING),
    ],
)
def test_what_is_missing_follows_from_what_was_asked(client, google: LocalGoogle, call, verdict):
    google.refuse(404, "notFound")
    with pytest.raises(ApiError) as caught:
        call(client)
    assert caught.value.verdict is verdict


def test_a_reason_that_names_the_class_says_more_than_the_call(client, google: LocalGoogle):
    google.refuse(404, "classNotFound")
    with pytest.raises(ApiError) as caught:
        client.patch(Kind.LOYALTY_OBJECT, ID, {})
    assert caught.value.verdict is Verdict.CLASS_MISSING


def test_an_id_that_is_taken_is_told_of_an_insert_alone(client, google: LocalGoogle):
    for _ in range(2):
        google.refuse(409, "alreadyExists")
    with pytest.raises(ApiError) as inserted:
        client.insert(Kind.LOYALTY_OBJECT, {"id": ID})
    with pytest.raises(ApiError) as patched:
        client.patch(Kind.LOYALTY_OBJECT, ID, {})
    assert (inserted.value.verdict, patched.value.verdict) == (Verdict.EXISTS, Verdict.BUSY)


def test_a_wait_that_google_asks_for_is_told(client, google: LocalGoogle):
    google.refuse(429, "rateLimitExceeded", headers={"Retry-After": "2"})
    with pytest.raises(ApiError) as caught:
        client.patch(Kind.LOYALTY_OBJECT, ID, {})
    error = caught.value
    assert (error.status, error.verdict, error.retry_after_seconds) == (429, Verdict.BUSY, 2.0)


def test_nothing_is_sent_a_second_time_by_itself(client, google: LocalGoogle):
    google.refuse(503, "backendError")
    with pytest.raises(ApiError):
        client.patch(Kind.LOYALTY_OBJECT, ID, {})
    google.reply(is_cut=True)
    with pytest.raises(ApiError):
        client.patch(Kind.LOYALTY_OBJECT, ID, {})
    assert len(google.asked) == 2


def test_a_connection_that_is_cut_leaves_it_open_what_happened(client, google: LocalGoogle):
    google.reply(is_cut=True)
    with pytest.raises(ApiError) as caught:
        client.insert(Kind.LOYALTY_OBJECT, {"id": ID})
    error = caught.value
    assert (error.status, error.reason) == (None, "connectionFailed")
    assert error.verdict is Verdict.UNREACHABLE


def test_silence_ends_after_the_time_that_was_given(google: LocalGoogle, local_account):
    patient = WalletClient(local_account, url=google.url)
    patient.get(Kind.LOYALTY_OBJECT, ID)  # the token is there
    client = WalletClient(local_account, url=google.url, read_seconds=0.05)
    google.gate.clear()
    with pytest.raises(ApiError) as caught:
        client.get(Kind.LOYALTY_OBJECT, ID)
    assert (caught.value.reason, caught.value.verdict) == ("readTimedOut", Verdict.UNREACHABLE)
    google.gate.set()
    for each in (client, patient):
        each.close()


def test_nobody_at_home_is_unreachable(local_account):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = WalletClient(local_account, url=url)
        with pytest.raises(ApiError) as caught:
            client.get(Kind.LOYALTY_OBJECT, ID)
    client.close()
    assert caught.value.verdict is Verdict.UNREACHABLE
    assert "refused" in caught.value.detail


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, [1]),
        (200, b"\xff"),
        (302, b""),
        (200, b"[" * 100_000),
        (200, b'{"a": NaN}'),
    ],
)
def test_what_is_not_googles_answer_is_no_answer(client, google: LocalGoogle, status, body):
    google.reply(
        status, body, headers={"Location": f"{google.url}/elsewhere"} if status == 302 else {}
    )
    with pytest.raises(ApiError) as caught:
        client.get(Kind.LOYALTY_OBJECT, ID)
    assert caught.value.verdict is Verdict.UNREACHABLE
    assert len(google.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"resources": 1},
        {"resources": [1]},
        {"resources": [["ab"]]},
        {"pagination": []},
        {"pagination": {"nextPageToken": 5}},
    ],
)
def test_a_list_in_another_shape_is_no_answer(client, google: LocalGoogle, body):
    google.reply(200, body)
    with pytest.raises(ApiError) as caught:
        client.list(Kind.LOYALTY_OBJECT, class_id=CLASS)
    assert caught.value.verdict is Verdict.UNREACHABLE


def test_nobody_but_the_addresses_given_is_called(client, google: LocalGoogle, monkeypatch):
    called = []
    connect = socket.create_connection

    def seen(address, *rest, **named):
        called.append(address)
        return connect(address, *rest, **named)

    looked_up = []
    look_up = socket.getaddrinfo

    def seen_look_up(host, *rest, **named):
        looked_up.append(host)
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "create_connection", seen)
    monkeypatch.setattr(socket, "getaddrinfo", seen_look_up)
    client.get(Kind.LOYALTY_OBJECT, ID)
    client.insert(Kind.LOYALTY_OBJECT, {"id": ID})
    assert {*looked_up, *(host for host, _ in called)} <= {urlsplit(google.url).hostname}
    assert looked_up


def test_the_environment_sends_local_calls_nowhere_else(
    google, local_account, monkeypatch, tmp_path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login x password y\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = WalletClient(local_account, url=google.url)
    client.get(Kind.LOYALTY_OBJECT, ID)
    client.close()
    assert google.asked[0].headers["authorization"] == "Bearer token-1"
