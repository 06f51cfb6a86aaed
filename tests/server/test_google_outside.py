"""Google is asked, and each error that people meet leads to what to do about it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from googlewallet import throwaway
from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import SCOPE, ServiceAccount
from server import google_outside, outside
from server.app import create_app
from server.google_outside import Known
from server.outside import Answer
from server.sandbox.google.faults import AnswerFault, Faults
from server.sandbox.google.stand_in import GoogleStandIn
from tests.server.google_rows import AtGoogle, balance

ISSUER = throwaway.ISSUER_ID
CLASS = f"{ISSUER}.kahvipassi"
CARD = f"{ISSUER}.card"
PUBLIC = "https://cards.example.com"


@pytest.fixture
def google(tmp_path) -> Iterator[GoogleStandIn]:
    """Google, on this machine."""
    path = throwaway.load_or_create(tmp_path / "throwaway", token_uri="http://127.0.0.1:1/token")
    stand_in = GoogleStandIn(folder=tmp_path / "google", account_file=path, issuer_id=ISSUER)
    stand_in.start()
    throwaway.load_or_create(tmp_path / "throwaway", token_uri=stand_in.token_uri)
    yield stand_in
    stand_in.stop()


@pytest.fixture
def client(google, tmp_path) -> Iterator[WalletClient]:
    account = ServiceAccount.load(tmp_path / "throwaway" / "service-account.json")
    client = WalletClient(account, url=google.api_url)
    yield client
    client.close()


@pytest.fixture
def look(settings, google, tmp_path):
    def found(known=Known(), *, late=timedelta(), path=None, **more):  # noqa: B008
        given = {
            "google_issuer_id": ISSUER,
            "google_service_account_file": path or tmp_path / "throwaway/service-account.json",
            "google_api_url": google.api_url,
            **more,
        }
        checks = google_outside.look(replace(settings, **given), known, at=datetime.now(UTC) + late)
        return {check.name: check for check in checks}

    return found


@pytest.fixture
def world(monkeypatch):
    """The public address as the world meets it: answers by address, an error by none."""
    answers = {
        f"{PUBLIC}/robots.txt": Answer(404, {}, ""),
        f"{PUBLIC}/google/callback": Answer(400, {"content-type": "application/problem+json"}, ""),
        f"{PUBLIC}/logo.png": Answer(200, {"content-type": "image/png"}, ""),
    }

    def ask(url, *_, **__):
        if url not in answers:
            raise requests.ConnectionError("no such name")
        return answers[url]

    monkeypatch.setattr(outside, "ask", ask)
    return answers


def a_class(review: str = "UNDER_REVIEW", logo: str = f"{PUBLIC}/logo.png"):
    return {
        "id": CLASS,
        "issuerName": "Aalto",
        "programName": "Kahvipassi",
        "programLogo": {"sourceUri": {"uri": logo}},
        "reviewStatus": review,
    }


OURS = Known(frozenset({CLASS}))


def refuse(google, status, reason, *, path="", **more):
    google.faults = Faults(answers=[AnswerFault(status=status, reason=reason, path=path, **more)])


def test_an_issuer_that_lets_us_in(look, client):
    client.insert(Kind.LOYALTY_CLASS, a_class())
    client.insert(
        Kind.LOYALTY_OBJECT,
        {"id": CARD, "classId": CLASS, "state": "ACTIVE"},
    )
    found = look(OURS._replace(object_id=CARD))
    assert {name: check.level for name, check in found.items()} == {
        "google access": "ok",
        "google classes": "ok",
        "google link": "ok",
    }
    assert ISSUER in found["google access"].says


def test_nothing_is_changed_at_google(look, client, google):
    client.insert(Kind.LOYALTY_CLASS, a_class())
    before = len(google.changes)
    look(OURS)
    assert len(google.changes) == before


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (403, "permissionDenied", ("Users: invite", "as Developer", ISSUER)),
        (403, "accessNotConfigured", ("enable Google Wallet API", "leima-throw-away")),
        (403, "SERVICE_DISABLED", ("enable Google Wallet API", "wait a few minutes")),
        (403, "insufficientPermissions", (SCOPE,)),
        (403, "forbidden", ("Users: invite", "enabled in project")),
        (404, "resourceNotFound", ("Issuer ID",)),
        (400, "invalid", ("LEIMA_GOOGLE_ISSUER_ID",)),
    ],
)
def test_each_error_that_people_meet_has_its_remedy(look, google, status, reason, words):
    refuse(google, status, reason, path="loyaltyClass")
    check = look()["google access"]
    assert check.level == "fail"
    assert [word for word in words if word not in check.do] == []
    assert str(status) in check.says
    assert reason in check.says


def test_a_token_that_google_takes_no_longer(look, google):
    refuse(google, 401, "authError", path="loyaltyClass", count=None)
    check = look()["google access"]
    assert (check.level, "disabled" in check.do) == ("fail", True)


@pytest.mark.parametrize(("status", "reason"), [(429, "rateLimitExceeded"), (503, "backendError")])
def test_google_being_busy_is_no_fault_of_ours(look, google, status, reason):
    refuse(google, status, reason, path="loyaltyClass")
    assert look()["google access"].level == "warn"


def test_google_that_cannot_be_reached_is_told_with_its_names(look, google):
    check = look(google_api_url="http://127.0.0.1:1/walletobjects/v1")["google access"]
    assert check.level == "fail"
    assert "127.0.0.1:1" in check.do


@pytest.fixture
def revoked(google, tmp_path):
    """The account's file with a key that Google does not know."""
    return throwaway.load_or_create(tmp_path / "other", token_uri=google.token_uri)


