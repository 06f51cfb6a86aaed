"""A stamp's price: processor time of the server, beside a trivial Flask POST on the same server.

Both are sent over the same connections to the same process, slice by slice in turn. A stamp goes
all the way: key, event, ledger, commit, and the push written to the stand-in of Apple's service,
which runs in a process of its own. Every card is on a phone of its own, so each stamp is a push.
"""

import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from flask import Flask, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlmodel import select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from benchmarks.figures import Figure
from benchmarks.running import free_port
from passkit.throwaway import Authority
from server import (
    clock,
    config,
    demo,
    events,
    logs,
    members,
    metrics,
    migrations,
    registrations,
    staff,
)
from server.app import create_app
from server.db import Database
from server.models import Pass
from server.sandbox.apns import HOST, ApnsStandIn
from server.services import Services
from server.wallets import identity
from server.worker import Worker

TITLE = "A stamp over HTTP: committed and pushed, SQLite, one process"

_CARDS = 200
_CONNECTIONS = 4
_ROUNDS = 6
_BATCH = 500
_GOAL = 6.0
_PATIENCE_SECONDS = 60.0
_TRIVIAL = Flask("trivial")


_STATE = Flask("state")


@_STATE.post("/")
def _state() -> dict[str, float]:
    """Processor seconds of the server so far, and the pushes that were accepted."""
    return {
        "processor": time.process_time(),
        "pushes": metrics.value("leima_pushes_total", verdict="accepted"),
    }


@_TRIVIAL.post("/")
def _echo() -> dict[str, Any]:
    """The least that a POST can be: JSON in, JSON out."""
    body = request.get_json()
    return {"id": body["id"], "name": body["name"], "is_done": True}


def measure() -> list[Figure]:
    """Processor time of each, and how long a full batch takes."""
    with TemporaryDirectory() as name, child("push", Path(name)) as apns_port:
        settings = settings_for(Path(name), apns_port)
        key, cards = _fill(config.read(settings))
        with _server(Path(name), settings) as port, ThreadPoolExecutor(_CONNECTIONS) as pool:
            caller = _Caller(port, key, pool)
            rounds = [caller.round(cards) for _ in range(_ROUNDS + 1)][1:]
            batch_seconds = caller.batch(cards)
    ratio = statistics.median(stamp / trivial for trivial, stamp, _ in rounds)
    trivial, stamp, wall = (statistics.median(each) for each in zip(*rounds, strict=True))
    return [
        Figure(what="trivial Flask POST", figure=f"{trivial * 1e6:,.0f} us of processor"),
        Figure(
            what="stamp, committed and pushed",
            figure=f"{stamp * 1e6:,.0f} us of processor, {1 / wall:,.0f} /s",
            ratio=ratio,
            goal=_GOAL,
            is_ceiling=True,
            note=f"to the trivial one, medians of {_ROUNDS} slices of {_CARDS} over {_CONNECTIONS}"
            " connections; the worker's time is in it",
        ),
        Figure(what=f"a batch of {_BATCH} events", figure=f"{batch_seconds:.2f} s"),
    ]


class _Caller:
    """Sends slices of requests and reads what they cost the server."""

    def __init__(self, port: int, key: str, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._lines = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(_CONNECTIONS)]

    def round(self, cards: list[str]) -> tuple[float, float, float]:
        """Processor seconds of a trivial POST and of a stamp, and seconds by the clock of one."""
        trivial, _ = self._cost(partial(self._send_all, "/trivial/", cards))
        stamp, wall = self._cost(partial(self._stamp_all, cards))
        return trivial / len(cards), stamp / len(cards), wall / len(cards)

    def batch(self, cards: list[str]) -> float:
        """Seconds for one call with as many events as it may have."""
        chosen = [cards[number % len(cards)] for number in range(_BATCH)]
        start = time.perf_counter()
        answer = self._post(
            self._lines[0], "/api/v1/events/batch", {"events": [_event(card) for card in chosen]}
        )
        seconds = time.perf_counter() - start
        if {result["status"] for result in answer["results"]} != {200}:
            raise RuntimeError("an event of the batch was refused")
        return seconds

    def _cost(self, send: Callable[[], None]) -> tuple[float, float]:
        start, before = time.perf_counter(), self._state()
        send()
        seconds = time.perf_counter() - start
        return self._state()["processor"] - before["processor"], seconds

    def _stamp_all(self, cards: list[str]) -> None:
        wanted = self._state()["pushes"] + len(cards)
        self._send_all("/api/v1/events", cards)
        until = time.monotonic() + _PATIENCE_SECONDS
        while self._state()["pushes"] < wanted:
            if time.monotonic() > until:
                raise RuntimeError("a push was never accepted")
            time.sleep(0.02)

    def _send_all(self, path: str, cards: list[str]) -> None:
        def send(number: int) -> None:
            for card in cards[number::_CONNECTIONS]:
                self._post(self._lines[number], path, _event(card))

        list(self._pool.map(send, range(_CONNECTIONS)))

    def _state(self) -> dict[str, float]:
        return self._post(self._lines[0], "/state/", {})

    def _post(self, line: http.client.HTTPConnection, path: str, body: Any) -> dict[str, Any]:
        try:
            line.request("POST", path, json.dumps(body), self._headers)
            answer = line.getresponse()
        except ConnectionError:  # the server closes what was idle for long
            line.close()
            line.request("POST", path, json.dumps(body), self._headers)
            answer = line.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text.decode()}")
        read: dict[str, Any] = json.loads(text)
        return read


