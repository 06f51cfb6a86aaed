"""The shape of what may be sent: by Google's own document where it is installed."""

from typing import Any

from googlewallet.client import Kind
from server.sandbox import google_schema


class Shapes:
    """What bodies must look like."""

    def __init__(self) -> None:
        self._schemas = google_schema.installed()

    def require(self, kind: Kind, body: Any, *, is_patch: bool = False) -> None:
        """Raise BodyRefused unless `body` may be a class or object, or a patch of one."""
        if self._schemas:
            self._schemas.require(kind[0].upper() + kind[1:], body, is_patch=is_patch)

    def require_other(self, name: str, body: Any) -> None:
        """Raise BodyRefused unless `body` is one of the requests that are not resources."""
        if self._schemas:
            self._schemas.require(name, body)
