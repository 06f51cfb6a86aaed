"""Every error the service answers with.

LeimaError
├── SettingsError        the service refuses to start
└── ServiceError         becomes problem+json: status, stable code, what to do
    ├── BadRequest           400
    ├── SignedOut            401
    ├── Forbidden            403
    ├── NotFound             404
    ├── Conflict             409
    ├── Refused              422
    └── TooMany              429
"""

from collections.abc import Callable
from typing import TypeVar

from server.face import Text

T = TypeVar("T")


def attempt(call: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """What `call` gave, or the error that it ended with: for those who must go on whatever it is.
    They log it or hand it on."""
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001 - it is the caller's to tell, and nothing else may end
        return None, error


class LeimaError(Exception):
    """The root of all errors of the service."""


class SettingsError(LeimaError):
    """A setting is missing, unknown or wrong: the message says which and what to do."""


class ServiceError(LeimaError):
    """An answer other than success.

    `code` is stable and meant for programs, `detail` tells a developer what is wrong and what to
    do, and `text` (when there is one) is the sentence for the person at the till or the phone.
    `fields` are added to the problem document.
    """

    status = 500

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        text: Text | None = None,
        fields: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.text = text
        self.fields = fields or {}


class BadRequest(ServiceError):
    """The request cannot be read."""

    status = 400


class SignedOut(ServiceError):
    """Nobody is signed in, or the key is not valid."""

    status = 401


class Forbidden(ServiceError):
    """Signed in, but not allowed."""

    status = 403


class NotFound(ServiceError):
    """There is no such thing here, or it belongs to another brand."""

    status = 404


class Conflict(ServiceError):
    """The request is fine but does not fit what is there now."""

    status = 409


class Refused(ServiceError):
    """The request is readable but breaks a rule."""

    status = 422


class TooMany(ServiceError):
    """Too many tries: wait a moment."""

    status = 429
