"""JSON as the standard has it: what Python reads beyond it is refused."""

import json
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

_DEEPEST = 50


class StrictJSONProvider(DefaultJSONProvider):
    """Reads UTF-8 without NaN, Infinity, half characters or bottomless nesting (RFC 8259)."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """The value.

        Raises:
            ValueError: it is not JSON.
        """
        text = s.decode() if isinstance(s, bytes) else s
        try:
            value = super().loads(text, parse_constant=_refuse, **options)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        if _depth(value) > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} deep")
        if "\\ud" in text.lower():  # an escape that may stand for half a character
            json.dumps(value, ensure_ascii=False).encode()
        return value


def _depth(value: Any) -> int:
    depth, level = 0, [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [item for each in inner for item in each if isinstance(item, dict | list)]
    return depth


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
