"""The clock is right unless a trial says otherwise."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from server import clock

HALF = timedelta(minutes=30)


def test_it_tells_the_time_in_utc():
    assert abs(clock.now() - datetime.now(UTC)) < HALF
    assert clock.now().utcoffset() == timedelta()


def test_a_trial_lets_it_jump_while_it_runs(tmp_path: Path):
    file = tmp_path / "clock"
    clock.deviate(file)
    try:
        for seconds in (7200, -7200):
            file.write_text(str(seconds), "utf-8")
            deviation = clock.now() - datetime.now(UTC)
            assert abs(deviation - timedelta(seconds=seconds)) < HALF
    finally:
        clock.deviate(None)
    assert abs(clock.now() - datetime.now(UTC)) < HALF
