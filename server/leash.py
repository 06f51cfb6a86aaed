"""Ends a child process when whoever started it is gone, however it went."""

import os
import signal
import stat
import threading
from collections.abc import Callable

_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0
_INIT = 1
_INPUT = 0


def end_with_parent() -> None:
    """Ask this process to stop when whoever started it is gone, and end it if it does not."""
    on_parent_gone(_end)


def on_parent_gone(stop: Callable[[], None]) -> None:
    """Call `stop` when the parent process dies or, if standard input is a pipe, it closes.

    `stop` may be called twice.
    """
    parent = os.getppid()
    if parent != _INIT:
        _watch(_wait_for_another_parent, parent, stop)
    if _is_pipe(_INPUT):
        _watch(_wait_for_the_end, _INPUT, stop)


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_PATIENCE_SECONDS)
    os._exit(1)


def _watch(wait: Callable[[int], None], what: int, stop: Callable[[], None]) -> None:
    def watch() -> None:
        wait(what)
        stop()

    threading.Thread(target=watch, name="leash", daemon=True).start()


def _wait_for_another_parent(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(_POLL_SECONDS)


def _wait_for_the_end(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:  # there is no standard input at all
        return False
