"""The kinds of programme parts: one module each, and one line here."""

from typing import Any

from server.programmes.base import Kind
from server.programmes.stamp_card import StampCard

KINDS: dict[str, Kind[Any]] = {kind.key: kind for kind in (StampCard(),)}
