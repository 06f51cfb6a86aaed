"""The sandbox as a process: it says when it is ready and ends with whoever started it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import ApiError
from googlewallet.throwaway import ISSUER_ID

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def start(*more: str, stdin: int = subprocess.PIPE) -> subprocess.Popen:
        command = [sys.executable, "-m", "server.sandbox", "--state", str(tmp_path)]
        command += ["--port", "0", "--apns-port", "0", "--service", "http://127.0.0.1:1", *more]
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_says_where_everything_is_and_ends_with_its_input(start: Start):
    process = start()
    ready = json.loads(process.stdout.readline())
    phones = requests.get(f"{ready['phones']}phones.json", timeout=20).json()["phones"]
    assert [phone["id"] for phone in phones] == ["aino", "eero"]
    assert ready["apns"].startswith("https://127.0.0.1:")
    assert ready["google"] is None
    assert Path(ready["root_certificate"]).read_text().startswith("-----BEGIN CERTIFICATE")
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")


def test_it_ends_when_asked_to(start: Start):
    process = start(stdin=subprocess.DEVNULL)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_it_does_not_outlive_its_parent(tmp_path: Path):
    arguments = [
        "--state",
        str(tmp_path),
        "--port",
        "0",
        "--apns-port",
        "0",
        "--service",
        "http://x",
    ]
    program = (
        "import subprocess, sys;"
        f"child = subprocess.Popen([sys.executable, '-m', 'server.sandbox', *{arguments!r}],"
        " stdin=subprocess.DEVNULL, stdout=subprocess.PIPE);"
        "child.stdout.readline(); print(child.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert _ends(int(done.stdout))


def _ends(pid: int) -> bool:
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_it_listens_on_this_machine_only(start: Start):
    _, complaints = start("--host", "0.0.0.0").communicate(timeout=30)  # noqa: S104 - refused
    assert "invalid choice" in complaints


def test_a_taken_port_is_told_in_one_line(start: Start):
    first = start()
    port = json.loads(first.stdout.readline())["phones"].rsplit(":", 1)[1].strip("/")
    _, complaints = start("--port", port).communicate(timeout=30)
    assert complaints.startswith("The sandbox cannot start:")
    assert "Traceback" not in complaints


def test_a_service_of_ones_own_can_push_to_it(start: Start, tmp_path: Path):
    """As docs/push-stand-in.md tells it, with curl for the service."""
    ready = json.loads(start().stdout.readline())
    base, token = ready["phones"], "ab" * 32
    holder = {"pass_type_identifier": "pass.com.example.mine"}
    made = requests.post(f"{base}apns/certificate", json=holder, timeout=20).json()
    (tmp_path / "mine.pem").write_text(made["certificate_pem"] + made["key_pem"])
    requests.post(f"{base}apns/tokens", json={"add": [token]}, timeout=20).raise_for_status()
    fault = {"reason": "TooManyRequests", "retry_after_seconds": 7}
    requests.post(f"{base}apns/faults", json={"answers": [fault]}, timeout=20).raise_for_status()
    command = ["curl", "-s", "--http2", "--cacert", ready["root_certificate"], "-d", "{}"]
    command += ["--cert", str(tmp_path / "mine.pem"), "-w", "%{http_code}"]
    command += [f"{ready['apns']}/3/device/{token}"]
    said = [subprocess.run(command, capture_output=True, text=True).stdout for _ in range(2)]
    assert said == ['{"reason": "TooManyRequests"}429', "200"]
    state = requests.get(f"{base}apns.json", timeout=20).json()
    assert [push["topic"] for push in state["pushes"]] == ["pass.com.example.mine"]


def test_googles_side_starts_with_an_account_of_its_own(start: Start, tmp_path: Path):
    """As docs/google-stand-in.md tells it."""
    process = start("--google-port", "0")
    google = json.loads(process.stdout.readline())["google"]
    account = ServiceAccount.load(tmp_path / "google" / "account" / "service-account.json")
    assert account.token_uri == f"{google}/token"
    client = WalletClient(account, url=f"{google}/walletobjects/v1")
    with pytest.raises(ApiError) as caught:
        client.get(Kind.LOYALTY_CLASS, f"{ISSUER_ID}.none")
    client.close()
    assert caught.value.status == 404
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")


def test_googles_side_needs_an_account_that_can_be_read(start: Start, tmp_path: Path):
    (tmp_path / "account.json").write_text("{}")
    process = start("--google-port", "0", "--google-account", str(tmp_path / "account.json"))
    _, complaints = process.communicate(timeout=30)
    assert complaints.startswith("The sandbox cannot start:")
    assert "account.json" in complaints
    assert "Traceback" not in complaints
