"""A card's way to Google, as its timeline tells what really happened: a worker and the stand-in."""

from functools import partial

import pytest

from server import cards, google_checks, google_outside, traces
from server.sandbox.google.faults import AnswerFault
from server.timelines import timeline
from server.wallets.google.shown import differing, shown_lines
from server.wallets.google.trace import note_callback


class Story:
    """Aino's card, which is in her Google Wallet, and how the timeline tells it."""

    def __init__(self, google, ledger) -> None:
        self.google, self.ledger = google, ledger

    @property
    def services(self):
        return self.google.services

    def shown(self):
        brand_id, at = self.ledger.house.brand_id, self.services.now()
        return cards.show_own(self.services.database, brand_id, str(self.ledger.card), at=at)

    def stamp(self, times=1):
        """Stamps, each told before the next."""
        for _ in range(times):
            self.google.clock.move(minutes=1)
            self.ledger.stamp()
            self.google.drain()

    def read(self):
        traces.write(self.services)
        compare = partial(differing, self.services)
        return timeline.read(self.services, self.shown(), limit=100, differing=compare)

    def there(self):
        found = self.read().google
        assert found is not None
        return found[0]

    def code(self):
        return self.read().verdict.code

    def calls(self):
        return [step for step in self.read().steps if step.what == "told"][::-1]

    def doctor(self):
        settings, at = self.services.settings, self.services.now()
        found = google_checks.look(settings, self.services.database, at=at)
        known = google_outside.known(self.services.database, settings.google_issuer_id)
        found += google_outside.look(settings, known, at=at)
        return {check.name: check for check in found}


@pytest.fixture
def story(google, saved) -> Story:
    return Story(google, saved)


def test_how_a_card_came_to_google(story):
    assert [step.note["call"] for step in story.calls()][-1] == "insert"
    assert {step.note["verdict"] for step in story.calls()} == {"taken"}
    assert story.code() == "google_in_step"


def test_a_stamp_that_the_phone_spoke_of(story):
    story.stamp()
    step = story.calls()[-1]
    assert (step.note["call"], step.note["verdict"], step.status) == ("patch", "taken", 200)
    assert (step.note["notified"], step.note["silence"]) == (True, None)
    assert "points" in step.note["changed"]
    assert "other" not in step.note["changed"]
    facts = story.there()
    assert shown_lines(facts.sent)[0].value == "1"
    assert len(facts.announced(story.services.now())) == 1
    assert story.code() == "google_in_step"


def test_a_stamp_that_the_phone_was_to_keep_quiet_about(story):
    story.stamp(4)
    assert story.there().change.silence == "budget"
    assert [step.note["notified"] for step in story.calls()][-4:] == [True, True, True, False]


def test_a_change_that_google_does_not_take(story):
    story.google.fail(AnswerFault(status=400, reason="invalid", method="PATCH"))
    story.stamp()
    assert story.code() == "google_refused"
    assert story.doctor()["google queue"].level == "fail"
    story.stamp()
    assert story.code() == "google_in_step"


def test_an_account_that_is_taken_off_the_issuer(story):
    fault = AnswerFault(status=403, reason="permissionDenied", path="/walletobjects/", count=None)
    story.google.fail(fault)
    story.ledger.stamp()
    story.google.run_until(lambda: story.google.issuer().pause_reason is not None)
    assert story.code() == "google_paused"
    found = story.doctor()
    assert (found["google queue"].level, found["google access"].level) == ("fail", "fail")
    assert "as Developer" in found["google access"].do


def test_a_google_that_is_down(story):
    story.google.fail(AnswerFault(status=503, count=None))
    story.stamp()
    assert story.code() == "google_down"


def test_a_google_that_asks_to_go_slower(story):
    story.google.fail(AnswerFault(status=429, retry_after_seconds=5, count=None))
    story.stamp()
    assert story.code() == "google_slowed"
    assert story.doctor()["google queue"].level == "warn"


def test_a_card_whose_face_is_another_than_was_sent(story):
    with story.services.database.transaction() as session:
        row = story.google.row(story.ledger.card)
        row.sent = {**row.sent, "heroImage": {"sourceUri": {"uri": "https://a.example/x.png"}}}
        session.merge(row)
    facts = story.there()
    assert (story.code(), facts.differs) == ("google_differs", ["picture"])


def test_a_card_that_was_taken_out(story):
    story.google.stand_in.remove("aino", story.google.object_id(story.ledger.card))
    note_callback(story.services, story.shown().pass_.serial_number, "del", at=story.services.now())
    with story.services.database.transaction() as session:
        row = story.google.row(story.ledger.card)
        row.has_users = None  # asked anew
        session.merge(row)
    assert story.code() == "google_removed"
