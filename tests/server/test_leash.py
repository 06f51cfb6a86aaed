"""A process that is asked to end does, whatever its handlers make of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BEGIN = "import os, signal, sys, time\nfrom server import leash\n"
DEAF = "signal.signal(signal.SIGTERM, lambda *_: None)\n"


@contextmanager
def running(code: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process that runs `code`, and the first line it writes."""
    command = [sys.executable, "-c", BEGIN + code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().decode().strip()


def test_one_that_does_not_heed_it_is_ended_after_its_time():
    code = f"{DEAF}leash.insist(seconds=0.5)\nprint('ready', flush=True)\ntime.sleep(60)"
    with running(code) as (process, _):
        process.terminate()
        assert process.wait(50) == 1


def test_a_signal_that_was_lost_is_sent_again():
    code = (
        "heard = []\n"
        "def once_more(*_):\n    heard.append(1)\n    len(heard) == 2 and os._exit(7)\n"
        "signal.signal(signal.SIGTERM, once_more)\n"
        "leash.insist(seconds=60)\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    with running(code) as (process, _):
        process.terminate()
        assert process.wait(50) == 7


def test_a_forked_child_does_not_inherit_its_parents_deafness():
    code = (
        f"{DEAF}leash.children_hear_signals()\n"
        "child = os.fork()\n"
        "if not child: time.sleep(60)\n"
        "print(child, flush=True)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) + 3)"
    )
    with running(code) as (process, child):
        os.kill(int(child), signal.SIGTERM)
        assert process.wait(50) == 3


def test_a_child_ends_when_its_parent_was_gone_before_it_looked():
    """The one in the middle is dead by the time that its child asks who started it."""
    code = (
        "leash.children_hear_signals()\n"
        "if not os.fork():\n"
        "    middle = os.getpid()\n"
        "    if not os.fork():\n"
        "        while os.getppid() == middle: time.sleep(0.01)\n"
        "        leash.on_parent_gone(lambda: (print('heard', flush=True), os._exit(0)))\n"
        "        time.sleep(60)\n"
        "    os._exit(0)\n"
        "time.sleep(60)"
    )
    with running(code) as (process, said):
        process.kill()
    assert said == "heard"
