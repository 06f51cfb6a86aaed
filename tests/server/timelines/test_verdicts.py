"""What is made of what was seen, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from server.timelines import verdicts
from server.timelines.verdict_words import COMPLAINTS, WORDS
from server.timelines.verdicts import CardFacts, PhoneFacts, Push
from server.wallets import device_log

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHANGED = NOW - timedelta(minutes=30)
SECOND = int(CHANGED.timestamp())


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def push(minutes: float, verdict: str, status: int = 200, reason: str = "") -> Push:
    return Push(ago(minutes), verdict, status, reason)


def card(**facts: object) -> CardFacts:
    return CardFacts(**{"changed_at": CHANGED, "modified": SECOND, "tag": 7, "version": 3, **facts})


def phone(**facts: object) -> PhoneFacts:
    given = {"is_registered": True, "registered_at": ago(600), "asked_at": ago(500), **facts}
    return PhoneFacts("0" * 12, "Phone A", **given)


def told(minutes: float = 29, **facts: object) -> PhoneFacts:
    """A phone that the push service took a push for, so long ago."""
    accepted = facts.pop("accepted", [ago(minutes)])
    return phone(push=push(minutes, "accepted"), accepted=accepted, **facts)


def owed(minutes: float = 0.1, **facts: object) -> PhoneFacts:
    return phone(due_at=ago(minutes), **facts)


def gone(**facts: object) -> PhoneFacts:
    return phone(is_registered=False, **facts)


CASES = [
    ("up_to_date", told(holds=SECOND, fetched_at=ago(28)), card()),
    ("up_to_date", told(asked_since=7, asked_at=ago(28)), card()),
    ("up_to_date", phone(registered_at=ago(20)), card(version=1)),
    (
        "up_to_date",
        phone(registered_at=ago(20)),
        card(downloaded=SECOND, downloaded_at=ago(21)),
    ),
    ("no_trace", phone(registered_at=ago(20)), card(downloaded=SECOND - 1, downloaded_at=ago(21))),
    ("waiting", phone(registered_at=ago(2)), card()),
    ("waiting", told(2), card()),
    ("silent", told(), card()),
    ("silent", told(asked_since=6), card()),
    ("never_asks", told(asked_at=None), card()),
    ("throttled", told(accepted=[ago(minute) for minute in range(29, 13, -1)]), card()),
    (
        "silent",
        told(accepted=[*(ago(minute * 40) for minute in range(16, 0, -1)), ago(29)]),
        card(),
    ),
    ("no_trace", phone(), card()),
    ("fetching", told(listed_at=ago(0.5), asked_at=ago(0.5)), card()),
    ("not_fetched", told(listed_at=ago(20), asked_at=ago(20)), card()),
    ("not_listed", told(asked_at=ago(20), asked_since=6), card()),
    ("wrong_token", told(refused_at=ago(20)), card()),
    ("service_failed", told(failed_at=ago(20)), card()),
    ("fetching", told(failed_at=ago(20), asked_at=ago(0.5), listed_at=ago(0.5)), card()),
    ("complains", told(complained_at=ago(20), complaint="wrong_token"), card()),
    ("silent", told(complained_at=ago(40), complaint="wrong_token"), card()),
    ("push_refused", phone(push=push(20, "drop", 413)), card()),
    ("push_soon", owed(), card()),
    ("worker_stopped", owed(5), card()),
    ("push_off", owed(5), card(is_push_off=True)),
    ("certificate", owed(5, push=push(5, "halt", 403, "BadCertificate")), card()),
    ("certificate", owed(5), card(last_push=push(5, "halt", 403))),
    ("worker_stopped", owed(5), card(last_push=push(90, "halt", 403))),
    ("worker_stopped", owed(5), card(last_push=push(5, "wait", 429))),
    ("push_down", owed(5, push=push(5, "retry", 503)), card()),
    ("push_down", owed(5), card(last_push=push(5, "retry", 0))),
    ("too_many", owed(5, push=push(5, "wait", 429)), card()),
    ("token_refused", owed(5, push=push(5, "retry", 400, "BadDeviceToken")), card()),
    ("push_soon", owed(push=push(40, "halt", 403)), card()),
    ("removed", gone(left_at=ago(5)), card()),
    ("removed", gone(left_at=ago(5), push=push(20, "token_dead", 410)), card()),
    ("updates_off", gone(left_at=ago(5)), card(strayed_at=ago(2))),
    ("removed", gone(left_at=ago(2)), card(strayed_at=ago(5))),
    ("phone_gone", gone(push=push(5, "token_dead", 410)), card()),
    ("token_refused", gone(push=push(5, "token_dead", 400)), card()),
    ("asks_unregistered", gone(push=push(5, "token_dead", 400), asked_at=ago(2)), card()),
    ("wrong_token", gone(registered_at=None, asked_at=None, refused_at=ago(5)), card()),
]


@pytest.mark.parametrize(("code", "phone", "card"), CASES)
def test_what_was_seen_has_its_verdict(code, phone, card):
    assert verdicts.of_phone(phone, card, at=NOW).code == code


@pytest.mark.parametrize(
    ("code", "card"),
    [
        ("nobody", card()),
        ("not_added", card(downloaded_at=ago(5))),
        ("wrong_token", card(downloaded_at=ago(5), refused_at=ago(4))),
    ],
)
def test_a_card_without_phones_has_a_verdict_too(code, card):
    assert verdicts.of_card([], card).code == code


def test_every_verdict_is_reached_by_a_case():
    assert {code for code, _, _ in CASES} | {"nobody", "not_added"} == set(verdicts.CODES)


def of_card(*phones: PhoneFacts) -> verdicts.Verdict:
    pairs = [(each, verdicts.of_phone(each, card(), at=NOW)) for each in phones]
    return verdicts.of_card(pairs, card())


def test_the_card_has_the_verdict_of_the_phone_that_needs_looking_at():
    well, silent, owed_ = told(holds=SECOND), told(), owed(5)
    assert of_card(well, silent).code == "silent"
    assert of_card(silent, owed_, well).code == "worker_stopped"


def test_phones_that_left_count_only_when_none_is_here():
    left, dead = gone(left_at=ago(9)), gone(push=push(5, "token_dead", 410))
    assert of_card(left, dead).code == "phone_gone"
    assert of_card(left, dead, told(holds=SECOND)).code == "up_to_date"


def test_every_verdict_has_words_in_every_language():
    assert set(WORDS) == set(verdicts.CODES)
    for code, (says, do) in {**WORDS, **COMPLAINTS}.items():
        assert all(says.as_dict().values()), code
        assert all(do.as_dict().values()) or code in ("up_to_date", "complains"), code
        assert len({says.fi, says.sv, says.en}) == 3, code


def test_every_kind_of_complaint_has_its_cause():
    assert set(COMPLAINTS) == {*device_log._KINDS, "other"}
    for kind in COMPLAINTS:
        found = verdicts.of_phone(told(complained_at=ago(9), complaint=kind), card(), at=NOW)
        assert "{cause}" not in "".join(found.says.as_dict().values())
        assert found.do.en
