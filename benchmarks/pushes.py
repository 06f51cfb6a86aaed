"""Push notifications: processor time of each push, beside aioapns in the same minute.

Both clients push the same number of distinct tokens over one connection with the same number of
streams to the same stand-in, which runs in a process of its own, and read every answer. Slices of
both are interleaved, so that a busy machine slows both alike. Then ours alone: how much of what
the delay of answers allows it reaches, and whether anything is lost when everything goes wrong.
"""

import asyncio
import json
import secrets
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import aioapns
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol

from benchmarks.figures import Figure
from passkit.apns import PushAnswer, PushClient, Verdict
from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import HOST, ApnsStandIn
from server.sandbox.faults import Faults

TITLE = "Pushes: HTTP/2, TLS client certificate, one connection, 200 streams"

_TOPIC = "pass.com.example.benchmark"
_STREAMS = 200
_SLICE = 2000
_ROUNDS = 5
_GOAL = 8.0
_DELAY_SECONDS, _DELAYED_STREAMS, _DELAYED = 0.05, 1000, 40_000
_DELAYED_GOAL = 0.75
_TROUBLED = 30_000
_LONGEST_SECONDS = 300


class Cost(NamedTuple):
    """What a slice took, for each push, in seconds: on the clock and of the processor."""

    clock: float
    processor: float


def measure() -> list[Figure]:
    """The figures of this machine; raises when a push is not accepted."""
    with TemporaryDirectory() as name, StandIn(Path(name)) as stand_in:
        with _our_pusher(stand_in) as ours, _their_pusher(stand_in) as theirs:
            rounds = [(_time(ours), _time(theirs)) for _ in range(_ROUNDS)]
        delayed = _measure_delayed(stand_in)
        troubled = _measure_troubled(stand_in)
    our_costs, their_costs = zip(*rounds, strict=True)
    ratio = statistics.median(their.processor / our.processor for our, their in rounds)
    return [
        Figure(what="aioapns 4", figure=_shown(their_costs)),
        Figure(
            what="passkit.apns",
            figure=_shown(our_costs),
            ratio=ratio,
            goal=_GOAL,
            note="aioapns's processor time for a push to ours; the rates are also the stand-in's",
        ),
        delayed,
        troubled,
    ]


def _measure_delayed(stand_in: "StandIn") -> Figure:
    """Answers take their time; the streams are what there is to work with meanwhile."""
    stand_in.set_faults(delay_seconds=_DELAY_SECONDS, max_streams=_DELAYED_STREAMS)
    with _our_pusher(stand_in, streams=_DELAYED_STREAMS) as push:
        tokens = [secrets.token_hex(32) for _ in range(_DELAYED)]
        began = time.perf_counter()
        push(tokens)
        rate = _DELAYED / (time.perf_counter() - began)
    stand_in.set_faults()
    return Figure(
        what="answers after 50 ms",
        figure=f"{rate:,.0f} /s",
        ratio=rate * _DELAY_SECONDS / _DELAYED_STREAMS,
        goal=_DELAYED_GOAL,
        note=f"of the {_DELAYED_STREAMS / _DELAY_SECONDS:,.0f} /s that {_DELAYED_STREAMS} streams"
        " allow; stand-in and client need a core each",
    )


def _measure_troubled(stand_in: "StandIn") -> Figure:
    """Goodbyes, cuts, a stream limit of one, refusals: what is pushed again until it is through."""
    troubles: dict[str, Any] = {
        "goaway_every": 3_300,
        "cut_every": 5_000,
        "answers": [
            {"reason": reason, "every": every, "count": None}
            for reason, every in (
                ("Unregistered", 97),
                ("TooManyRequests", 31),
                ("ServiceUnavailable", 43),
            )
        ],
    }
    stand_in.set_faults(**troubles)
    tokens = {secrets.token_hex(32) for _ in range(_TROUBLED)}
    with _our_client(stand_in, streams=_DELAYED_STREAMS) as client:
        settled = _Settled(client)
        for token in tokens:
            settled.push(token)
        for at, streams in ((0.3, 1), (0.35, 1000), (0.6, 1), (0.65, 1000)):
            settled.wait_for(round(at * _TROUBLED))
            stand_in.set_faults(**troubles, max_streams=streams)
        settled.wait_for(_TROUBLED)
    reached = stand_in.accepted() & tokens
    told = len((reached & settled.accepted) | settled.dead)
    lost = settled.accepted - reached
    stand_in.set_faults()
    return Figure(
        what="everything goes wrong",
        figure=f"{told:,} of {_TROUBLED:,}",
        ratio=(told - len(lost)) / _TROUBLED,
        goal=1.0,
        note=f"goodbyes, cuts, limit 1000 - 1 - 1000, 410, 429, 503; {settled.again:,} pushes were"
        f" made again, {len(settled.dead):,} tokens were dead",
    )


class _Settled:
    """Pushes until each token is accepted or dead; callable from two threads."""

    def __init__(self, client: PushClient) -> None:
        self.accepted: set[str] = set()
        self.dead: set[str] = set()
        self.again = 0
        self._client = client

    def push(self, token: str) -> None:
        self._client.push(token, self._hear)

    def _hear(self, answer: PushAnswer) -> None:
        if answer.verdict is Verdict.ACCEPTED:
            self.accepted.add(answer.token)
        elif answer.verdict is Verdict.TOKEN_DEAD:
            self.dead.add(answer.token)
        else:
            self.again += 1
            self.push(answer.token)

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + _LONGEST_SECONDS
        while len(self.accepted) + len(self.dead) < count:
            if time.monotonic() > until:
                raise RuntimeError("pushes got lost: not all were answered in the end")
            time.sleep(0.005)


