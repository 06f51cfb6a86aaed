"""The service loses nothing while it is killed: the long trials of `make soak`, in short."""

import random
from pathlib import Path

from server.sandbox.faults import Faults
from soak import kill, storm, weather


def test_five_kills_lose_no_stamp_and_count_none_twice(tmp_path: Path):
    line = kill.run(tmp_path, seed=5, count=5, is_quiet=True)
    assert "each in the ledger once" in line


def test_the_same_seed_makes_the_same_plan():
    assert kill.plan(7, 50) == kill.plan(7, 50) != kill.plan(8, 50)


def test_fifty_phones_come_through_a_storm(tmp_path: Path):
    line = storm.run(tmp_path, seed=3, minutes=0.5, count=50, is_quiet=True)
    assert "every phone at the ledger's content and nothing owed" in line


def test_every_switch_of_the_stand_in_can_be_thrown():
    choice = random.Random(1)
    for name in weather.switches():
        faults = weather.faults(name, choice, tokens=["ab" * 32])
        assert faults is not None, f"{name}: of a type that the storm cannot set"
        assert faults != Faults()
