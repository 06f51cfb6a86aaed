"""Signed passes kept in memory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from server.cards import Version
from server.wallets.pass_files import Key, PassFile, PassFiles

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def new_key(certificate=b"certificate"):
    return Key(Version(uuid4(), "live", "hash", AT), certificate)


class Builder:
    """Builds the file of a key and counts how often."""

    def __init__(self, key, size=100_000):
        self.key, self.size, self.count = key, size, 0

    def __call__(self):
        self.count += 1
        return PassFile(self.key, b"x" * self.size)


def test_a_version_is_built_once():
    files, build = PassFiles(1_000_000), Builder(new_key())
    assert files.get(build.key, build) is files.get(build.key, build)
    assert build.count == 1


def test_another_certificate_is_another_file():
    files, old = PassFiles(1_000_000), Builder(new_key(b"old"))
    new = Builder(Key(old.key.version, b"new"))
    files.get(old.key, old), files.get(new.key, new)
    assert (old.count, new.count) == (1, 1)


def test_what_is_kept_is_bounded_by_its_bytes():
    files = PassFiles(1_000_000)
    builders = [Builder(new_key(), size=90_000) for _ in range(50)]
    for build in builders:
        files.get(build.key, build)
        assert files.size <= 1_000_000
    last, first = builders[-1], builders[0]
    files.get(last.key, last), files.get(first.key, first)
    assert (last.count, first.count) == (1, 2)


def test_what_was_used_last_stays():
    files = PassFiles(350_000)
    a, b, c, d = (Builder(new_key()) for _ in range(4))
    for build in (a, b, c, a, d, a):
        files.get(build.key, build)
    assert a.count == 1


@pytest.mark.parametrize("limit", [0, 50_000])
def test_what_is_larger_than_all_memory_is_built_each_time(limit):
    files, build = PassFiles(limit), Builder(new_key())
    assert len(files.get(build.key, build).body) == len(files.get(build.key, build).body)
    assert (build.count, files.size) == (2, 0)


def test_the_same_file_twice_is_counted_once():
    files, newer = PassFiles(1_000_000), Builder(new_key())
    files.get(new_key(), newer), files.get(new_key(), newer)
    assert files.size < 2 * newer.size


def test_a_newer_version_that_was_found_is_kept_under_its_own_name():
    files, newer = PassFiles(1_000_000), Builder(new_key())
    assert files.get(new_key(), newer).key == newer.key
    files.get(newer.key, newer)
    assert newer.count == 1


def test_of_many_at_once_one_builds():
    files, key, started = PassFiles(1_000_000), new_key(), threading.Barrier(8)
    lone = threading.Lock()

    def build():
        assert lone.acquire(blocking=False), "two build at the same time"
        threading.Event().wait(0.05)
        lone.release()
        return PassFile(key, b"x")

    def ask(_number):
        started.wait(10)
        return files.get(key, build)

    with ThreadPoolExecutor(8) as pool:
        assert len({id(file) for file in pool.map(ask, range(8))}) == 1


def test_one_build_does_not_hold_up_another_pass():
    files, slow, other = PassFiles(1_000_000), new_key(), Builder(new_key())
    is_building, may_end = threading.Event(), threading.Event()

    def build():
        is_building.set()
        assert may_end.wait(10)
        return PassFile(slow, b"x")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(files.get, slow, build)
        assert is_building.wait(10)
        files.get(other.key, other)
        assert not waiting.done()
        may_end.set()
        assert waiting.result(10).body == b"x"


def test_after_a_failure_the_next_one_tries_again():
    files, build = PassFiles(1_000_000), Builder(new_key())

    def fail():
        raise RuntimeError("out of order")

    with pytest.raises(RuntimeError):
        files.get(build.key, fail)
    files.get(build.key, build)
    assert build.count == 1
