"""`python -m passkit`: build, inspect, verify and lint passes from a terminal."""

import io
import os
import sys
from datetime import UTC, datetime

from passkit.terminal import main

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # a mark that it cannot write becomes a ?
        sys.stdout.reconfigure(errors="replace")
    is_colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    sys.exit(main(sys.argv[1:], now=datetime.now(UTC), is_colored=is_colored))
