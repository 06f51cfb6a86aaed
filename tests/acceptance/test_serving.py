"""`leima run` as it stands on the network: https of its own, proxies in front, a graceful end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from benchmarks.running import free_port
from passkit.throwaway import Authority

_PATIENCE_SECONDS = 60


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`leima run` with its data in `folder`, once its port is open; the process and the port."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEIMA_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "run"],
            env={
                **environment,
                "LEIMA_DATA_DIR": str(folder),
                "LEIMA_PORT": str(port),
                **settings,
            },
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_answered(port, process)
        yield process, port
    finally:
        process.terminate()
        process.wait(30)


def wait_until_answered(port: int, process: subprocess.Popen[bytes]) -> None:
    """The port opens before the app is ready: wait for bytes to come back."""
    limit = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(_PATIENCE_SECONDS)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if _has_answered(probe):
                    return
        time.sleep(0.1)
    raise AssertionError("leima run did not start")


def _has_answered(probe: socket.socket) -> bool:
    try:
        return bool(probe.recv(1))
    except ConnectionError:  # a server that speaks TLS hangs up on plain words
        return True


@pytest.fixture
def https(tmp_path: Path) -> dict[str, str]:
    """Settings for https of one's own."""
    at = datetime.now(UTC)
    authority = Authority.create(at=at)
    issued = authority.issue_server_certificate(["127.0.0.1"], at=at)
    for name, pem in (
        ("tls.pem", issued.certificate_pem),
        ("tls.key", issued.key_pem),
        ("root.pem", authority.root_pem),
    ):
        (tmp_path / name).write_bytes(pem)
    return {
        "LEIMA_TLS_CERT_FILE": str(tmp_path / "tls.pem"),
        "LEIMA_TLS_KEY_FILE": str(tmp_path / "tls.key"),
    }


def test_it_serves_https_itself(tmp_path: Path, https: dict[str, str], http: requests.Session):
    http.verify = str(tmp_path / "root.pem")
    with serving(tmp_path, **https) as (_, port):
        assert http.get(f"https://127.0.0.1:{port}/healthz", timeout=10).json() == {"status": "ok"}
        with pytest.raises(requests.ConnectionError):
            http.get(f"http://127.0.0.1:{port}/healthz", timeout=10)


def test_a_forged_forwarded_address_opens_nothing(tmp_path: Path, http: requests.Session):
    with serving(tmp_path, LEIMA_TRUSTED_PROXIES="127.0.0.1") as (_, port):
        url = f"http://127.0.0.1:{port}/metrics"
        assert http.get(url, timeout=10).status_code == 200
        for forged in ("192.0.2.7", "127.0.0.1, 192.0.2.7"):
            answer = http.get(url, headers={"X-Forwarded-For": forged}, timeout=10)
            assert answer.status_code == 401


def test_requests_under_way_are_answered_before_it_ends(tmp_path: Path):
    def sign_in(number: int) -> int:
        form = {"login": f"till-{number}", "password": "wrong, and slow to find out"}
        with requests.Session() as session:
            session.trust_env = False
            url = f"http://127.0.0.1:{port}/till/login"
            return session.post(url, data=form, timeout=30).status_code

    with serving(tmp_path) as (process, port), ThreadPoolExecutor(10) as callers:
        answers = [callers.submit(sign_in, number) for number in range(10)]
        limit = time.monotonic() + 30
        while not any(answer.done() for answer in answers):
            assert time.monotonic() < limit
            time.sleep(0.001)
        assert not all(answer.done() for answer in answers), "nothing was under way any more"
        process.send_signal(signal.SIGTERM)
        assert [answer.result() for answer in answers] == [401] * 10
        assert process.wait(20) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_bodies_that_never_come_stop_nobody(tmp_path: Path, http: requests.Session):
    half = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nlogin=a"
    routes = (b"/till/login", b"/v1/log", b"/till/scan", b"/api/v1/events")
    with serving(tmp_path) as (process, port), ExitStack() as opened:
        url = f"http://127.0.0.1:{port}"
        stalled = []
        for number in range(20):
            caller = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
            caller.settimeout(_PATIENCE_SECONDS)
            caller.sendall(half % routes[number % len(routes)])
            stalled.append(caller)
        time.sleep(0.5)
        assert http.get(f"{url}/healthz", timeout=8).status_code == 200
        form = {"login": "nobody", "password": "wrong"}
        assert http.post(f"{url}/till/login", data=form, timeout=8).status_code == 401
        heads = [caller.recv(4096).partition(b"\r\n")[0] for caller in stalled]
        assert heads == [b"HTTP/1.1 408 Request Timeout"] * 20
        assert all(_has_hung_up(caller) for caller in stalled)
        last = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
        last.sendall(half % routes[0])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE_SECONDS) == 0


def _has_hung_up(caller: socket.socket) -> bool:
    try:
        while caller.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("told", [[], ["-H", "Content-Length: 9"]], ids=["untold", "told"])
def test_a_body_over_http2_needs_a_length_too(tmp_path: Path, told: list[str]):
    with serving(tmp_path) as (_, port):
        command = ["curl", "-sS", "--http2-prior-knowledge", "--noproxy", "*", "-T", "-"]
        answer = subprocess.run(
            [
                *command,
                "-X",
                "POST",
                "-o",
                "/dev/null",
                "-w",
                "%{http_version} %{http_code}",
                *told,
                "-H",
                "Content-Type: application/json",
                f"http://127.0.0.1:{port}/v1/log",
            ],
            input=b'{"logs":[' if told else b'{"logs":[]}',
            capture_output=True,
            timeout=30,
            check=True,
        )
    assert answer.stdout == (b"2 400" if told else b"2 411"), answer.stderr
