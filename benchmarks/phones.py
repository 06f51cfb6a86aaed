"""What phones ask for, beside a trivial Flask route under the same web server.

The service runs as `leima web` with its usual log; beside it runs an application of three routes.
Both answer one request at a time over the same few connections, in slices that are interleaved,
and are compared by the processor time of their processes: on one core that is their rate.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, Response, jsonify
from granian import Granian
from granian.constants import Interfaces
from sqlmodel import select

from benchmarks.figures import Figure
from benchmarks.running import free_port
from passkit.certificates import load_key
from server import brands, clock, config, demo, events, members, migrations, registrations
from server.db import Database
from server.models import Brand, Pass, PassType
from server.services import Services
from server.wallets import identity

TITLE = "Phones: list, 304 and download, on SQLite, one process"

_PHONES = 256
_SLICE = 512
_KEEPING_NOTHING = {"LEIMA_PASS_CACHE_MB": "0"}
_ROUNDS = 12
_CONNECTIONS, _DEPTH = 16, 8
_START_SECONDS = 60
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_LIST_BYTES = 300


class Cost(NamedTuple):
    """What each request of a slice took, in seconds: on the clock and of the processor."""

    clock: float
    processor: float


class Server(NamedTuple):
    """A process that listens on `port`."""

    pid: int
    port: int


def trivial() -> Flask:
    """What Flask itself takes: the application beside ours."""
    app = Flask("trivial")
    file = os.urandom(int(os.environ["TRIVIAL_BYTES"]))
    app.add_url_rule("/json", "json", view_func=lambda: jsonify(text="x" * (_LIST_BYTES - 12)))
    app.add_url_rule("/file", "file", view_func=lambda: Response(file, mimetype="application/zip"))
    return app


def serve() -> None:
    """The application beside ours, under the same server with the same settings."""
    Granian(
        "benchmarks.phones:trivial",
        address="127.0.0.1",
        port=int(os.environ["LEIMA_PORT"]),
        interface=Interfaces.WSGI,
        factory=True,
        blocking_threads=8,
        websockets=False,
    ).serve()


def measure() -> list[Figure]:
    """The figures of this machine; raises when an answer is not the one expected."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        settings = config.read({"LEIMA_DATA_DIR": name})
        phones, key = _prepare(settings)
        service = stack.enter_context(_running(folder, ["-m", "server.cli", "web"]))
        fresh = stack.enter_context(
            _running(folder, ["-m", "server.cli", "web"], **_KEEPING_NOTHING)
        )
        size = _drive(service.port, [phone.fetch for phone in phones], 200)
        plain = stack.enter_context(
            _running(folder, ["-m", "benchmarks.phones"], TRIVIAL_BYTES=str(size // len(phones)))
        )
        calls = {
            "json": lambda: _slice(plain, [_get("/json")], 200),
            "file": lambda: _slice(plain, [_get("/file")], 200),
            "list": lambda: _slice(service, [phone.list for phone in phones], 200),
            "nothing": lambda: _slice(service, [phone.list_since for phone in phones], 204),
            "same": lambda: _slice(service, [phone.fetch_same for phone in phones], 304),
            "kept": lambda: _slice(service, [phone.fetch for phone in phones], 200),
            "fresh": lambda: _slice(fresh, [phone.fetch for phone in phones], 200),
            "raw": lambda: _raw(key),
        }
        rounds = [{name: call() for name, call in calls.items()} for _ in range(_ROUNDS)]
    return _figures(rounds, size // len(phones))


def _figures(rounds: list[dict[str, Cost]], size: int) -> list[Figure]:
    def ratio(what: str, to: str) -> float:
        return statistics.median(each[to].processor / each[what].processor for each in rounds)

    def shown(what: str) -> str:
        costs = [each[what] for each in rounds]
        rate = 1 / statistics.median(cost.clock for cost in costs)
        processor = statistics.median(cost.processor for cost in costs) * 1e6
        return f"{rate:,.0f} /s, {processor:,.0f} us of processor each"

    kept = f"pass of {size / 1000:.0f} KB from memory"
    return [
        Figure(what=f"Flask, {_LIST_BYTES} B of JSON", figure=shown("json")),
        Figure(what="list, one pass", figure=shown("list"), ratio=ratio("list", "json"), goal=0.55),
        Figure(
            what="list, nothing new", figure=shown("nothing"), ratio=ratio("nothing", "json"),
            goal=0.55,
        ),
        Figure(what="pass, 304", figure=shown("same"), ratio=ratio("same", "json"), goal=0.55),
        Figure(what="Flask, as many bytes", figure=shown("file")),
        Figure(what=kept, figure=shown("kept"), ratio=ratio("kept", "file"), goal=0.60),
        Figure(what="raw RSA signature", figure=shown("raw")),
        Figure(
            what="pass signed afresh", figure=shown("fresh"), ratio=ratio("fresh", "raw"),
            goal=1 / 1.9,
            note="to the bare signature that each of them holds; 0.53 is 1.9 times as much",
        ),
    ]  # fmt: skip


class _Phone(NamedTuple):
    """The requests of one phone that holds one pass."""

    list: bytes
    list_since: bytes
    fetch: bytes
    fetch_same: bytes


def _prepare(settings: config.Settings) -> tuple[list[_Phone], rsa.RSAPrivateKey]:
    """A database with so many cards of the demo brand, each on a phone of its own."""
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    services = Services(database, settings)
    known = identity.load(settings, at=services.now())
    demo.seed(
        services,
        pass_type_identifier=known.pass_type_identifier,
        team_identifier=known.team_identifier,
    )
    with database.reading() as session:
        brand = session.exec(select(Brand)).one()
    origin = events.Origin(brand_id=brand.id, source="api")
    for number in range(_PHONES):
        applicant = members.Applicant(name=f"Member {number}")
        events.enrol(services, origin, "kahvipassi", applicant, event_id=f"e{number}")
    with database.reading() as session:
        passes = session.exec(select(Pass)).all()
        newest = session.exec(select(PassType.change_seq)).one()
    phones = [_register(database, pass_, number, newest) for number, pass_ in enumerate(passes)]
    starts = brands.starts(database)
    assert starts
    database.dispose()
    key = load_key(known.key_pem)
    assert isinstance(key, rsa.RSAPrivateKey)
    return phones, key


def _register(database: Database, pass_: Pass, number: int, newest: int) -> _Phone:
    device = f"{number:032x}"
    registrations.register(
        database,
        (pass_.pass_type_identifier, pass_.serial_number),
        library_identifier=device,
        token=pass_.authentication_token,
        push_token=f"{number:064x}",
        at=clock.now(),
    )
    devices = f"/v1/devices/{device}/registrations/{pass_.pass_type_identifier}"
    pass_path = f"/v1/passes/{pass_.pass_type_identifier}/{pass_.serial_number}"
    authorization = f"Authorization: ApplePass {pass_.authentication_token}"
    same = f"If-Modified-Since: {pass_.modified_at:%a, %d %b %Y %H:%M:%S} GMT"
    return _Phone(
        _get(devices),
        _get(f"{devices}?passesUpdatedSince={newest}"),
        _get(pass_path, authorization),
        _get(pass_path, authorization, same),
    )


def _get(path: str, *headers: str) -> bytes:
    agent = "User-Agent: passd/1.0 CFNetwork/1568.100.1 Darwin/24.0.0"
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", agent, "Accept: */*", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@contextmanager
def _running(folder: Path, arguments: list[str], **environment: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")}
    ours = {"LEIMA_DATA_DIR": str(folder), "LEIMA_PORT": str(port)}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**kept, **ours, **environment}, stdout=log, stderr=log
        )
        try:
            _wait_until_up(process, port)
            yield Server(process.pid, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("a server did not start")


def _slice(server: Server, requests: Sequence[bytes], status: int) -> Cost:
    """The cost of each of as many requests as a slice has, taken round and round."""
    wanted = [requests[number % len(requests)] for number in range(_SLICE)]
    processor, start = _processor_seconds(server.pid), time.perf_counter()
    _drive(server.port, wanted, status)
    seconds = time.perf_counter() - start
    return Cost(seconds / _SLICE, (_processor_seconds(server.pid) - processor) / _SLICE)


def _raw(key: rsa.RSAPrivateKey) -> Cost:
    start, processor = time.perf_counter(), time.thread_time()
    for number in range(_SLICE):
        key.sign(b"%0105d" % number, padding.PKCS1v15(), SHA256())
    used = time.thread_time() - processor
    return Cost((time.perf_counter() - start) / _SLICE, used / _SLICE)


def _drive(port: int, requests: Sequence[bytes], status: int) -> int:
    """Send all requests over a few connections, several ahead of their answers; bytes of bodies."""
    chunks = [requests[at : at + _DEPTH] for at in range(0, len(requests), _DEPTH)]
    total = 0
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            for _ in range(_CONNECTIONS)
        ]
        for first in range(0, len(chunks), _CONNECTIONS):
            turn = list(zip(sockets, chunks[first : first + _CONNECTIONS], strict=False))
            for connection, chunk in turn:
                connection.sendall(b"".join(chunk))
            for connection, chunk in turn:
                total += sum(_answers(connection, len(chunk), status))
    return total


def _answers(connection: socket.socket, count: int, status: int) -> list[int]:
    """Read so many answers; the sizes of their bodies."""
    sizes: list[int] = []
    held = bytearray()
    receive: Callable[[int], bytes] = connection.recv
    wanted = b"HTTP/1.1 %d " % status
    while len(sizes) < count:
        end = held.find(b"\r\n\r\n")
        if end < 0:
            held += receive(1 << 20)
            continue
        head = bytes(held[:end])
        if not head.startswith(wanted):
            raise RuntimeError(f"wanted {status}: {head.decode(errors='replace')}")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        while len(held) < end + 4 + size:
            held += receive(1 << 20)
        del held[: end + 4 + size]
        sizes.append(size)
    return sizes


def _processor_seconds(pid: int) -> float:
    """What a process and all below it have used so far."""
    used = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        used += int((task / "schedstat").read_text().split()[0])
        for child in (task / "children").read_text().split():
            used += int(_processor_seconds(int(child)) * 1e9)
    return used / 1e9


if __name__ == "__main__":
    serve()
