"""The stand-in goes on where it was, however it ended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import ServiceAccount
from server.sandbox.errors import StateUnreadable
from server.sandbox.google.stand_in import Account
from tests.sandbox.google.conftest import OBJECT, Caller, loyalty_class, loyalty_object

NOTIFYING = {"header": "Hei", "body": "Uutta", "messageType": "TEXT_AND_NOTIFY"}


@contextmanager
def killed(state: Path) -> Iterator[str]:
    """A sandbox in a process of its own, which ends by SIGKILL; its address."""
    command = [sys.executable, "-m", "server.sandbox", "--state", str(state)]
    command += ["--apns-port", "none", "--google-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["google"]
        finally:
            process.kill()


def test_after_a_kill_cards_budgets_and_keys_are_those_of_before(tmp_path: Path):
    file = tmp_path / "google" / "account" / "service-account.json"
    keys = []
    for run in range(2):
        with killed(tmp_path) as url:
            client = WalletClient(ServiceAccount.load(file), url=f"{url}/walletobjects/v1")
            if run == 0:
                client.insert(Kind.LOYALTY_CLASS, loyalty_class())
                client.insert(Kind.LOYALTY_OBJECT, loyalty_object())
            answer = requests.get(f"{url}/gp/m/issuer/keys", timeout=20).json()
            keys.append(answer["keys"][0]["keyValue"])
            assert client.get(Kind.LOYALTY_OBJECT, OBJECT)["id"] == OBJECT
            client.close()
    assert keys[0] == keys[1]


def test_notifications_of_before_count(card: Caller, start):
    for _ in range(3):
        card.google._resources.add_message(Kind.LOYALTY_OBJECT, OBJECT, {"message": NOTIFYING})
    again = start(now=card.clock)
    client = WalletClient(ServiceAccount.load(again._account_file), url=again.api_url)
    with pytest.raises(Exception, match="quotaExceeded"):
        client.add_message(Kind.LOYALTY_OBJECT, OBJECT, NOTIFYING)
    card.clock.move(hours=24)
    client.add_message(Kind.LOYALTY_OBJECT, OBJECT, NOTIFYING)
    client.close()


def test_the_cards_of_somebody_who_was_added_are_still_there(card: Caller, start):
    eino = Account(id="eino", name="Eino", email="eino@example.com", language="fi")
    card.google.accounts["eino"] = eino
    card.save("eino")
    assert start(now=card.clock).wallets["eino"] == (OBJECT,)


def test_keys_that_are_damaged_are_told(card: Caller, start, tmp_path: Path):
    card.google.stop()
    (tmp_path / "google" / "callback-keys.json").write_text("{")
    with pytest.raises(StateUnreadable, match="damaged"):
        start()
