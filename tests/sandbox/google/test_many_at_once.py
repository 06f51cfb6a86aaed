"""Many callers at a time: no change is lost, and what is kept is what was answered."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from googlewallet.throwaway import ISSUER_ID
from server.sandbox.errors import SaveRefused
from tests.sandbox.google.conftest import CLASS, OBJECT, Caller, loyalty_object

CALLERS = 8


@pytest.fixture(autouse=True)
def threads_take_turns_quickly() -> Iterator[None]:
    """So that they meet in the middle of what must not be interrupted."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_changes_of_one_object_from_many_callers_are_all_kept(card: Caller, start):
    """Each merges a field of its own: whoever wrote over another would lose one."""
    names = [
        "accountId",
        "accountName",
        "heroImage",
        "smartTapRedemptionValue",
        "linksModuleData",
        "textModulesData",
        "groupingInfo",
        "passConstraints",
    ]
    values = {
        "accountId": lambda n: str(n),
        "accountName": lambda n: f"Aino {n}",
        "heroImage": lambda n: {"sourceUri": {"uri": f"https://cards.example.com/{n}.png"}},
        "smartTapRedemptionValue": lambda n: str(n),
        "linksModuleData": lambda n: {"uris": [{"uri": f"https://cards.example.com/{n}"}]},
        "textModulesData": lambda n: [{"id": "a", "header": "A", "body": str(n)}],
        "groupingInfo": lambda n: {"sortIndex": n},
        "passConstraints": lambda n: {"nfcConstraint": ["BLOCK_PAYMENT"][: n % 2]},
    }

    def change(name: str) -> None:
        for number in range(20):
            card.patch({name: values[name](number)})
            assert card.google.object("loyaltyObject", OBJECT)[name] == values[name](number)

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(change, names))
    wanted = {name: values[name](19) for name in names}
    for google in (card.google, start(now=card.clock)):
        held = google.object("loyaltyObject", OBJECT)
        assert {name: held[name] for name in names} == wanted


def test_an_id_that_many_insert_at_once_is_taken_once(card: Caller):
    body = loyalty_object(id=f"{ISSUER_ID}.rush")
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(
            pool.map(lambda _: card.call("POST", "loyaltyObject", body).status_code, range(CALLERS))
        )
    assert sorted(answers) == [200] + [409] * (CALLERS - 1)
    listed = card.call("GET", f"loyaltyObject?classId={CLASS}").json()["resources"]
    assert len(listed) == 2


def test_of_two_people_who_open_a_link_at_once_one_has_the_card(card: Caller):
    jwt = card.jwt()

    def save(account_id: str) -> bool:
        try:
            card.google.save(jwt, account_id)
        except SaveRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, ("aino", "linnea"))) == [False, True]
