"""`make soak KIND=kill` and `KIND=storm`, or `python -m soak --help`."""

import argparse
import sys
import tempfile
from pathlib import Path

from soak import kill
from soak.errors import SoakFailed


def main(arguments: list[str] | None = None) -> int:
    """Run one trial: 0 when every promise was kept, 1 with an account when not."""
    given = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="leima-soak-"))
    print(f"In {folder}, seed {given.seed}.", file=sys.stderr, flush=True)
    try:
        line = kill.run(folder, seed=given.seed, count=given.kills)
    except SoakFailed as error:
        print(f"soak {given.kind}: FAILED.\n{error}", flush=True)
        print(
            f"Again: make soak KIND=kill SEED={given.seed} N={given.kills}. "
            f"The data and said.log are kept in {folder}",
            flush=True,
        )
        return 1
    print(line, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m soak", description="Long trials of the whole service on this machine."
    )
    parser.add_argument("kind", choices=["kill"])
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same plan")
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    return parser


if __name__ == "__main__":
    sys.exit(main())
