"""`python -m googlewallet`: check classes and objects, decode save links."""

import io
import sys

from googlewallet.terminal import main

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # a mark that it cannot write becomes a ?
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