def _event(card: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "card": card, "name": "stamped"}


def settings_for(folder: Path, apns_port: int) -> dict[str, str]:
    return {
        "LEIMA_DATA_DIR": str(folder),
        "LEIMA_PUSH_JOIN_SECONDS": "0",
        "LEIMA_APNS_URL": f"https://{HOST}:{apns_port}",
        "LEIMA_APNS_CA_FILE": str(folder / "root.pem"),
        "LEIMA_LOG_LEVEL": "info",
    }


def _fill(settings: config.Settings) -> tuple[str, list[str]]:
    """An API key, and cards on phones of their own."""
    services = Services(Database(settings.database_url), settings)
    migrations.upgrade(services.database.engine)
    known = identity.load(settings, at=services.now())
    access = demo.seed(
        services,
        pass_type_identifier=known.pass_type_identifier,
        team_identifier=known.team_identifier,
    )
    brand_id = staff.brand_of_key(services, access.api_key)
    origin = events.Origin(brand_id=brand_id, source="api")
    cards = [_card_on_phone(services, origin, access.programme) for _ in range(_CARDS)]
    services.database.dispose()
    return access.api_key, cards


def _card_on_phone(services: Services, origin: events.Origin, programme: str) -> str:
    made = events.enrol(
        services, origin, programme, members.Applicant(name="Aino"), event_id=str(uuid4())
    ).json()
    with services.database.reading() as session:
        pass_ = session.exec(select(Pass).where(Pass.serial_number == made["serial_number"])).one()
    registrations.register(
        services.database,
        (pass_.pass_type_identifier, pass_.serial_number),
        library_identifier=secrets.token_hex(16),
        token=pass_.authentication_token,
        push_token=secrets.token_hex(32),
        at=services.now(),
    )
    return str(made["id"])


@contextmanager
def child(job: str, folder: Path, **settings: str) -> Iterator[int]:
    """A process of our own that does `job`; gives the port it listens on."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stamps", job, str(folder)],
        env={**known, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if job == "serve" else None,  # a line for every request
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.terminate()


@contextmanager
def _server(folder: Path, settings: dict[str, str]) -> Iterator[int]:
    with child("serve", folder, **settings) as port:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise RuntimeError("the server did not start") from error
                time.sleep(0.1)
        yield port


def build() -> Any:
    """What the server answers: the service with its worker, and beside it the trivial app."""
    settings = config.read()
    logs.configure(settings.log_level, settings.log_format)
    services = Services(Database(settings.database_url), settings)
    known = identity.load(settings, at=services.now())
    Worker(services, known).start()
    app = create_app(services, identity=known)
    return DispatcherMiddleware(app.wsgi_app, {"/trivial": _TRIVIAL, "/state": _STATE})


def serve() -> None:
    """Serve until told to stop."""
    port = free_port()
    print(port, flush=True)
    Granian(
        "benchmarks.stamps:build",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=8,
        websockets=False,
        log_level=LogLevels("error"),
    ).serve()


def push_service(folder: Path) -> None:
    """The stand-in of Apple's push service, until standard input closes."""
    at = clock.now()
    authority = Authority.load_or_create(folder / "throwaway", at=at)
    (folder / "root.pem").write_bytes(authority.root_pem)
    apns = ApnsStandIn(authority, at=at)
    apns.tokens.accept_any = True
    print(apns.start(), flush=True)
    sys.stdin.read()
    apns.stop()


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else push_service(Path(sys.argv[2]))