def test_a_key_that_was_revoked_leads_to_a_new_one(look, revoked):
    check = look(path=revoked)["google access"]
    assert check.level == "fail"
    assert "make a new JSON key" in check.do
    assert "invalid_grant" in check.says


def test_a_clock_that_is_off_is_told_by_how_much(look, revoked):
    check = look(path=revoked, late=timedelta(minutes=30))["google access"]
    assert "NTP" in check.do
    assert "s off Google's" in check.do


@pytest.mark.parametrize(
    ("review", "level"), [("DRAFT", "fail"), ("UNDER_REVIEW", "ok"), (None, "fail")]
)
def test_a_programme_that_is_not_approved_is_found(look, client, review, level):
    if review:
        client.insert(Kind.LOYALTY_CLASS, a_class(review))
    check = look(OURS)["google classes"]
    assert (check.level, CLASS in check.says) == (level, level != "ok")


def test_classes_of_others_at_the_issuer_are_not_minded(look, client):
    client.insert(Kind.LOYALTY_CLASS, {**a_class("DRAFT"), "id": f"{ISSUER}.by_hand"})
    assert look()["google classes"].level == "ok"


def test_a_save_link_that_google_refuses_is_found(look, google, client):
    client.insert(Kind.LOYALTY_CLASS, a_class())
    refuse(google, 400, "invalid", path="jwt/validate")
    check = look(OURS._replace(object_id=CARD))["google link"]
    assert (check.level, "400 invalid" in check.says) == ("fail", True)


def test_a_link_that_google_cannot_look_at_says_nothing(look, google, client):
    client.insert(Kind.LOYALTY_CLASS, a_class())
    refuse(google, 503, "backendError", path="jwt/validate")
    assert "google link" not in look(OURS._replace(object_id=CARD))


def test_what_google_should_have_comes_out_of_our_books(services, ledger):
    at_google = AtGoogle(services, ledger.card)
    assert google_outside.known(services.database, at_google.issuer_id).object_id is None
    at_google.take(balance(1))
    known = google_outside.known(services.database, at_google.issuer_id)
    object_id = f"{at_google.issuer_id}.{at_google.card_id.hex}"
    assert known == (frozenset({at_google.class_id}), object_id, balance(1))
    assert google_outside.known(services.database, "1") == Known()


