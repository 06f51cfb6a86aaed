"""Buckets that fill up again: so many at once, then so many a second. In memory, and bounded.

One look and one write in a dictionary for each request, nothing in the database. Each process has
buckets of its own: with four of them a caller gets up to four times as much through.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

_MOST_KEYS = 20_000  # some 4 MB


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and `per_second` on top of that in the long run."""

    burst: int
    per_second: float


class Buckets:
    """A bucket for each key; those not asked for longest are forgotten first."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, most_keys: int = _MOST_KEYS
    ) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: Hashable, rate: Rate) -> float:
        """Take one out of the bucket of `key`: 0, or the seconds until there is one."""
        now = self._clock()
        with self._lock:
            # When the bucket would be full again says how much is in it: one number a key.
            full_at = max(self._full_at.pop(key, now), now)
            wait = full_at - now - (rate.burst - 1) / rate.per_second
            if wait <= 0:
                full_at += 1 / rate.per_second
            self._full_at[key] = full_at
            if len(self._full_at) > self._most_keys:
                self._full_at.popitem(last=False)
        return max(wait, 0.0)

    def wait(self, key: Hashable, rate: Rate) -> float:
        """The seconds until there is one in the bucket of `key`, 0 now; takes nothing out."""
        full_at = self._full_at.get(key, 0.0)
        return max(full_at - self._clock() - (rate.burst - 1) / rate.per_second, 0.0)
