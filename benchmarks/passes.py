"""Signed passes a second, beside bare RSA signatures and other pass libraries in the same run.

Each pass goes through the whole public interface with values of its own: fields, code, serial
number and token are checked, written, hashed, signed and packed; with other libraries as their own
documentation shows. Slices of all are interleaved, so that a busy machine slows all alike, and
what is compared is the processor's time. No pass counts before OpenSSL has verified it.
"""

import math
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.card import IMAGE_BYTES, Workshop, facts
from benchmarks.figures import Figure
from benchmarks.peers import Peer, Running, known
from benchmarks.verified import Inspector
from passkit import cms
from passkit.certificates import load_certificate

TITLE = "Passes: store card, 9 images of 149 KB, 8 fields, QR, 3 languages, RSA-2048"

_OF_RAW = 0.85
_ROUNDS = 15
_SHORT = 50
_ROOM = 256 * 1024  # for a pass
_THREADS_SECONDS = 4.0
_FREE_CORE = 1.6  # what a second thread brings at least when a second core has nothing to do
_HEAVIER = 10
_TIMES = 1.5
_MANY, _WARM = 100_000, 2_000
_GROWTH = 1.05
_EQUAL = 10_000


def measure() -> list[Figure]:
    """The figures of this machine; raises when a pass of ours does not verify."""
    workshop = Workshop(datetime.now(UTC))
    return [
        *_side_by_side(workshop),
        _second_thread(_gain(workshop.sign_raw), _gain(workshop.make_pass)),
        _heavier_images(workshop),
        _memory(workshop),
        _equal_bytes(workshop),
    ]


class _Costs(NamedTuple):
    """Seconds of processor time for each, in three slices one right after the other."""

    raw: float
    ours: float
    theirs: float


class _Contest:
    """Who makes passes, what slices of them cost, and what was verified."""

    def __init__(self, workshop: Workshop, folder: Path) -> None:
        self.costs: dict[str, list[_Costs]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)
        self.traits: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self._workshop = workshop
        self._inspector = Inspector(workshop)
        self._shelf = [bytearray(_ROOM) for _ in range(_SHORT)]
        self._out = folder / "out"
        self._out.mkdir()

    def play(self, peer: Peer | None, running: Running | None, first: int) -> None:
        """One slice of each, which counts once all passes are verified; raises if ours are not.

        A peer that fails is out of the contest; without one we play alone.
        """
        numbers = range(first, first + _SHORT)
        raw = sum(_timed(self._workshop.sign_raw, number)[0] for number in numbers) / _SHORT
        ours, made = self._ours(numbers)
        if peer is None or running is None:
            self._verify("passkit", first, made)
            self.costs[""].append(_Costs(raw, ours, math.nan))
            return
        try:
            passes = [facts(number) for number in range(first, first + peer.slice)]
            theirs = running.make(passes, self._out).processor / peer.slice
            self._verify(peer.name, first, self._written(peer.slice))
        except (OSError, ValueError) as error:
            self.absent[peer.name] = str(error)
            return
        self._verify("passkit", first, made)
        self.costs[peer.name].append(_Costs(raw, ours, theirs))

    def every(self) -> list[_Costs]:
        """All rounds with all peers."""
        return [costs for rounds in self.costs.values() for costs in rounds]

    def _ours(self, numbers: range) -> tuple[float, list[bytes]]:
        spent, sizes = 0.0, []
        for place, number in zip(self._shelf, numbers, strict=True):
            seconds, made = _timed(self._workshop.make_pass, number)
            place[: len(made)] = made  # so that it can be thrown away, as one that was sent is
            sizes.append(len(made))
            spent += seconds
        made = [bytes(place[:size]) for place, size in zip(self._shelf, sizes, strict=True)]
        return spent / len(numbers), made

    def _written(self, count: int) -> list[bytes]:
        return [(self._out / f"{index}.pkpass").read_bytes() for index in range(count)]

    def _verify(self, name: str, first: int, made: list[bytes]) -> None:
        self._inspector.accept(made, first)
        self.traits.setdefault(name, self._inspector.traits(made[0]))
        self.counts[name] += len(made)


def _side_by_side(workshop: Workshop) -> list[Figure]:
    peers = known()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        workshop.write_materials(folder)
        contest = _Contest(workshop, folder)
        running: dict[str, Running] = {}
        for peer in peers:
            try:
                program = stack.enter_context(closing(Running(peer, folder)))
                program.make([facts(number) for number in range(3)], folder / "out")
                running[peer.name] = program
            except OSError as error:
                contest.absent[peer.name] = str(error)
        for first in range(0, _ROUNDS * _SHORT, _SHORT):
            present = [peer for peer in peers if peer.name not in contest.absent]
            for peer in present or [None]:
                contest.play(peer, running[peer.name] if peer else None, first)
    every = contest.every()
    return [
        Figure(what="raw RSA signatures", figure=_rate(costs.raw for costs in every)),
        Figure(
            what="passkit",
            figure=_rate(costs.ours for costs in every),
            ratio=statistics.median(costs.raw / costs.ours for costs in every),
            goal=_OF_RAW,
            note="to raw signatures, below as many times as theirs; " + _seen(contest, "passkit"),
        ),
        *(_peer(contest, peer) for peer in peers),
    ]


