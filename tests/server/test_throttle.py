"""Tries are counted together, whichever process counts them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from server import throttle
from server.errors import TooMany


def count(database, clock, times: int = 1) -> None:
    for _ in range(times):
        throttle.count(database, "pin:1", window_seconds=60, at=clock())


def wait(database, clock) -> int:
    return throttle.seconds_to_wait(database, "pin:1", limit=3, at=clock())


def test_the_third_of_three_tries_is_the_last(database, clock):
    count(database, clock, 2)
    assert wait(database, clock) == 0
    count(database, clock)
    assert wait(database, clock) == 61
    with pytest.raises(TooMany):
        throttle.refuse_when_full(database, "pin:1", limit=3, at=clock())


def test_a_new_window_starts_from_nothing(database, clock):
    count(database, clock, 3)
    clock.move(seconds=60)
    assert wait(database, clock) == 0
    count(database, clock)
    assert wait(database, clock) == 0


def test_eight_first_tries_at_once_are_eight(database, clock):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count(database, clock), range(8)))
    assert throttle.seconds_to_wait(database, "pin:1", limit=8, at=clock()) > 0
    assert throttle.seconds_to_wait(database, "pin:1", limit=9, at=clock()) == 0


def test_what_succeeded_is_forgotten(database, clock):
    count(database, clock, 3)
    throttle.forget(database, "pin:1")
    throttle.forget(database, "pin:1")
    assert wait(database, clock) == 0
