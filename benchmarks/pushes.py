"""Push notifications: processor time of each push, beside aioapns in the same minute.

Both clients push the same number of distinct tokens over one connection with the same number of
streams to the same stand-in, which runs in a process of its own, and read every answer. Slices of
both are interleaved, so that a busy machine slows both alike.
"""

import asyncio
import secrets
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aioapns
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol

from benchmarks.figures import Figure
from passkit.apns import PushAnswer, PushClient, Verdict
from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import HOST, ApnsStandIn

TITLE = "Pushes: HTTP/2, TLS client certificate, one connection, 200 streams"

_TOPIC = "pass.com.example.benchmark"
_STREAMS = 200
_SLICE = 1500
_ROUNDS = 4
_GOAL = 8.0


class Cost(NamedTuple):
    """What a slice took, for each push, in seconds: on the clock and of the processor."""

    clock: float
    processor: float


def measure() -> list[Figure]:
    """The figures of this machine; raises when a push is not accepted."""
    with TemporaryDirectory() as name, _stand_in(Path(name)) as port:
        folder = Path(name)
        with _our_pusher(folder, port) as ours, _their_pusher(folder, port) as theirs:
            rounds = [(_time(ours), _time(theirs)) for _ in range(_ROUNDS)]
    our_costs, their_costs = zip(*rounds, strict=True)
    ratio = statistics.median(their.processor / our.processor for our, their in rounds)
    return [
        Figure(what="aioapns 4", figure=_shown(their_costs)),
        Figure(
            what="passkit.apns",
            figure=_shown(our_costs),
            ratio=ratio,
            goal=_GOAL,
            note="aioapns's processor time for a push to ours. The stand-in is Python and slower"
            " than libcurl, so the rate is the stand-in's and only this ratio tells the clients"
            " apart",
        ),
    ]


def serve(folder: Path) -> None:
    """The stand-in, until standard input closes; leaves the certificates in `folder`."""
    at = clock.now()
    authority = Authority.create(at=at)
    issued = authority.issue_pass_certificate(_TOPIC, "BENCHMARK1", at=at)
    (folder / "root.pem").write_bytes(authority.root_pem)
    (folder / "certificate.pem").write_bytes(issued.certificate_pem)
    (folder / "key.pem").write_bytes(issued.key_pem)
    (folder / "identity.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    apns = ApnsStandIn(authority, at=at)
    apns.tokens.accept_any = True
    print(apns.start(), flush=True)
    sys.stdin.read()
    apns.stop()


@contextmanager
def _stand_in(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.pushes", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


@contextmanager
def _our_pusher(folder: Path, port: int) -> Iterator[Callable[[list[str]], None]]:
    client = PushClient(
        url=f"https://{HOST}:{port}",
        topic=_TOPIC,
        certificate_pem=(folder / "certificate.pem").read_bytes(),
        key_pem=(folder / "key.pem").read_bytes(),
        ca_pem=(folder / "root.pem").read_bytes(),
        now=clock.now,
        max_in_flight=_STREAMS,
    )

    def push(tokens: list[str]) -> None:
        verdicts: list[Verdict] = []
        done = threading.Event()

        def note(answer: PushAnswer) -> None:
            verdicts.append(answer.verdict)
            if len(verdicts) == len(tokens):
                done.set()

        for token in tokens:
            client.push(token, note)
        if not done.wait(120) or set(verdicts) != {Verdict.ACCEPTED}:
            raise RuntimeError("not every push of passkit.apns was accepted")

    yield push
    client.close()


@contextmanager
def _their_pusher(folder: Path, port: int) -> Iterator[Callable[[list[str]], None]]:
    APNsProductionClientProtocol.APNS_SERVER = HOST
    APNsTLSClientProtocol.APNS_PORT = port
    context = ssl.create_default_context(cafile=folder / "root.pem")
    context.set_alpn_protocols(["h2"])

    async def connect() -> aioapns.APNs:
        return aioapns.APNs(
            client_cert=str(folder / "identity.pem"),
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
