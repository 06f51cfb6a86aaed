"""Rounds of the fuzzer that once found something, and a few that did not."""

from pathlib import Path

import pytest

from fuzz.targets import TARGETS, run

SEEDS = Path(__file__).resolve().parents[2] / "fuzz" / "seeds.txt"
KEPT = [line.split() for line in SEEDS.read_text("utf-8").splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize(("target", "number"), KEPT)
def test_a_kept_round_finds_nothing_any_more(target, number):
    assert run(target, int(number)) > 0


def test_every_target_has_a_kept_round():
    assert {target for target, _ in KEPT} == TARGETS.keys()
