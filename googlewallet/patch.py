"""What has changed: the smallest body of a PATCH.

Google merges a PATCH into what it has: objects key by key, arrays as a whole, and null removes
(Wallet API, the patch methods).
"""

import json
from collections.abc import Mapping
from typing import Any


def difference(sent: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest PATCH body that makes what was `sent` last into what is `wanted`; {} if equal.

    Both are JSON of requests, as `to_json` gives it. A balance is sent whole, with the form it had
    before nulled, so that it never has two or none on the way.
    """
    changed: dict[str, Any] = {key: None for key in sent if key not in wanted}
    for key, value in wanted.items():
        former = sent.get(key)
        if _is_same(former, value):
            continue
        if not (isinstance(former, Mapping) and isinstance(value, Mapping)):
            changed[key] = value
        elif key == "balance":
            changed[key] = dict.fromkeys(former) | dict(value)
        else:
            changed[key] = difference(former, value)
    return changed


def _is_same(former: Any, value: Any) -> bool:
    """Equal as JSON: to Python, true is 1."""
    return former == value and json.dumps(former, sort_keys=True) == json.dumps(
        value, sort_keys=True
    )
