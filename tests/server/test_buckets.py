"""Buckets: a burst at once, then a steady trickle, in bounded memory."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from server.buckets import Buckets, Rate

RATE = Rate(burst=3, per_second=0.5)


@dataclass
class Stopwatch:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def buckets(watch: Stopwatch) -> Buckets:
    return Buckets(watch, most_keys=100)


def waits(buckets: Buckets, times: int, key: str = "a") -> list[float]:
    return [buckets.take(key, RATE) for _ in range(times)]


def test_a_burst_goes_through_and_then_one_is_told_how_long_to_wait(buckets):
    assert waits(buckets, 4) == [0, 0, 0, 2]


def test_who_waits_as_told_is_let_through_once(buckets, watch):
    waits(buckets, 4)
    watch.seconds += 2
    assert waits(buckets, 2) == [0, 2]


def test_who_is_refused_is_not_punished_further(buckets, watch):
    waits(buckets, 50)
    watch.seconds += 2
    assert waits(buckets, 1) == [0]


def test_it_is_full_again_after_a_while_and_not_fuller(buckets, watch):
    waits(buckets, 3)
    watch.seconds += 10_000
    assert waits(buckets, 4) == [0, 0, 0, 2]


def test_one_key_takes_nothing_from_another(buckets):
    waits(buckets, 4, "a")
    assert waits(buckets, 3, "b") == [0, 0, 0]


def test_a_stream_of_new_keys_stays_within_bounds_and_does_not_free_who_keeps_asking(buckets):
    waits(buckets, 3, "loop")
    for number in range(1000):
        buckets.take(f"stranger {number}", RATE)
        assert buckets.take("loop", RATE) > 0
    assert len(buckets) == 100


def test_many_at_once_get_no_more_than_the_burst(buckets):
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: buckets.take("a", RATE), range(400)))
    assert told.count(0) == 3
