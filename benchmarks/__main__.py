"""Every benchmark in one run: `make bench`, or `python -m benchmarks`."""

from benchmarks import crowds, journey, links, objects, passes, phones, pushes, renewals, stamps
from benchmarks.figures import table

MODULES = [passes, links, pushes, phones, journey, stamps, objects, crowds, renewals]


def main() -> None:
    """Print a table for each module. A goal that is missed says so; it is no error."""
    for module in MODULES:
        print(table(module.TITLE, module.measure()), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
