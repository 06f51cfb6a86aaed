"""JSON as the standard has it: what Python reads beyond it is refused."""

import json
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider


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
        if "\\ud" in text.lower():  # an escape that may stand for half a character
            json.dumps(value, ensure_ascii=False).encode()
        return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
