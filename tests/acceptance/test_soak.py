"""The service loses nothing while it is killed: the long trials of `make soak`, in short."""

from pathlib import Path

from soak import kill


def test_five_kills_lose_no_stamp_and_count_none_twice(tmp_path: Path):
    line = kill.run(tmp_path, seed=5, count=5, is_quiet=True)
    assert "each in the ledger once" in line


def test_the_same_seed_makes_the_same_plan():
    assert kill.plan(7, 50) == kill.plan(7, 50) != kill.plan(8, 50)