def serve(folder: Path) -> None:
    """The stand-in, until standard input closes; leaves the certificates in `folder`.

    A line of input is a set of faults, or `accepted`: then it prints the tokens it took.
    """
    at = clock.now()
    authority = Authority.create(at=at)
    issued = authority.issue_pass_certificate(_TOPIC, "BENCHMARK1", at=at)
    (folder / "root.pem").write_bytes(authority.root_pem)
    (folder / "certificate.pem").write_bytes(issued.certificate_pem)
    (folder / "key.pem").write_bytes(issued.key_pem)
    (folder / "identity.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    apns = ApnsStandIn(authority, at=at)
    apns.tokens.accept_any = True
    apns.pushes = type(apns.pushes)(maxlen=4 * _TROUBLED)
    print(apns.start(), flush=True)
    for line in sys.stdin:
        if line.strip() == "accepted":
            print(json.dumps([push.token for push in list(apns.pushes)]), flush=True)
        else:
            apns.faults = Faults.model_validate_json(line)
            print("{}", flush=True)
    apns.stop()


class StandIn:
    """The stand-in in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "StandIn":
        command = [sys.executable, "-m", "benchmarks.pushes", str(self.folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self._read())
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def set_faults(self, **faults: Any) -> None:
        """What goes wrong from now on; nothing, when nothing is given."""
        self._ask(json.dumps(faults))

    def accepted(self) -> set[str]:
        """The tokens of the latest accepted pushes."""
        return set(json.loads(self._ask("accepted")))

    def _ask(self, line: str) -> bytes:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def _our_client(stand_in: StandIn, *, streams: int) -> Iterator[PushClient]:
    client = PushClient(
        url=f"https://{HOST}:{stand_in.port}",
        topic=_TOPIC,
        certificate_pem=(stand_in.folder / "certificate.pem").read_bytes(),
        key_pem=(stand_in.folder / "key.pem").read_bytes(),
        ca_pem=(stand_in.folder / "root.pem").read_bytes(),
        now=clock.now,
        max_in_flight=streams,
    )
    yield client
    client.close()


@contextmanager
def _our_pusher(
    stand_in: StandIn, *, streams: int = _STREAMS
) -> Iterator[Callable[[list[str]], None]]:
    with _our_client(stand_in, streams=streams) as client:
        push = partial(_push_all, client)
        push([secrets.token_hex(32)])  # opens the connection
        yield push


def _push_all(client: PushClient, tokens: list[str]) -> None:
    details: list[str] = []
    done = threading.Event()

    def note(answer: PushAnswer) -> None:
        details.append(answer.detail)
        if len(details) == len(tokens):
            done.set()

    for token in tokens:
        client.push(token, note)
    if not done.wait(_LONGEST_SECONDS) or set(details) != {"Accepted."}:
        raise RuntimeError(f"not every push of passkit.apns was accepted: {Counter(details)}")


@contextmanager
def _their_pusher(stand_in: StandIn) -> Iterator[Callable[[list[str]], None]]:
    APNsProductionClientProtocol.APNS_SERVER = HOST
    APNsTLSClientProtocol.APNS_PORT = stand_in.port
    context = ssl.create_default_context(cafile=stand_in.folder / "root.pem")
    context.set_alpn_protocols(["h2"])

    async def connect() -> aioapns.APNs:
        return aioapns.APNs(
            client_cert=str(stand_in.folder / "identity.pem"),
            topic=_TOPIC,
            max_connections=1,
            ssl_context=context,
        )

    async def lane(client: aioapns.APNs, tokens: Iterator[str]) -> None:
        for token in tokens:
            request = aioapns.NotificationRequest(device_token=token, message={}, time_to_live=60)
            result = await client.send_notification(request)
            if not result.is_successful:
                raise RuntimeError(f"a push of aioapns failed: {result.description}")

    async def push_all(client: aioapns.APNs, tokens: list[str]) -> None:
        queue = iter(tokens)
        await asyncio.gather(*(lane(client, queue) for _ in range(_STREAMS)))

    async def close(client: aioapns.APNs) -> None:
        client.pool.close()
        await asyncio.sleep(0.1)

    with asyncio.Runner() as runner:
        client = runner.run(connect())
        runner.run(lane(client, iter([secrets.token_hex(32)])))  # opens the connection
        yield lambda tokens: runner.run(push_all(client, tokens))
        runner.run(close(client))


def _time(push: Callable[[list[str]], None]) -> Cost:
    tokens = [secrets.token_hex(32) for _ in range(_SLICE)]
    clock_start, processor_start = time.perf_counter(), time.process_time()
    push(tokens)
    processor = time.process_time() - processor_start
    return Cost((time.perf_counter() - clock_start) / _SLICE, processor / _SLICE)


def _shown(costs: tuple[Cost, ...]) -> str:
    rate = 1 / statistics.median(each.clock for each in costs)
    processor = statistics.median(each.processor for each in costs)
    return f"{rate:,.0f} /s, {processor * 1e6:,.0f} us of processor each"


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
