"""`make soak KIND=kill` and `KIND=storm`, or `python -m soak --help`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from soak import kill, storm
from soak.errors import SoakFailed


def main(arguments: list[str] | None = None) -> int:
    """Run one trial: 0 when every promise was kept, 1 with an account when not."""
    given = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="leima-soak-"))
    print(f"In {folder}, seed {given.seed}.", file=sys.stderr, flush=True)
    try:
        line = _run(given, folder)
    except SoakFailed as error:
        sizes = f"N={given.kills}" if given.kind == "kill" else _sizes(given)
        print(f"soak {given.kind}: FAILED.\n{error}", flush=True)
        print(f"Again: make soak KIND={given.kind} SEED={given.seed} {sizes}")
        print(f"The data and said.log are kept in {folder}", flush=True)
        return 1
    print(line, flush=True)
    shutil.rmtree(folder)
    return 0


def _run(given: argparse.Namespace, folder: Path) -> str:
    if given.kind == "kill":
        return kill.run(folder, seed=given.seed, count=given.kills)
    return storm.run(folder, seed=given.seed, minutes=given.minutes, count=given.phones)


def _sizes(given: argparse.Namespace) -> str:
    return f"MINUTES={given.minutes:g} PHONES={given.phones}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m soak", description="Long trials of the whole service on this machine."
    )
    parser.add_argument("kind", choices=["kill", "storm"])
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same plan")
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--minutes", type=float, default=30.0, help="of storm")
    parser.add_argument("--phones", type=int, default=2000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