def test_a_throw_away_account_is_not_told_to_google(look, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(requests.Session, "request", never)
    assert look(google_api_url=None) == {}


def test_without_an_account_nobody_is_asked(look, tmp_path):
    assert look(path=tmp_path / "gone.json") == {}
    assert look(google_issuer_id=None) == {}


# What Google has to fetch and to call.


def test_a_public_address_that_google_can_use(look, client, world):
    client.insert(Kind.LOYALTY_CLASS, a_class())
    found = look(OURS, public_url=PUBLIC)
    assert found["google images"].level == found["google callback"].level == "ok"


@pytest.mark.parametrize(
    ("logo", "answer", "word"),
    [
        (f"{PUBLIC}/logo.png", Answer(403, {}, ""), "answered 403"),
        (f"{PUBLIC}/logo.png", Answer(302, {"location": "/login"}, ""), "answered 302"),
        (f"{PUBLIC}/logo.png", Answer(200, {"content-type": "text/html"}, ""), "no image"),
        (f"{PUBLIC}/logo.png", None, "no such name"),
        ("http://127.0.0.1:8000/logo.png", None, "not https"),
    ],
)
def test_a_picture_that_google_cannot_fetch_is_named(look, client, world, logo, answer, word):
    client.insert(Kind.LOYALTY_CLASS, a_class(logo=logo))
    world.pop(f"{PUBLIC}/logo.png")
    if answer:
        world[logo] = answer
    check = look(OURS, public_url=PUBLIC)["google images"]
    assert check.level == "fail"
    assert logo in check.says
    assert word in check.says


def test_the_picture_of_a_card_is_fetched_as_well(look, world):
    body = {"heroImage": {"sourceUri": {"uri": f"{PUBLIC}/hero.png"}}}
    check = look(Known(sent=body), public_url=PUBLIC)["google images"]
    assert (check.level, "hero.png" in check.says) == ("fail", True)


@pytest.mark.parametrize(
    ("path", "answer", "word"),
    [
        ("/robots.txt", Answer(200, {}, "user-agent: *\ndisallow: /\n"), "robots.txt"),
        ("/robots.txt", Answer(200, {}, "user-agent: googlebot\ndisallow: /google/"), "robots.txt"),
        ("/google/callback", Answer(301, {}, ""), "answered 301"),
        ("/google/callback", Answer(403, {"content-type": "text/html"}, ""), "answered 403"),
        ("/google/callback", Answer(404, {"content-type": "application/problem+json"}, ""), "404"),
        ("/google/callback", None, "cannot be reached"),
    ],
)
def test_what_keeps_google_from_calling_back_is_named(look, world, path, answer, word):
    world.pop(PUBLIC + path)
    if answer:
        world[PUBLIC + path] = answer
    check = look(public_url=PUBLIC)["google callback"]
    assert (check.level, word in check.says) == ("fail", True)


def test_our_own_answer_to_what_is_no_callback_is_known(services, look, world, tmp_path, google):
    account_file = tmp_path / "throwaway" / "service-account.json"
    own = {"google_issuer_id": ISSUER, "google_service_account_file": account_file}
    app = create_app(replace(services, settings=replace(services.settings, **own)))
    answer = app.test_client().post("/google/callback", data="{}")
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    world[f"{PUBLIC}/google/callback"] = Answer(answer.status_code, lowered, answer.text)
    assert look(public_url=PUBLIC)["google callback"].level == "ok"


def test_robots_that_may_come_to_the_callback_are_well(look, world):
    world[f"{PUBLIC}/robots.txt"] = Answer(200, {}, "user-agent: *\ndisallow: /till\n")
    assert look(public_url=PUBLIC)["google callback"].level == "ok"


def test_google_calls_over_https_alone(look):
    check = look(public_url="http://cards.example.com")["google callback"]
    assert (check.level, "https" in check.says) == ("warn", True)


def test_on_this_machine_the_stand_in_needs_no_public_address(look):
    assert not {"google callback", "google images"} & set(look())
