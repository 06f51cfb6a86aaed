"""`make fuzz MINUTES=n`: rounds of every target in a process with little memory and a watchdog.

A round that fails is named by its target and number. Put that line into fuzz/seeds.txt: a test
runs each line that stands there.
"""

import argparse
import faulthandler
import resource
import secrets
import subprocess
import sys
import time
from collections import Counter

from fuzz.targets import TARGETS, run

_MEMORY = 1536 * 1024 * 1024  # of addresses; the interpreter and its libraries take a third
_HANG_SECONDS = 180  # a round takes a few
_WIDTH, _LINES = 300, 60  # of what is shown of a failure


def child(first: int, seconds: float) -> int:
    """Rounds of every target in turn until the time is over."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    ends, number, examples = time.monotonic() + seconds, first, Counter[str]()
    while time.monotonic() < ends:
        for name in TARGETS:
            faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
            print(f"{name} {number}", file=sys.stderr, flush=True)
            examples[name] += run(name, number)
        number += 1
    told = ", ".join(f"{name} {count:,}" for name, count in examples.items())
    print(f"{sum(examples.values()):,} examples: {told}.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Most memory at a time: {peak:.0f} MB.")
    return 0


def main() -> int:
    """Run the child, and say which round it did not survive."""
    given = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    given.add_argument("--minutes", type=float, default=1.0)
    given.add_argument("--first", type=int, default=None, help="number of the first round")
    given.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    found = given.parse_args()
    first = secrets.randbelow(10**9) if found.first is None else found.first
    if found.child:
        return child(first, found.minutes * 60)
    print(f"Fuzzing for {found.minutes:g} minutes, from round {first} ...", flush=True)
    arguments = ["--child", "--minutes", str(found.minutes), "--first", str(first)]
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments], stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode == 0:
        print("No crash, no hang, no more memory than allowed.")
        return 0
    rounds = [line for line in done.stderr.splitlines() if line.partition(" ")[0] in TARGETS]
    told = [line[:_WIDTH] for line in done.stderr.splitlines() if line not in rounds]
    print("\n".join(told[-_LINES:]))
    print(f"*** Failed in the round: {rounds[-1] if rounds else '(none began)'}")
    print("    Put that line into fuzz/seeds.txt, and mend what it found.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
