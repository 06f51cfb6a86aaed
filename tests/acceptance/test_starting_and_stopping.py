"""`leima run`: it starts, refuses clearly, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from benchmarks.running import free_port, running_sandbox, start
from passkit.throwaway import Authority
from soak.processes import descendants, outliving

PORTS = (
    "LEIMA_PORT",
    "LEIMA_SANDBOX_PORT",
    "LEIMA_SANDBOX_APNS_PORT",
    "LEIMA_SANDBOX_GOOGLE_PORT",
)


def leima(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEIMA_")}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def answers(http: requests.Session, url: str) -> bool:
    try:
        return http.get(url, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_nothing_keeps_running(tmp_path: Path, number: signal.Signals):
    ports = [free_port() for _ in PORTS]
    process = start(tmp_path, **dict(zip(PORTS, map(str, ports), strict=True)))
    process.send_signal(number)
    status = process.wait(30)
    assert process.stdout is not None
    process.stdout.close()
    assert status == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    until = time.monotonic() + 20
    while not all(map(is_free, ports)):
        assert time.monotonic() < until, "a child outlived its parent"
        time.sleep(0.1)


def test_a_second_start_finds_what_the_first_one_left(tmp_path: Path, http: requests.Session):
    logins = []
    for _ in range(2):
        process = start(tmp_path)
        logins.append((tmp_path / "sandbox.json").read_text("utf-8").split('"api_key"')[1][:80])
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
    assert logins[0] == logins[1]


def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = leima("run", "--sandbox", LEIMA_PORT=port, LEIMA_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert f"port {port} is in use" in done.stderr
    assert "LEIMA_PORT" in done.stderr


def test_production_refuses_throwaway_certificates_also_when_named(tmp_path: Path):
    at = datetime.now(UTC)
    authority = Authority.create(at=at)
    issued = authority.issue_pass_certificate("pass.test.x", "TEAMTEST01", at=at)
    for name, pem in (
        ("cert.pem", issued.certificate_pem),
        ("key.pem", issued.key_pem),
        ("wwdr.pem", authority.intermediate_pem),
    ):
        (tmp_path / name).write_bytes(pem)
    done = leima(
        "run",
        "--production",
        LEIMA_DATA_DIR=str(tmp_path),
        LEIMA_PUBLIC_URL="https://cards.example.com",
        LEIMA_SECRET_KEY="a secret of the tests " * 2,
        LEIMA_APPLE_CERTIFICATE_FILE=str(tmp_path / "cert.pem"),
        LEIMA_APPLE_KEY_FILE=str(tmp_path / "key.pem"),
        LEIMA_APPLE_WWDR_FILE=str(tmp_path / "wwdr.pem"),
    )
    assert done.returncode == 2
    assert "certs.example/README.md" in done.stderr


def test_production_without_certificates_says_where_they_come_from(tmp_path: Path):
    done = leima("run", "--production", LEIMA_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "certs.example/README.md" in done.stderr


def test_the_sandbox_starts_googles_side_unless_another_is_named(
    tmp_path: Path, http: requests.Session
):
    with running_sandbox(tmp_path) as access:
        assert answers(http, f"{access['google_url']}/control/state")
    port = str(free_port())
    url = "http://127.0.0.1:9/walletobjects/v1"
    more = {"LEIMA_SANDBOX_GOOGLE_PORT": port, "LEIMA_GOOGLE_API_URL": url}
    with running_sandbox(tmp_path, **more) as access:
        assert access["google_url"] == url
        assert is_free(int(port))


def test_an_unknown_setting_is_named(tmp_path: Path):
    done = leima("migrate", LEIMA_DATA_DIR=str(tmp_path), LEIMA_TYPO="1")
    assert done.returncode == 2
    assert "LEIMA_TYPO" in done.stderr


def test_the_demo_command_says_how_to_get_in(tmp_path: Path):
    done = leima("demo", LEIMA_DATA_DIR=str(tmp_path))
    assert done.returncode == 0
    assert "aalto-kallio" in done.stdout


def test_the_books_of_a_fresh_demo_agree(tmp_path: Path):
    assert leima("demo", LEIMA_DATA_DIR=str(tmp_path)).returncode == 0
    done = leima("check-ledger", LEIMA_DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "The books agree.\n")


def test_a_stop_is_heard_while_the_servers_process_starts(tmp_path: Path):
    """It is forked with its parent's handlers, and must not keep them."""
    settings = {"LEIMA_DATA_DIR": str(tmp_path), "LEIMA_PORT": str(free_port())}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEIMA_")}
    with subprocess.Popen(
        [sys.executable, "-m", "server.cli", "run"],
        env={**environment, **settings, "LEIMA_LOG_LEVEL": "info"},
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"Spawning worker" in line:
                process.terminate()
            assert b"Killing" not in line
    assert process.returncode == 0


def test_a_server_that_dies_is_replaced_and_answers_again(tmp_path: Path, http: requests.Session):
    process = start(tmp_path)
    url = json.loads((tmp_path / "sandbox.json").read_text("utf-8"))["base_url"]
    worker = descendants(process.pid)[-1]
    worker.kill()
    until = time.monotonic() + 60
    while descendants(process.pid)[-1].pid == worker.pid or not answers(http, f"{url}/healthz"):
        assert process.poll() is None
        assert time.monotonic() < until, "nobody took its place"
        time.sleep(0.1)
    process.terminate()
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()


def test_a_supervisor_killed_while_its_children_start_leaves_none_behind(tmp_path: Path):
    ports = {name: str(free_port()) for name in PORTS}
    with subprocess.Popen(
        [sys.executable, "-m", "server.cli", "run", "--sandbox"],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("LEIMA_")},
            **{"LEIMA_DATA_DIR": str(tmp_path), **ports},
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until = time.monotonic() + 60
        while len(started := descendants(process.pid)) < 3:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.kill()
    assert outliving(started, seconds=60) == []
