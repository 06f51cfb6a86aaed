"""How far a trial is: a line that is written over on a terminal, a line now and then elsewhere."""

import sys
import time

_EVERY_SECONDS = 15.0  # where lines stay
_WIDTH = 30


class Progress:
    """Say how much of `total` is done. `quiet` says nothing."""

    def __init__(self, what: str, total: float, *, quiet: bool = False) -> None:
        self._what = what
        self._total = total
        self._is_quiet = quiet
        self._is_live = sys.stderr.isatty()
        self._said_at = -_EVERY_SECONDS

    def show(self, done: float, note: str = "") -> None:
        """`done` of the total, with a few words."""
        now = time.monotonic()
        if self._is_quiet or (not self._is_live and now - self._said_at < _EVERY_SECONDS):
            return
        self._said_at = now
        share = min(1.0, done / self._total) if self._total else 1.0
        bar = ("█" * round(share * _WIDTH)).ljust(_WIDTH, "·")
        line = f"{self._what} {bar} {share:4.0%}  {note}"
        print(f"\r\x1b[2K{line}" if self._is_live else line, end="", file=sys.stderr, flush=True)
        if not self._is_live:
            print(file=sys.stderr, flush=True)

    def end(self) -> None:
        """What comes next stands on a line of its own."""
        if self._is_live and not self._is_quiet:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
