"""A card's way to its phones, told from what really happened: HTTP calls and a push service."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from server import cards, registrations, traces
from server.errors import Refused
from server.sandbox.faults import AnswerFault, Faults
from server.timelines import timeline
from server.wallets import apple_trace
from server.wallets.identity import load

A, B = "aa" * 32, "bb" * 32


class Story:
    """A card, its phones and the worker that tells them, and how the timeline tells it."""

    def __init__(self, desk, ledger, phones, clock) -> None:
        self.desk, self.ledger, self.phones, self.clock = desk, ledger, phones, clock
        self.services = desk.services

    def phone(self, token=A, library="a" * 32, card=None):
        """A phone that has just added the card, as phones do: register, list, fetch."""
        self.desk.apns.tokens.add(token)
        phone = self.phones.new(card or self.ledger.card, library)
        assert phone.register(token).status_code == 201
        self.refresh(phone)
        self.clock.move(minutes=30)
        return phone

    def refresh(self, phone, since=None):
        """What a pushed phone does: it asks, and fetches when it is told to."""
        if phone.list(since).status_code == 200:
            phone.fetch()

    def stamp_and_push(self, seconds=1.0):
        self.ledger.stamp()
        self.desk.drain()
        self.clock.move(seconds=seconds)

    def read(self, *, card=None, **asked):
        traces.write(self.services)
        database, at = self.services.database, self.clock()
        shown = cards.show_own(
            database, self.ledger.house.brand_id, str(card or self.ledger.card), at=at
        )
        return timeline.read(self.services, shown, **{"limit": 100, **asked})

    def verdict(self, **asked):
        return self.read(**asked).verdict.code

    def verdicts(self):
        return [verdict.code for _, verdict in self.read().phones]

    def told(self):
        return [step.what for step in self.read().steps]

    def fault(self, status, reason="", **more):
        self.desk.apns.faults = Faults(answers=[AnswerFault(status=status, reason=reason, **more)])

    def is_put_off(self, token=A):
        row = self.desk.delivery(token)
        return row.attempts > 0 and row.claimed_at is None


@pytest.fixture
def story(desk, ledger, phones, clock) -> Story:
    return Story(desk, ledger, phones, clock)


def test_a_card_that_nobody_added(story):
    assert story.verdict() == "nobody"
    assert story.read().phones == []


def test_a_card_that_was_opened_and_not_added(story):
    made = story.ledger.enrol("Eeva")
    path = urlsplit(str(made["pass_url"])).path
    assert story.phones.client.get(path).status_code == 200
    assert story.verdict(card=made["id"]) == "not_added"
    assert story.read(card=made["id"]).steps[0].what == "downloaded"


def test_a_stamp_that_arrived(story):
    phone = story.phone()
    story.stamp_and_push()
    story.refresh(phone)
    assert story.verdict() == "up_to_date"
    steps = story.read().steps[3::-1]
    assert [(step.what, step.after_seconds) for step in steps] == [
        ("changed", None),
        ("pushed", 0.0),
        ("listed", 1.0),
        ("fetched", 1.0),
    ]
    assert (steps[-1].version, steps[-1].status, steps[-1].phone) == (2, 200, "Phone A")


def test_a_version_tells_which_lines_changed_and_how(story):
    story.ledger.stamp(2)
    newest = next(step for step in story.read().steps if step.what == "changed")
    assert [(c.key, c.part, c.old[2], c.new[2]) for c in newest.changes] == [
        ("stamps", "value", "1 / 10", "2 / 10"),
        ("next", "label", "9 STAMPS TO GO", "8 STAMPS TO GO"),
    ]
    assert "8" in newest.changes[1].new[0]


def test_a_304_is_told_as_what_it_is(story):
    phone = story.phone()
    held = phone.fetch().headers["Last-Modified"]
    assert phone.fetch(If_Modified_Since=held).status_code == 304
    step = story.read().steps[0]
    assert (step.what, step.status, step.version) == ("unchanged", 304, 1)
    assert story.verdict() == "up_to_date"


def test_a_phone_is_waited_for_and_then_called_silent(story):
    story.phone()
    story.stamp_and_push()
    assert story.verdict() == "waiting"
    story.clock.move(minutes=20)
    assert story.verdict() == "silent"


def test_a_phone_that_stopped_answering_many_pushes_is_throttled(story):
    story.phone()
    for _ in range(16):
        story.stamp_and_push(seconds=90)
    assert story.verdict() == "throttled"


def test_a_phone_that_registered_and_never_asked(story):
    story.desk.apns.tokens.add(A)
    story.phones.new(story.ledger.card).register(A)
    story.stamp_and_push(seconds=3600)
    assert story.verdict() == "never_asks"


def test_a_phone_that_was_told_and_does_not_fetch(story):
    phone = story.phone()
    story.stamp_and_push()
    phone.list()
    assert story.verdict() == "fetching"
    story.clock.move(minutes=5)
    assert story.verdict() == "not_fetched"


def test_a_phone_that_comes_with_a_wrong_token(story):
    phone = story.phone()
    story.stamp_and_push()
    phone.list()
    phone.fetch(Authorization="ApplePass " + "x" * 40)
    assert story.verdict() == "wrong_token"
    assert (story.read().steps[0].reason, story.read().steps[0].status) == ("fetch", 401)


def test_a_phone_that_met_an_error_of_ours(story, monkeypatch):
    phone = story.phone()
    story.stamp_and_push()
    tag = story.clock()
    phone.client.application.testing = False
    monkeypatch.setattr(registrations, "changes", lambda *_: 1 / 0)
    assert phone.list().status_code == 500
    assert (story.verdict(), tag <= story.clock()) == ("service_failed", True)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            "Get pass task (serial number {s}) encountered error: Authentication failure",
            "wrong_token",
        ),
        ("Get pass task (serial number {s}) got Unexpected response code 503", "unexpected_status"),
        (
            "Web service error: Server ignored the 'if-modified-since' header and returned the "
            "full unchanged pass data for serial number '{s}'.",
            "condition_ignored",
        ),
        ("Update requested for unregistered serial number {s}", "listed_unregistered"),
        ("The pass with serial number {s} could not be read", "other"),
    ],
)
def test_a_phone_that_complains(story, line, kind):
    phone = story.phone()
    story.stamp_and_push()
    line = line.format(s=phone.pass_.serial_number)
    phone.client.post("/v1/log", json={"logs": [line]})
    found = story.read()
    assert (found.verdict.code, found.steps[0].reason) == ("complains", kind)
    assert found.phones[0][1].do.en


def test_a_complaint_is_told_inert_and_without_the_device(story):
    phone = story.phone()
    serial_number = phone.pass_.serial_number
    line = f"Get pass task (for device {'d' * 8}, pass type p.x, serial number {serial_number}"
    phone.client.post("/v1/log", json={"logs": [f"{line}; \x1b[31m) ApplePass {'t' * 40}"]})
    told = story.read().steps[0].note["text"]
    assert "d" * 8 not in told
    assert "t" * 40 not in told
    assert "\x1b" not in told


def test_apples_word_that_a_phone_is_gone(story, clock):
    phone = story.phone()
    story.desk.apns.tokens.retire(A, at=clock() + timedelta(hours=1))
    story.stamp_and_push()
    assert story.verdict() == "phone_gone"
    phone.list()
    story.clock.move(seconds=5)
    assert story.verdict() == "asks_unregistered"


def test_a_push_token_that_apple_does_not_know(story):
    story.phone()
    story.fault(400, "BadDeviceToken")
    story.stamp_and_push()
    assert story.verdict() == "token_refused"
    pushed = next(step for step in story.read().steps if step.what == "pushed")
    assert (pushed.status, pushed.reason) == (400, "BadDeviceToken")


def test_a_certificate_that_apple_refuses_holds_up_every_phone(story):
    story.phone(A), story.phone(B, "b" * 32)
    story.fault(403, "BadCertificate", count=None)
    story.ledger.stamp()
    story.desk.run_until(lambda: story.desk.apns.answers["403 BadCertificate"] > 0)
    story.desk.run_until(lambda: len(story.services.tracer) > 6)
    assert story.verdicts() == ["certificate", "certificate"]


def test_a_push_service_that_is_down(story):
    story.phone()
    story.fault(503, "ServiceUnavailable")
    story.ledger.stamp()
    story.desk.run_until(story.is_put_off)
    assert story.verdict() == "push_down"


def test_a_push_service_that_cannot_be_reached(story):
    story.phone()
    story.desk.restart(apns_url="https://127.0.0.1:1")
    story.ledger.stamp()
    story.desk.run_until(lambda: story.verdict() == "push_down")
    assert story.read().steps[0].status == 0


def test_a_phone_that_had_too_many(story):
    story.phone()
    story.fault(429, "TooManyRequests")
    story.ledger.stamp()
    story.desk.run_until(story.is_put_off)
    assert story.verdict() == "too_many"


def test_a_push_that_apple_refuses_for_good(story):
    story.phone()
    story.fault(413, "PayloadTooLarge")
    story.stamp_and_push()
    assert story.verdict() == "push_refused"


def test_a_change_that_no_worker_sends(story):
    story.phone()
    story.ledger.stamp()
    assert story.verdict() == "push_soon"
    story.clock.move(minutes=2)
    assert story.verdict() == "worker_stopped"


def test_a_throw_away_certificate_tells_nobody(story, clock):
    story.phone()
    story.ledger.stamp()
    known = load(story.services.settings, at=clock())
    settings = replace(story.services.settings, apns_url=None)
    assert apple_trace.pushes_are_off(settings, known)
    assert not apple_trace.pushes_are_off(story.services.settings, known)
    assert story.verdict(is_push_off=True) == "push_off"


def test_a_card_that_was_removed_and_one_whose_updates_are_off(story):
    phone = story.phone()
    phone.unregister()
    assert story.verdict() == "removed"
    story.clock.move(minutes=1)
    phone.fetch()
    assert story.verdict() == "updates_off"


def test_a_phone_that_adds_the_card_again_is_the_same_phone(story):
    phone = story.phone()
    phone.unregister()
    story.clock.move(minutes=1)
    phone.register(A)
    story.refresh(phone)
    found = story.read()
    assert [(each.name, verdict.code) for each, verdict in found.phones] == [
        ("Phone A", "up_to_date")
    ]


def test_a_household_card_shows_each_phone(story):
    first, second = story.phone(A, "a" * 32), story.phone(B, "b" * 32)
    story.stamp_and_push()
    story.refresh(second)
    found = story.read()
    assert [(each.name, verdict.code) for each, verdict in found.phones] == [
        ("Phone A", "waiting"),
        ("Phone B", "up_to_date"),
    ]
    assert (found.verdict.code, found.verdict.phone) == ("waiting", "Phone A")
    fetched = found.steps[0]
    assert (fetched.what, fetched.phone, fetched.is_inferred) == ("fetched", "Phone B", True)
    story.refresh(first)
    assert story.verdict() == "up_to_date"


def test_of_two_phones_that_were_told_the_caller_tells_who_fetches(story):
    first, second = story.phone(A, "a" * 32), story.phone(B, "b" * 32)
    for phone, address in ((first, "10.0.0.1"), (second, "10.0.0.2")):
        phone.client.get(phone.devices_path, environ_base={"REMOTE_ADDR": address})
    second.client.get(
        second.pass_path, headers=second.headers, environ_base={"REMOTE_ADDR": "10.0.0.2"}
    )
    assert story.read().steps[0].phone == "Phone B"


def test_what_a_phone_does_for_other_cards_after_it_left_is_not_told(story):
    other = story.ledger.enrol("Eeva")["id"]
    phone = story.phone()
    story.phones.new(other).register(A)
    phone.unregister()
    story.clock.move(minutes=5)
    before = len(story.read().steps)
    phone.list()
    assert len(story.read().steps) == before
    assert story.told()[0] == "unregistered"


def test_another_cards_story_is_another(story):
    other = story.ledger.enrol("Eeva")["id"]
    story.phone(), story.stamp_and_push()
    assert [step.what for step in story.read(card=other).steps] == ["changed", "event"]
    assert story.verdict(card=other) == "nobody"


def test_pages_follow_each_other_without_a_gap(story):
    phone = story.phone()
    for _ in range(4):
        story.stamp_and_push(seconds=30)
        story.refresh(phone)
    whole = story.read()
    seen, cursor = [], None
    while True:
        page = story.read(limit=3, cursor=cursor)
        seen += [(step.at, step.key, step.phone, step.version) for step in page.steps]
        assert page.verdict == whole.verdict
        if (cursor := page.next) is None:
            break
    assert seen == [(step.at, step.key, step.phone, step.version) for step in whole.steps]
    assert len(seen) > 20


def test_a_cursor_of_somebody_elses_is_refused(story):
    with pytest.raises(Refused):
        story.read(cursor="x")


def test_what_is_older_than_the_trace_is_still_told_by_its_events(story):
    story.phone()
    story.stamp_and_push()
    traces.write(story.services)
    keep = timedelta(days=30)
    story.clock.move(days=40)
    traces.prune(story.services.database, at=story.clock(), keep=keep)
    found = story.read()
    assert [step.what for step in found.steps] == ["event", "event"]
    assert found.phones[0][1].code in ("silent", "never_asks")
