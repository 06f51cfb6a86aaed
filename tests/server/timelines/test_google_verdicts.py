"""What is made of what was seen of a card at Google, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from server.timelines import google_verdicts, verdicts
from server.timelines.google_verdict_words import SILENCES, WORDS
from server.timelines.google_verdicts import Call, GoogleFacts, of_google, spoken
from server.timelines.verdicts import CardFacts, PhoneFacts, of_card, of_phone

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def call(minutes: float = 5, verdict: str = "taken", status: int = 200, **more: object) -> Call:
    given = {"call": "patch", "reason": "", **more}
    return Call(at=ago(minutes), verdict=verdict, status=status, **given)


def sent(**facts: object) -> GoogleFacts:
    """Google has the newest version."""
    given = {"changed_at": ago(30), "owed_version": 3, "sent_version": 3, "sent_at": ago(29)}
    return GoogleFacts(**{**given, **facts})


def owed(minutes: float = 0.1, **facts: object) -> GoogleFacts:
    """Google has yet to take the newest version, which is due since then."""
    return sent(**{"sent_version": 2, "due_at": ago(minutes), "has_users": True, **facts})


CASES = [
    ("google_in_step", sent(has_users=True)),
    ("google_in_step", sent(saved_at=ago(20), left_at=ago(25))),
    ("google_in_step", sent(has_users=True, due_at=ago(5))),  # only a look at who holds it
    ("google_differs", sent(has_users=True, differs=["picture", "second_points"])),
    ("google_soon", owed(differs=["points"])),
    ("google_removed", sent(has_users=False, saved_at=ago(20), left_at=ago(5))),
    ("google_removed", sent(saved_at=ago(20), left_at=ago(5))),
    ("google_not_saved", sent()),
    ("google_not_saved", sent(has_users=False)),
    ("google_soon", owed()),
    ("google_soon", owed(-5)),
    ("google_queued", owed(5, last_call=call(0.5))),
    ("google_worker_stopped", owed(5, last_call=call(4))),
    ("google_worker_stopped", owed(5)),
    ("google_slowed", owed(5, attempts=2, call=call(1, "busy", 429))),
    ("google_down", owed(5, attempts=2, call=call(1, "busy", 503))),
    ("google_down", owed(-1, attempts=2, call=call(1, "unreachable", 0))),
    ("google_down", owed(5, attempts=2)),
    ("google_paused", owed(5, attempts=1, pause_reason="permissionDenied")),
    ("google_slowed", owed(5, pause_reason="wait", last_call=call(1, "busy", 429))),
    ("google_down", owed(5, pause_reason="silence", last_call=call(1, "unreachable", 0))),
    ("google_paused", owed(5, pause_reason="no", last_call=call(1, "forbidden", 403))),
    ("google_class", owed(5, class_error="programLogo: the image cannot be fetched")),
    ("google_refused", owed(due_at=None, error="invalid field", call=call(1, "refused", 400))),
    ("google_off", owed(5, is_off=True)),
    ("google_off", sent(is_off=True)),
]


@pytest.mark.parametrize(("code", "facts"), CASES)
def test_what_was_seen_at_google_has_its_verdict(code, facts):
    assert of_google(facts, at=NOW).code == code


def test_every_verdict_on_google_is_reached_by_a_case():
    assert {code for code, _ in CASES} == set(google_verdicts.CODES) == set(WORDS)
    assert not set(google_verdicts.CODES) & set(verdicts.CODES)


def test_every_word_on_google_is_there_in_every_language():
    for code, (says, do) in WORDS.items():
        assert all(says.as_dict().values()), code
        assert all(do.as_dict().values()) or code == "google_in_step", code
        assert len({says.fi, says.sv, says.en}) == 3, code
    for code, text in SILENCES.items():
        assert len(set(text.as_dict().values())) == 3, code


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (owed(due_at=None, error="heroImage: not an image"), "heroImage: not an image"),
        (owed(pause_reason="permissionDenied"), "permissionDenied"),
        (owed(class_error="hexBackgroundColor"), "hexBackgroundColor"),
        (sent(has_users=True, differs=["picture", "second_points"]), "picture, second points"),
    ],
)
def test_what_google_said_is_told_with_the_verdict(facts, cause):
    says = of_google(facts, at=NOW).says
    assert all(cause in text for text in says.as_dict().values())


def test_a_change_is_behind_since_it_was_made():
    down = owed(1, attempts=3, call=call(1, "busy", 500))
    assert of_google(down, at=NOW).since == ago(30)


@pytest.mark.parametrize("silence", [name for name in SILENCES if name != "spoke"])
def test_a_change_that_nobody_heard_says_why(silence):
    assert spoken(sent(change=call(silence=silence))) == SILENCES[silence]


def test_whether_the_phone_spoke_is_told():
    assert spoken(sent(change=call(is_notified=True))) == SILENCES["spoke"]
    assert spoken(sent(change=call())) == SILENCES["not_asked"]
    assert spoken(sent()) is None


def test_announcements_count_for_24_hours():
    facts = sent(notified_at=[ago(60 * 24 + 1), ago(60 * 23), ago(1)])
    assert facts.announced(NOW) == [ago(60 * 23), ago(1)]


# A card in both wallets.

CARD = CardFacts(changed_at=ago(30), modified=1, tag=7, version=3)
CURRENT = PhoneFacts("0" * 12, "Phone A", is_registered=True, registered_at=ago(600), holds=1)
OWED = PhoneFacts(
    "0" * 12, "Phone A", is_registered=True, registered_at=ago(600), due_at=ago(20), holds=0
)
GONE = PhoneFacts("0" * 12, "Phone A", registered_at=ago(600), left_at=ago(40))


def of_both(phone: PhoneFacts | None, facts: GoogleFacts, card: CardFacts = CARD) -> str:
    phones = [(phone, of_phone(phone, card, at=NOW))] if phone else []
    google = of_google(facts, at=NOW)
    return of_card(phones, card, google, is_in_google=facts.is_in_wallet).code


@pytest.mark.parametrize(
    ("phone", "facts", "code"),
    [
        (CURRENT, sent(has_users=True), "up_to_date"),
        (CURRENT, owed(5), "google_worker_stopped"),
        (OWED, sent(has_users=True), "worker_stopped"),
        (CURRENT, sent(), "up_to_date"),  # asked for at Google and put into Apple Wallet
        (CURRENT, owed(due_at=None, error="x", has_users=None), "google_refused"),
        (GONE, sent(has_users=True), "google_in_step"),
        (GONE, sent(), "google_not_saved"),
        (GONE, sent(sent_at=ago(90)), "removed"),
        (None, sent(has_users=True), "google_in_step"),
        (None, sent(), "google_not_saved"),
        (None, owed(has_users=None), "google_soon"),
    ],
)
def test_a_card_in_both_wallets_has_the_verdict_that_needs_looking_at(phone, facts, code):
    assert of_both(phone, facts) == code


def test_a_card_that_was_opened_for_apple_after_google_had_it_was_not_added():
    card = CardFacts(changed_at=ago(30), modified=1, tag=7, downloaded_at=ago(10), downloaded=1)
    assert of_both(None, sent(), card) == "not_added"
