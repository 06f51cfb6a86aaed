"""Save links: what is in them, how long they get, and that the key is parsed once."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from googlewallet import credentials, throwaway
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import ContentError, LinkTooLong
from googlewallet.save_link import MOST_CHARACTERS, SAVE_URL, SaveLinks
from googlewallet.throwaway import ISSUER_ID
from tests.googlewallet.local_google import nested

AT = datetime(2026, 11, 22, 10, 0, 0, 900_000, tzinfo=UTC)
CARD = f"{ISSUER_ID}.{'a' * 32}"
IDS = st.lists(st.from_regex(r"[0-9]{1,19}\.[A-Za-z0-9._-]{1,40}", fullmatch=True), max_size=3)


@pytest.fixture(scope="module")
def links(account: ServiceAccount) -> SaveLinks:
    return SaveLinks(account)


def opened(made: str, account: ServiceAccount) -> dict[str, object]:
    """The claims, once the signature is the account's: PyJWT looks at it."""
    options = {"verify_exp": False}
    key = account.key.public_key()
    return jwt.decode(made, key, ["RS256"], audience="google", options=options)


def test_a_link_carries_ids_and_who_signed_and_nothing_else(links, account: ServiceAccount):
    link = links.link(at=AT, loyalty=[CARD])
    made = link.removeprefix("https://pay.google.com/gp/v/save/")
    assert opened(made, account) == {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(AT.timestamp()),
        "payload": {"loyaltyObjects": [{"id": CARD}]},
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    assert jwt.get_unverified_header(made) == header


def test_the_time_is_a_whole_number_of_seconds(links):
    made = links.link(at=AT, loyalty=[CARD]).removeprefix(SAVE_URL)
    claims = json.loads(urlsafe_b64decode(made.split(".")[1] + "=="))
    assert isinstance(claims["iat"], int)
    assert claims["iat"] == int(AT.timestamp())


@given(loyalty=IDS, offer=IDS, generic=IDS)
def test_several_objects_of_several_types_go_into_one_link(account, loyalty, offer, generic):
    kinds = {"loyalty": loyalty, "offer": offer, "generic": generic}
    assume(any(kinds.values()))
    made = SaveLinks(account).link(at=AT, **kinds).removeprefix(SAVE_URL)
    assert opened(made, account)["payload"] == {
        f"{kind}Objects": [{"id": id} for id in ids] for kind, ids in kinds.items() if ids
    }
    assert len(made) <= MOST_CHARACTERS


def test_a_link_for_one_card_is_far_from_the_limit(links):
    link = links.link(at=AT, loyalty=[CARD], offer=[f"{CARD}_reward"])
    assert len(link) < MOST_CHARACTERS / 2


def test_the_limit_holds_to_the_character(links):
    lengths = set()
    for count in range(800, 900):
        id = f"{ISSUER_ID}.{'a' * count}"
        length = len(links.sign({"loyaltyObjects": [{"id": id}]}, at=AT))
        lengths.add(length)
        if length <= MOST_CHARACTERS:
            assert len(links.link(at=AT, loyalty=[id])) == len(SAVE_URL) + length
        else:
            with pytest.raises(LinkTooLong):
                links.link(at=AT, loyalty=[id])
    assert min(lengths) < MOST_CHARACTERS - 1 < MOST_CHARACTERS + 1 < max(lengths)


def test_a_link_that_is_too_long_tells_by_how_much(links):
    with pytest.raises(LinkTooLong) as caught:
        links.link(at=AT, loyalty=[CARD] * 20)
    assert caught.value.limit == 1800 < caught.value.length
    assert str(caught.value.length) in str(caught.value)


def test_what_is_too_long_for_a_link_is_signed_to_be_inserted(links, account: ServiceAccount):
    payload = {"loyaltyObjects": [{"id": CARD, "textModulesData": [{"body": "ä" * 2000}]}]}
    made = links.sign(payload, at=AT)
    assert len(made) > MOST_CHARACTERS
    assert opened(made, account)["payload"] == payload


def test_origins_are_named_when_there_are_any(links, account: ServiceAccount):
    link = links.link(at=AT, generic=[CARD], origins=["https://a.example"])
    assert opened(link.removeprefix(SAVE_URL), account)["origins"] == ["https://a.example"]


@pytest.mark.parametrize(
    "id", ["", "card", ".card", "1.", "1.a b", "1.ä", "1.a/../b", "1.a\n", 1, None]
)
def test_what_is_no_id_is_refused(links, id: str):
    with pytest.raises(ContentError) as caught:
        links.link(at=AT, offer=[id])
    assert caught.value.path == "offerObjects"


@pytest.mark.parametrize(
    "payload",
    [{"a": "\ud800"}, {"a": object()}, {(1, 2): "a"}, nested(100_000)],
    ids=["half a character", "object", "key", "deep"],
)
def test_what_is_no_json_is_not_signed(links, payload):
    with pytest.raises(ContentError):
        links.sign(payload, at=AT)


def test_a_link_of_no_certain_moment_is_refused(links):
    with pytest.raises(ContentError, match="time zone"):
        links.link(at=AT.replace(tzinfo=None), loyalty=[CARD])


def test_a_link_without_any_object_is_refused(links):
    with pytest.raises(ContentError, match="one object"):
        links.link(at=AT)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8002/gp/v/save", "http://127.0.0.1:8002/gp/v/save/"]
)
def test_a_stand_in_gets_its_links_by_its_own_address(account: ServiceAccount, url: str):
    link = SaveLinks(account, url=url).link(at=AT, loyalty=[CARD])
    assert link.startswith("http://127.0.0.1:8002/gp/v/save/ey")


def test_a_changed_link_or_another_key_is_no_good(links, account: ServiceAccount, tmp_path: Path):
    path = throwaway.load_or_create(tmp_path, token_uri="http://127.0.0.1:9/token")
    head, claims, signature = links.sign({"loyaltyObjects": [{"id": CARD}]}, at=AT).split(".")
    changed = claims[:-8] + ("A" if claims[-8] != "A" else "B") + claims[-7:]
    with pytest.raises(jwt.InvalidTokenError):
        opened(f"{head}.{changed}.{signature}", account)
    with pytest.raises(jwt.InvalidSignatureError):
        opened(f"{head}.{claims}.{signature}", ServiceAccount.load(path))


def test_a_thousand_links_parse_the_key_once(account_path: Path, monkeypatch):
    parsed = []
    parse = credentials.load_pem_private_key
    monkeypatch.setattr(
        credentials,
        "load_pem_private_key",
        lambda *given: parsed.append(given) or parse(*given),
    )
    links = SaveLinks(ServiceAccount.load(account_path))
    assert len({links.link(at=AT, loyalty=[CARD]) for _ in range(1000)}) == 1
    assert len(parsed) == 1
