"""Callbacks leave signed as Google signs them, wrong as told, and again when they are not taken."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from googlewallet.callbacks import Callback, CallbackKeys, CallbackVerifier
from googlewallet.errors import CallbackRefused
from googlewallet.throwaway import ISSUER_ID, Flaw
from server.sandbox.google.faults import CallbackFaults
from server.sandbox.google.stand_in import Faults
from tests.sandbox.google.conftest import CLASS, OBJECT, Caller


@dataclass
class Receiver:
    """Takes callbacks. `answers` are statuses to give first."""

    url: str = ""
    robots: str = ""
    bodies: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    app = Flask("receiver")

    @app.post("/google/callback")
    def take() -> Response:
        receiver.bodies.append(request.data)
        return Response(status=receiver.answers.pop(0) if receiver.answers else 200)

    @app.get("/robots.txt")
    def robots() -> str:
        return receiver.robots

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    receiver.url = f"http://127.0.0.1:{server.port}/google/callback"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def card(caller: Caller, receiver: Receiver) -> Caller:
    caller.make_card(callbackOptions={"url": receiver.url})
    return caller


@pytest.fixture
def settled(card: Caller) -> Callable[[], None]:
    """Waits until every callback has been taken or given up."""

    def settled() -> None:
        end = time.monotonic() + 30
        while not card.google.callbacks.is_idle():
            assert time.monotonic() < end, "callbacks are still on their way"
            time.sleep(0.01)

    return settled


@pytest.fixture
def verify(card: Caller) -> Callable[[bytes], Callback]:
    keys = CallbackKeys(url=card.google.keys_url, now=card.clock)
    return CallbackVerifier(ISSUER_ID, keys, card.clock).verify


def test_saving_and_removing_are_told_signed(card, receiver, settled, verify):
    card.save()
    card.google.remove("aino", OBJECT)
    settled()
    saved, removed = map(verify, receiver.bodies)
    assert (saved.event, saved.class_id, saved.object_id) == ("save", CLASS, OBJECT)
    assert (removed.event, removed.object_id) == ("del", OBJECT)
    assert saved.nonce != removed.nonce


def test_saving_again_is_not_told_again(card, receiver, settled):
    card.save()
    card.save()
    settled()
    assert len(receiver.bodies) == 1


def test_a_class_without_an_address_is_told_nothing(caller: Caller):
    caller.make_card()
    caller.save()
    assert caller.google.callbacks.is_idle()
    assert not caller.google.callbacks.sent


@pytest.mark.parametrize("flaw", list(Flaw))
def test_a_callback_with_any_flaw_is_one_that_must_be_refused(
    card, receiver, settled, verify, flaw: Flaw
):
    card.google.faults = Faults(callbacks=CallbackFaults(flaws=[flaw]))
    card.save()
    card.google.remove("aino", OBJECT)
    settled()
    flawed, good = receiver.bodies
    with pytest.raises(CallbackRefused):
        verify(flawed)
    assert verify(good).event == "del"


def test_what_is_not_taken_comes_again_the_same(card, receiver, settled):
    card.google.faults = Faults(callbacks=CallbackFaults(retry_seconds=[0.01, 0.01]))
    receiver.answers = [500, 400]
    card.save()
    settled()
    assert len(receiver.bodies) == 3
    assert len(set(receiver.bodies)) == 1
    sent = card.google.callbacks.sent
    assert [(each.attempt, each.status) for each in sent] == [(1, 500), (2, 400), (3, 200)]


def test_it_is_given_up_after_the_last_try(card, receiver, settled):
    card.google.faults = Faults(callbacks=CallbackFaults(retry_seconds=[0.01]))
    receiver.answers = [500] * 5
    card.save()
    settled()
    assert [each.status for each in card.google.callbacks.sent] == [500, 500]


def test_it_can_come_twice_late_or_not_at_all(card, receiver, settled):
    card.google.faults = Faults(callbacks=CallbackFaults(copies=2, delay_seconds=0.05))
    card.save()
    settled()
    assert len(receiver.bodies) == 2
    assert receiver.bodies[0] == receiver.bodies[1]
    card.google.faults = Faults(callbacks=CallbackFaults(is_off=True))
    card.google.remove("aino", OBJECT)
    settled()
    assert len(receiver.bodies) == 2


def test_robots_txt_must_let_googlebot_in(card, receiver, settled):
    card.google.faults = Faults(callbacks=CallbackFaults(retry_seconds=[]))
    receiver.robots = "User-agent: *\nDisallow: /google/\n"
    card.save()
    settled()
    assert receiver.bodies == []
    assert "robots.txt" in card.google.callbacks.sent[-1].error


def test_a_receiver_that_is_gone_is_noted(caller: Caller, settled):
    callbacks = caller.google.callbacks
    caller.google.faults = Faults(callbacks=CallbackFaults(retry_seconds=[]))
    message = {"classId": CLASS, "objectId": OBJECT, "eventType": "save"}
    callbacks.send("http://127.0.0.1:9/google/callback", message)
    settled()
    assert callbacks.sent[-1].status is None
    assert callbacks.sent[-1].error


def test_the_message_names_what_google_names(card, receiver, settled):
    card.save()
    settled()
    message = json.loads(json.loads(receiver.bodies[0])["signedMessage"])
    assert message.keys() == {
        "classId",
        "objectId",
        "eventType",
        "expTimeMillis",
        "nonce",
        "count",
    }
