"""The way into Google Wallet: a person is sent on, whoever only looks changes nothing."""

import json
import re
import socket
import threading
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlmodel import select

from googlewallet import credentials, save_link
from googlewallet.credentials import ServiceAccount
from server.models import Card, GoogleObject, Pass
from server.sandbox.errors import SaveRefused
from server.sandbox.google.faults import AnswerFault, Faults
from server.wallets.google.account import Accounts
from server.wallets.google.desk import GoogleDesk
from tests.server.web.google_cast import PERSON, path_of

ROBOTS = {
    "whatsapp": "WhatsApp/2.23.20.0 A",
    "facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "telegram": "TelegramBot (like TwitterBot)",
    "teams": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "apple": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like "
    "Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "google": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
}
# What a request for the page says besides what a person's does; None: it does not say that.
LOOKS = {
    **{f"robot-{name}": {"User-Agent": agent} for name, agent in ROBOTS.items()},
    "plain-client": dict.fromkeys(PERSON),
    "old-browser": {name: None for name in PERSON if name.startswith("Sec-")},
    "script": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "picture": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "frame": {"Sec-Fetch-Dest": "iframe"},
    "prefetch": {"Sec-Purpose": "prefetch"},
    "prerender": {"Sec-Purpose": "prefetch;prerender"},
    "old-prefetch": {"Purpose": "prefetch"},
    "old-firefox": {"X-Moz": "prefetch"},
    "top-sites": {"X-Purpose": "preview"},
}
PEOPLE = {
    "typed": {},
    "from-a-mail-on-the-web": {"Sec-Fetch-Site": "cross-site"},
    "no-gesture-told": {"Sec-Fetch-User": None},
    "in-an-app": {"User-Agent": f"{PERSON['User-Agent']} [FB_IAB/FB4A;FBAV/400.0]"},
    "a-phone-called-cubot": {"User-Agent": "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20)"},
}


def given(changes):
    return {name: value for name, value in {**PERSON, **changes}.items() if value is not None}


@pytest.fixture
def card(ledger):
    """Aino's, whom the page addresses in English."""
    return ledger.enrol("Aino", language="en")


@pytest.mark.parametrize("changes", LOOKS.values(), ids=LOOKS)
def test_who_only_looks_gets_a_page_and_changes_nothing(street, card, changes):
    answer = street.client.get(path_of(card), headers=given(changes))
    assert answer.status_code == 200
    assert len(re.findall(r"<form method=\"post\"", answer.text)) == 1
    assert "Add to Google Wallet" in answer.text
    assert street.object(card) is None
    assert not street.google.requests


def test_a_look_at_the_head_changes_nothing(street, card):
    answer = street.client.head(path_of(card), headers=PERSON)
    assert (answer.status_code, street.object(card)) == (200, None)


@pytest.mark.parametrize("changes", PEOPLE.values(), ids=PEOPLE)
def test_a_person_is_sent_on_at_once(street, card, changes):
    answer = street.client.get(path_of(card), headers=given(changes))
    assert answer.status_code == 303
    assert answer.location.startswith(f"{street.google.save_url}/")
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_button_of_the_page_leads_there_too(street, card):
    assert street.press(card).location.startswith(f"{street.google.save_url}/")


def test_the_link_saves_the_card(street, card):
    saved = street.google.save(street.link(card), "aino")
    assert saved.object_ids == (street.object(card).object_id,)
    assert street.google.object("loyaltyObject", *saved.object_ids)["hasUsers"] is True


def test_the_link_names_the_card_and_nothing_else(street, card, clock):
    clock.move(days=3)
    token = street.link(card)
    account = ServiceAccount.load(street.account_file)
    claims = jwt.decode(
        token, account.key.public_key(), ["RS256"], audience="google", options={"verify_iat": False}
    )
    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    assert claims == {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(clock.at.timestamp()),
        "payload": {"loyaltyObjects": [{"id": street.object(card).object_id}]},
    }
    assert len(token) <= save_link.MOST_CHARACTERS


def test_clicking_again_makes_nothing_anew(street, card):
    street.click(card)
    made = len(street.google.requests)
    assert street.click(card).status_code == 303
    assert len(street.google.requests) == made


def test_a_forwarded_link_is_of_no_use_to_a_second_person(street, card):
    token = street.link(card)
    street.google.save(token, "aino")
    with pytest.raises(SaveRefused, match="somebody else's"):
        street.google.save(token, "linnea")
    with pytest.raises(SaveRefused, match="somebody else's"):
        street.google.save(street.link(card), "linnea")


def test_a_link_that_somebody_changed_saves_nothing(street, card, ledger):
    other = ledger.enrol("Siiri")
    head, _, signature = street.link(card).split(".")
    _, others_payload, _ = street.link(other).split(".")
    with pytest.raises(SaveRefused, match="not good"):
        street.google.save(f"{head}.{others_payload}.{signature}", "linnea")


