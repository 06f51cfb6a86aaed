"""Tries are counted together, whichever process counts them, and before they are made."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from server import throttle
from server.errors import TooMany
from server.models import Throttle


def count(database, clock, times: int = 1, key: str = "pin:1") -> list[int]:
    """The seconds to wait that each try is told."""
    given = {"limit": 3, "window_seconds": 60, "at": clock()}
    return [throttle.count(database, key, **given) for _ in range(times)]


def wait(database, clock) -> int:
    return throttle.seconds_to_wait(database, "pin:1", limit=3, at=clock())


def keys(database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(Throttle.key).order_by(Throttle.key)).all())


def test_the_third_of_three_tries_is_the_last(database, clock):
    assert count(database, clock, 4) == [0, 0, 0, 61]
    assert wait(database, clock) == 61
    with pytest.raises(TooMany) as refused:
        throttle.take(database, "pin:1", limit=3, window_seconds=60, at=clock())
    assert refused.value.fields == {"retry_after": 61}


def test_what_is_refused_does_not_prolong_the_window(database, clock):
    count(database, clock, 3)
    clock.move(seconds=59)
    assert count(database, clock) == [2]
    clock.move(seconds=1)
    assert count(database, clock, 4) == [0, 0, 0, 61]


def test_of_sixty_tries_at_once_no_more_than_the_limit_get_through(database, clock):
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: count(database, clock)[0], range(60)))
    assert told.count(0) == 3
    assert set(told) == {0, 61}


def test_a_try_that_succeeded_is_given_back_and_no_other(database, clock):
    count(database, clock, 3)
    throttle.give_back(database, "pin:1", "pin:unheard of")
    assert count(database, clock, 2) == [0, 61]


def test_nothing_is_given_back_that_was_not_taken(database, clock):
    count(database, clock)
    throttle.give_back(database, "pin:1")
    throttle.give_back(database, "pin:1")
    assert count(database, clock, 4) == [0, 0, 0, 61]


def test_windows_that_are_over_are_forgotten_when_another_begins(database, clock):
    for number in range(5):
        count(database, clock, key=f"till:192.0.2.{number}")
    clock.move(seconds=61)
    count(database, clock, key="till:198.51.100.1")
    assert keys(database) == ["till:198.51.100.1"]


def test_a_window_that_still_runs_is_kept(database, clock):
    count(database, clock, 3)
    clock.move(seconds=59)
    assert throttle.prune(database, at=clock()) == 0
    assert wait(database, clock) == 2


def test_windows_begin_and_end_at_once_without_getting_into_each_others_way(database, clock):
    for number in range(40):
        count(database, clock, key=f"old:{number}")
    clock.move(seconds=61)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda n: count(database, clock, key=f"old:{n}")[0], range(40)))
    assert told == [0] * 40
