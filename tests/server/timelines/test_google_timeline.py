"""A card's way to Google, told from notes and rows as workers leave them."""

import io
from dataclasses import replace

import pytest

from googlewallet.errors import Verdict
from server import cards, metrics, timeline_text, traces
from server.face import Text
from server.timelines import timeline
from server.wallets.google.shown import ShownLine, shown_lines
from server.wallets.google.trace import Told, note_callback, note_told
from tests.server.google_rows import ISSUER, AtGoogle, balance


class Story:
    """A card that somebody asked for in Google Wallet."""

    def __init__(self, services, ledger, clock) -> None:
        settings = replace(services.settings, google_issuer_id=ISSUER)
        self.services = replace(services, settings=settings)
        self.ledger, self.clock = ledger, clock
        self.google = AtGoogle(self.services, ledger.card)
        self.serial_number = self.shown().pass_.serial_number

    def shown(self):
        return cards.show_own(
            self.services.database,
            self.ledger.house.brand_id,
            self.ledger.card,
            at=self.clock(),
        )

    def told(self, call="patch", status=200, *, seconds=0.4, **more):
        """A call to Google was answered, so long after it was due."""
        due_at = self.clock()
        self.clock.move(seconds=seconds)
        note_told(
            self.services,
            Told(self.clock(), self.serial_number, call, status, due_at=due_at, **more),
        )

    def callback(self, event):
        note_callback(self.services, self.serial_number, event, at=self.clock())

    def read(self):
        traces.write(self.services)
        return timeline.read(self.services, self.shown(), limit=100)

    def steps(self):
        return [step for step in self.read().steps if step.what not in ("event", "changed")][::-1]

    def text(self):
        out = io.StringIO()
        timeline_text.report(self.shown(), self.read(), at=self.clock(), out=out)
        return " ".join(out.getvalue().split())


@pytest.fixture
def story(services, ledger, clock) -> Story:
    return Story(services, ledger, clock)


@pytest.fixture
def saved(story) -> Story:
    """The card is in somebody's Google Wallet, with no stamp on it."""
    story.told("insert")
    story.google.take(balance(0))
    story.clock.move(seconds=20)
    story.callback("save")
    story.google.set(has_users=True)
    return story


def test_a_card_that_nobody_asked_for_has_nothing_of_google(services, ledger, clock):
    shown = cards.show_own(services.database, ledger.house.brand_id, ledger.card, at=clock())
    assert timeline.read(services, shown, limit=10).google is None


def test_a_stamp_that_google_took(saved):
    saved.ledger.stamp()
    saved.told(changed=["loyaltyPoints", "heroImage"], is_notified=True)
    saved.google.take(balance(1), version=2)
    insert, save, patch = saved.steps()
    assert (insert.what, insert.note["call"], insert.status) == ("told", "insert", 200)
    assert save.what == "saved"
    assert patch.after_seconds == pytest.approx(0.4)
    assert patch.note["seconds"] == pytest.approx(0.4)
    assert patch.note["changed"] == ["picture", "points"]
    facts, verdict = saved.read().google
    assert (verdict.code, verdict.since) == ("google_in_step", facts.sent_at)
    assert facts.change.is_notified


def test_a_card_that_was_taken_out_and_put_back(saved):
    saved.clock.move(minutes=5)
    saved.callback("del")
    saved.google.set(has_users=False)
    assert saved.read().verdict.code == "google_removed"
    assert saved.steps()[-1].what == "deleted"
    saved.clock.move(minutes=5)
    saved.callback("save")
    saved.google.set(has_users=True)
    assert saved.read().verdict.code == "google_in_step"


def test_a_change_that_google_has_yet_to_hear_of(saved):
    saved.ledger.stamp()
    saved.google.owe()
    assert saved.read().verdict.code == "google_soon"
    saved.clock.move(minutes=3)
    assert saved.read().verdict.code == "google_worker_stopped"
    other = saved.ledger.enrol("Eeva")
    shown = cards.show_own(
        saved.services.database, saved.ledger.house.brand_id, str(other["id"]), at=saved.clock()
    )
    serial_number = shown.pass_.serial_number
    note_told(
        saved.services, Told(saved.clock(), serial_number, "patch", 200, due_at=saved.clock())
    )
    assert saved.read().verdict.code == "google_queued"


