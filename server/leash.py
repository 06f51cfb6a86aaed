"""Ends a child process when whoever started it is gone, and sees that a signal to end is heard."""

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0
_REPEAT_SECONDS = 1.0
_INIT = 1
_INPUT = 0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_forked_by: list[int] = []  # who forked this process, where `children_hear_signals` saw to it


def end_with_parent() -> None:
    """Ask this process to stop when whoever started it is gone, and end it if it does not.

    From here on one that was forked cleans up when it is asked to end.
    """
    for number in _SIGNALS if _forked_by else ():
        signal.signal(number, lambda *_: sys.exit(0))
    on_parent_gone(_end)


def on_parent_gone(stop: Callable[[], None]) -> None:
    """Call `stop` when the parent process dies or, if standard input is a pipe, it closes.

    `stop` may be called twice.
    """
    parent = _forked_by[-1] if _forked_by else os.getppid()
    if parent != _INIT:
        _watch(_wait_for_another_parent, parent, stop)
    if _is_pipe(_INPUT):
        _watch(_wait_for_the_end, _INPUT, stop)


def children_hear_signals() -> None:
    """A process forked from this one ends when it is asked to, from its first moment on.

    Without this it would begin with a copy of our handlers, which tell nobody but the copy. It
    also knows who forked it, should that be gone before it looks.
    """
    os.register_at_fork(before=_hold_signals, after_in_parent=_let_through, after_in_child=_begin)


def insist(*, seconds: float) -> None:
    """Once this process was asked to end, ask it again every second, and end it after `seconds`.

    Wraps the handlers that are in place; call it in the main thread.
    """
    asked_at: list[float] = []  # a handler may interrupt whoever holds a lock: it takes none
    for number in _SIGNALS:
        signal.signal(number, partial(_hear, asked_at, signal.getsignal(number)))
    arguments = (asked_at, seconds)
    threading.Thread(target=_repeat, args=arguments, name="insist", daemon=True).start()


def _hear(asked_at: list[float], handler: Any, number: int, frame: object) -> None:
    asked_at.append(time.monotonic())
    if callable(handler):
        handler(number, frame)


def _repeat(asked_at: list[float], seconds: float) -> None:
    pause = threading.Event()
    while not asked_at or time.monotonic() < asked_at[0] + seconds:
        pause.wait(_REPEAT_SECONDS)
        if asked_at:
            os.kill(os.getpid(), signal.SIGTERM)
    os._exit(1)


def _hold_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    _forked_by.append(os.getpid())


def _let_through() -> None:
    _forked_by.pop()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _begin() -> None:
    for number in _SIGNALS:  # an exception would get lost here, and there is nothing to clean up
        signal.signal(number, lambda *_: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


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