def test_a_link_that_another_key_signed_saves_nothing(street, card):
    claims = jwt.decode(street.link(card), options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(SaveRefused, match="not good"):
        street.google.save(jwt.encode(claims, key, "RS256"), "linnea")


def test_an_unknown_card_is_as_unknown_here_as_on_its_page(street, card):
    for path in ("/c/" + "A" * 32, "/c/x"):
        page, way = (street.client.get(p, headers=PERSON) for p in (path, f"{path}/google"))
        assert (page.status_code, page.data) == (way.status_code, way.data)
        assert street.client.post(f"{path}/google", headers=PERSON).status_code == 404


def test_a_link_that_was_replaced_leads_nowhere(street, card):
    with street.services.database.transaction() as session:
        for each in session.exec(select(Card)):
            each.link_token = f"new-{each.link_token}"
    for method in ("GET", "POST"):
        answer = street.client.open(path_of(card), method=method, headers=PERSON)
        assert answer.status_code == 404
    assert not street.google.requests


def test_a_card_that_was_taken_out_of_use_is_added_nowhere(street, card):
    with street.services.database.transaction() as session:
        for each in session.exec(select(Pass)):
            each.state = "voided"
    for method in ("GET", "POST"):
        answer = street.client.open(path_of(card), method=method, headers=PERSON)
        assert answer.status_code == 404
    assert street.client.get(urlsplit(card["card_url"]).path, headers=PERSON).status_code == 404
    assert not street.google.requests


def test_a_card_in_a_wallet_is_only_shown_there(street, card):
    street.click(card)
    street.say_held(card, True)
    page = street.click(card)
    assert page.status_code == 200
    assert "This card is in Google Wallet." in page.text
    assert "View in Google Wallet" in page.text
    assert street.press(card).status_code == 303


def test_a_card_that_is_in_a_wallet_of_a_former_issuer_is_added_again(street, card):
    street.click(card)
    with street.services.database.transaction() as session:
        row = session.get_one(GoogleObject, UUID(card["id"]))
        row.object_id, row.has_users = "8000000000000000002.of-another-issuer", True
        session.add(row)
    assert street.click(card).status_code == 303


def test_a_card_that_left_the_wallet_is_added_again(street, card):
    street.click(card)
    street.say_held(card, False)
    assert street.click(card).status_code == 303


def test_without_google_the_card_is_still_shown(street, card):
    street.google.stop()
    answer = street.click(card)
    assert answer.status_code == 503
    assert "Google Wallet cannot be reached just now." in answer.text
    assert re.search(r'<form method="post".*Try again', answer.text)
    assert f'href="{card["card_url"]}"' in answer.text
    assert street.object(card).sent is None
    assert street.object(card).due_at is not None, "the worker brings it there later"


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (503, "backendError", "cannot be reached"),
        (403, "permissionDenied", "cannot be reached"),
        (400, "invalid", "cannot be added to Google Wallet yet"),
    ],
)
def test_while_google_refuses_the_page_says_so(street, card, status, reason, words):
    fault = AnswerFault(status=status, reason=reason, count=None, path="walletobjects")
    street.google.faults = Faults(answers=[fault])
    answer = street.click(card)
    assert answer.status_code == 503
    assert words in answer.text
    assert f'href="{card["card_url"]}"' in answer.text


def test_trying_again_succeeds_once_google_is_back(street, card):
    street.google.faults = Faults(answers=[AnswerFault(status=503, count=None)])
    assert street.click(card).status_code == 503
    street.google.faults = Faults()
    assert street.press(card).status_code == 303


def test_a_link_that_phones_may_cut_is_never_handed_out(street, card):
    street.click(card)
    content = json.loads(street.account_file.read_text())
    content["client_email"] = f"{'long' * 500}@example.com"
    long = street.account_file.with_name("long.json")
    long.write_text(json.dumps(content))
    answer = street.with_settings(google_service_account_file=long).click(card)
    assert answer.status_code == 503
    assert "Location" not in answer.headers


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_key_is_parsed_once_for_a_thousand_links(street, card, monkeypatch):
    parsed = []
    load = credentials.load_pem_private_key

    def count(*args: object, **kwargs: object):
        parsed.append(1)
        return load(*args, **kwargs)

    monkeypatch.setattr(credentials, "load_pem_private_key", count)
    street.click(card)
    card_id = street.object(card).card_id
    parsed.clear()
    desk = GoogleDesk(street.services, Accounts(street.services.settings, street.services.clock))
    links = {desk.send(card_id).link for _ in range(1000)}
    assert all(links)
    assert len(parsed) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_some_wait_while_google_is_silent(street, ledger):
    """The others hear at once that it cannot be reached; their threads serve tills and phones."""
    cards = [ledger.enrol(f"Aino {number}", language="en") for number in range(5)]
    street.click(cards.pop())  # Google knows the programme
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        waiting = street.with_settings(google_api_url=url)
        threads = [
            threading.Thread(target=lambda card=card: waiting.click(card)) for card in cards[:3]
        ]
        for thread in threads:
            thread.start()
        with ExitStack() as held:
            for _ in threads:
                held.enter_context(silent.accept()[0])
            answer = waiting.click(cards[3])
            assert (answer.status_code, "Try again" in answer.text) == (503, True)
            assert all(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("language", "words"),
    [("fi", "Lisää Google Walletiin"), ("sv", "Lägg till i Google Wallet")],
)
def test_the_page_speaks_the_members_language(street, ledger, language, words):
    card = ledger.enrol("Eero", language=language)
    page = street.client.get(path_of(card), headers={"Accept-Language": "en"}).text
    assert words in page
    assert f'<html lang="{language}"' in page


def test_without_an_issuer_the_way_is_closed_in_words(client, ledger):
    card = ledger.enrol("Aino", language="fi")
    for method in ("GET", "POST"):
        answer = client.open(path_of(card), method=method, headers=PERSON)
        assert answer.status_code == 404
        assert "Tätä korttia ei voi lisätä Google Walletiin." in answer.text


def test_a_customers_click_is_all_that_makes_an_object(street, card, ledger):
    ledger.enrol("Siiri")
    street.client.get(urlsplit(card["card_url"]).path, headers=PERSON)
    street.client.get(path_of(card))
    with street.services.database.reading() as session:
        assert session.exec(select(GoogleObject)).all() == []
    street.click(card)
    with street.services.database.reading() as session:
        (row,) = session.exec(select(GoogleObject)).all()
    assert str(row.card_id) == card["id"]
