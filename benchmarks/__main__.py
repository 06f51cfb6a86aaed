"""Every benchmark in one run: `make bench`, or `python -m benchmarks`."""

import sys

from benchmarks import passes
from benchmarks.figures import table

MODULES = [passes]


def main() -> int:
    """Print a table for each module; 1 when a goal is missed."""
    missed = 0
    for module in MODULES:
        figures = module.measure()
        missed += sum(not each.is_met for each in figures)
        print(table(module.TITLE, figures), end="\n\n", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
