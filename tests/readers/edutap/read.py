"""edutap.wallet-apple tells of each .pkpass file whether its models take it: a line of JSON each.

Usage: python -S read.py FILE...   Its own signature check cannot run, so that is not asked for.
"""

import json
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "packages"))
warnings.simplefilter("ignore")

from edutap.wallet_apple.models.passes import PkPass  # noqa: E402


def read(path):
    try:
        with open(path, "rb") as file:
            pkpass = PkPass.from_zip(file)
        if not pkpass.is_signed:
            return {"refused": "not signed"}
        return {"style": type(pkpass.pass_object_safe.pass_information).__name__}
    except Exception as error:  # noqa: BLE001 - whatever it says is the answer
        return {"refused": f"{type(error).__name__}: {error}"[:500]}


for path in sys.argv[1:]:
    print(json.dumps(read(path)))