def test_a_change_that_google_refused_for_good(saved):
    saved.told(status=400, verdict=Verdict.REFUSED, reason="invalidValue")
    saved.google.set(owed_version=2, error="heroImage: not an image")
    step = saved.steps()[-1]
    assert (step.status, step.reason, step.note["verdict"]) == (400, "invalidValue", "refused")
    found = saved.read().verdict
    assert (found.code, found.since) == ("google_refused", step.at)
    assert "heroImage: not an image" in found.says.en


def test_a_programme_that_google_refuses_is_the_verdict_of_its_cards(saved):
    saved.google.owe()
    saved.google.set_class(error="programLogo: the image cannot be fetched")
    assert saved.read().verdict.code == "google_class"


def test_an_account_that_google_does_not_let_in_holds_up_every_card(saved):
    saved.google.owe()
    saved.google.set_issuer(pause_reason="permissionDenied")
    assert saved.read().verdict.code == "google_paused"


def test_a_card_of_an_issuer_that_is_no_longer_ours(services, saved):
    saved.services = services
    assert saved.read().verdict.code == "google_off"


def test_a_card_in_both_wallets_is_told_of_both(saved, phones):
    phone = phones.new(saved.ledger.card)
    phone.register(), phone.list(), phone.fetch()
    traces.write(phones.services)
    found = saved.read()
    assert ([phone.name for phone, _ in found.phones], found.verdict.code) == (
        ["Phone A"],
        "up_to_date",
    )
    text = saved.text()
    assert "Phone A" in text
    assert "The card is in Google Wallet, and Google has the newest version." in text


def test_steps_of_google_are_told_in_words_for_people(saved):
    saved.ledger.stamp()
    saved.told(changed=["loyaltyPoints", "heroImage"], is_notified=True)
    saved.told(changed=["textModulesData"], silence="budget")
    saved.told(status=403, verdict=Verdict.QUOTA, reason="quotaExceeded")
    saved.told(status=0, verdict=Verdict.UNREACHABLE, reason="timeout")
    saved.google.take(balance(1), version=2, notified_at=[int(saved.clock().timestamp())])
    text = saved.text()
    for words in (
        "Google was given the card",
        "put into Google Wallet",
        "Google took the change (picture, points). Google was asked to announce",
        "Google took the change (texts). Silently, because the day's announcements",
        "told again, silently (403 quotaExceeded)",
        "Google did not answer: again later (no answer)",
        "It shows STAMPS 1. Announced within 24 hours: 1.",
        "What it took last: Silently, because the day's",
    ):
        assert words in text, words
    assert not {"loyaltyPoints", "PATCH", "patch", "NOTIFY"} & set(text.split())


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_answer_of_google_has_its_own_words(story, verdict):
    story.told(status=400, verdict=verdict, reason="x")
    said = timeline_text._said(story.steps()[-1])[0]
    assert said.endswith("(400 x)")
    assert sum(said.startswith(words) for words in timeline_text._GOOGLE_REFUSED.values()) == 1


@pytest.mark.parametrize("call", list(timeline_text._GOOGLE_TOOK))
def test_each_call_to_google_has_its_own_words(story, call):
    story.told(call)
    said = timeline_text._said(story.steps()[-1])[0]
    assert said.startswith(timeline_text._GOOGLE_TOOK[call])


def test_calls_are_counted_by_call_and_verdict(story):
    def count():
        return metrics.value("leima_google_calls_total", call="patch", verdict="busy")

    before = count()
    story.told(status=503, verdict=Verdict.BUSY)
    assert count() == before + 1


def test_a_field_that_has_no_word_of_ours_is_not_told_in_googles(story):
    story.told(changed=["someFutureField", "state"])
    assert story.steps()[-1].note["changed"] == ["other", "state"]


@pytest.mark.parametrize(
    ("balance", "value"),
    [
        ({"int": 7}, "7"),
        ({"string": "Kulta"}, "Kulta"),
        ({"money": {"currencyCode": "EUR", "micros": "12500000"}}, "12.50 EUR"),
        ({"money": {"currencyCode": "EUR", "micros": "-70000"}}, "-0.07 EUR"),
    ],
)
def test_what_the_wallet_shows_is_told_of_every_kind_of_balance(balance, value):
    body = {"secondaryLoyaltyPoints": {"label": "Taso", "balance": balance}}
    assert shown_lines(body) == [ShownLine(Text.same("Taso"), value)]


def test_the_wallet_shows_nothing_before_google_took_something():
    assert shown_lines(None) == shown_lines({"state": "ACTIVE"}) == []


def test_a_label_in_many_languages_is_told_in_ours():
    assert shown_lines(balance(3)) == [ShownLine(Text("LEIMAT", "STÄMPLAR", "STAMPS"), "3")]