def _peer(contest: _Contest, peer: Peer) -> Figure:
    if reason := contest.absent.get(peer.name):
        return Figure(what=peer.name, figure="none", note=f"not to be had here: {reason}")
    rounds = contest.costs[peer.name]
    limit = statistics.median(costs.theirs / costs.raw for costs in rounds)
    notes = (f"bare signatures would be {limit:.1f}", peer.note, _seen(contest, peer.name))
    return Figure(
        what=peer.name,
        figure=_rate(costs.theirs for costs in rounds),
        ratio=statistics.median(costs.theirs / costs.ours for costs in rounds),
        goal=peer.least or None,
        note="; ".join(filter(None, notes)),
    )


def _rate(costs: Iterable[float]) -> str:
    """So many in a second of the processor."""
    return f"{1 / statistics.median(costs):,.0f} /s"


def _seen(contest: _Contest, name: str) -> str:
    return f"{contest.traits[name]}; all {contest.counts[name]:,} verified by OpenSSL"


def _timed(make: Callable[[int], bytes], number: int) -> tuple[float, bytes]:
    """Seconds of this thread's processor time, and what was made."""
    start = time.thread_time()
    made = make(number)
    return time.thread_time() - start, made


def _slice(make: Callable[[int], bytes], count: int) -> float:
    """Seconds of processor time for so many, each thrown away."""
    return sum(_timed(make, number)[0] for number in range(count))


def _second_thread(raw_gain: float, gain: float) -> Figure:
    has_core = raw_gain > _FREE_CORE
    return Figure(
        what="a second thread",
        figure=f"x {gain:.2f}",
        ratio=gain / raw_gain if has_core else None,
        goal=0.92 if has_core else None,
        note=f"to the x {raw_gain:.2f} it brings raw signatures, by the clock"
        + ("" if has_core else ": no second core is free, so it tells nothing"),
    )


def _gain(make: Callable[[int], bytes]) -> float:
    """How many times as much two threads make as one does, the best of many short slices."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    end = time.perf_counter() + _THREADS_SECONDS
    with ThreadPoolExecutor(2) as pool:
        while time.perf_counter() < end:
            for threads, found in rates.items():
                start = time.perf_counter()
                list(pool.map(partial(_slice, make), [_SHORT] * threads))
                found.append(threads * _SHORT / (time.perf_counter() - start))
    return max(rates[2]) / max(rates[1])


def _heavier_images(workshop: Workshop) -> Figure:
    """Images are read, checked and hashed once for a design: for a pass they are copied."""
    heavy = Workshop(workshop.at, image_bytes=_HEAVIER * IMAGE_BYTES)
    extra = bytes(sum(map(len, heavy.images.values())) - sum(map(len, workshop.images.values())))

    def copy(_number: int) -> bytes:
        return b"".join((extra, b"."))

    makes = (heavy.make_pass, workshop.make_pass, copy)
    rounds = [[_slice(make, _SHORT) for make in makes] for _ in range(_ROUNDS)]
    copied = statistics.median(copy / little for _, little, copy in rounds)
    return Figure(
        what="ten times the image bytes",
        figure=f"{len(extra) / 1e6:.1f} MB more",
        ratio=statistics.median(much / little for much, little, _ in rounds),
        goal=_TIMES,
        is_ceiling=True,
        note="processor time of a pass to that with 149 KB; only copying them in memory costs"
        f" {copied:.2f} of it, and nothing else is done with images once a design is loaded",
    )


def _memory(workshop: Workshop) -> Figure:
    """What the process holds after a hundred thousand passes, made by two threads."""
    with ThreadPoolExecutor(2) as pool:

        def make(count: int) -> int:
            sizes = pool.map(lambda number: len(workshop.make_pass(number)), range(count))
            return sum(sizes)

        make(_WARM)
        before = _resident()
        for _ in range(_MANY // _WARM):
            make(_WARM)
        after = _resident()
    return Figure(
        what=f"memory after {_MANY:,} passes",
        figure=f"{after / 1e6:.0f} MB",
        ratio=after / before,
        goal=_GROWTH,
        is_ceiling=True,
        note=f"to the {before / 1e6:.0f} MB before",
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _equal_bytes(workshop: Workshop) -> Figure:
    """Our signatures beside those of cryptography's builder in the same second."""
    parts = {
        "certificate": load_certificate(workshop.issued.certificate_pem),
        "key": workshop.key,
        "intermediate": workshop.authority.intermediate,
    }
    random, equal, compared = Random(2026), 0, 0  # noqa: S311 - the content need not be secret
    while compared < _EQUAL:
        content = random.randbytes(random.randrange(3000))
        second = datetime.now(UTC).replace(microsecond=0)
        built = cms.built(content, **parts)
        if datetime.now(UTC).replace(microsecond=0) != second:
            continue
        compared += 1
        equal += workshop.signer.sign(content, at=second) == built
    return Figure(
        what="equal to cryptography's builder",
        figure=f"{equal:,} of {compared:,}",
        ratio=equal / compared,
        goal=1.0,
        note="byte for byte, signatures over contents of up to 3,000 bytes",
    )
