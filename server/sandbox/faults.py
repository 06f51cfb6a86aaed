"""What can be made to go wrong at the push service's stand-in, as data.

The stand-in is right unless told otherwise. The same switches serve the tests (as objects) and a
person at the sandbox (as JSON, `POST /apns/faults`); docs/push-stand-in.md is their list.
"""

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Counted(Protocol):
    """A fault that is met `count` times; None: from now on."""

    count: int | None


F = TypeVar("F", bound=Counted)

# Apple: Handling notification responses from APNs.
STATUS_OF = {
    "BadCollapseId": 400,
    "BadDeviceToken": 400,
    "BadExpirationDate": 400,
    "BadMessageId": 400,
    "BadPriority": 400,
    "BadTopic": 400,
    "DeviceTokenNotForTopic": 400,
    "DuplicateHeaders": 400,
    "IdleTimeout": 400,
    "InvalidPushType": 400,
    "MissingDeviceToken": 400,
    "MissingTopic": 400,
    "PayloadEmpty": 400,
    "TopicDisallowed": 400,
    "BadCertificate": 403,
    "BadCertificateEnvironment": 403,
    "ExpiredProviderToken": 403,
    "Forbidden": 403,
    "InvalidProviderToken": 403,
    "MissingProviderToken": 403,
    "UnrelatedKeyIdInToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "ExpiredToken": 410,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429,
    "TooManyRequests": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "Shutdown": 503,
}


class AnswerFault(BaseModel):
    """Answer pushes with this instead of the truth.

    `token` None means any push token; `count` None means from now on; `every` 10 spares nine of
    ten. Without `status` it is the one that Apple documents for the reason.
    """

    model_config = ConfigDict(extra="forbid")

    status: int = Field(default=0, ge=400, le=599, validate_default=False)
    reason: str = Field(max_length=60)
    token: str | None = None
    count: int | None = Field(default=1, ge=1)
    every: int = Field(default=1, ge=1)
    retry_after_seconds: int | None = Field(default=None, ge=0)
    _met: int = 0

    @model_validator(mode="after")
    def _find_status(self) -> "AnswerFault":
        if not self.status:
            if self.reason not in STATUS_OF:
                raise ValueError(f"{self.reason!r} is none of Apple's reasons: give a status")
            self.status = STATUS_OF[self.reason]
        return self

    def is_met_by(self, token: str) -> bool:
        """Whether a push to `token` gets this answer; counts the pushes that might have."""
        if self.token not in (None, token):
            return False
        self._met += 1
        return self._met % self.every == 0


class Faults(BaseModel):
    """All switches at once; the default is a healthy service.

    `delay_seconds` is how long each answer takes; `answers_per_second` is the most that a
    connection gets. What ends in `_every` happens at every so-manieth push of a connection:

    - `goaway_every`: a goodbye as HTTP/2 asks, with that push and what is under way not handled.
    - `drain_every`: a goodbye after which all that has come is still answered.
    - `cut_every`: the push is taken, and the connection cut without a word.
    - `reset_every`: the push's stream is reset: `refused` before it is taken, `internal` after.
    - `silent_every`: the push is taken and never answered.

    `max_streams` is how many pushes a connection may have open; changing it reaches open
    connections too. With `one_stream_after_refusal` it falls to one with each refusal and is back
    with the next acceptance. After `close_after_refusals` answers of 4xx (410 is none) the
    connection ends. More than `pushes_per_token` to one token in `token_window_seconds` are 429.
    """

    model_config = ConfigDict(extra="forbid")

    answers: list[AnswerFault] = Field(default=[], max_length=1000)
    delay_seconds: float = Field(default=0.0, ge=0, le=60)
    answers_per_second: float | None = Field(default=None, gt=0)
    goaway_every: int | None = Field(default=None, ge=1)
    drain_every: int | None = Field(default=None, ge=1)
    cut_every: int | None = Field(default=None, ge=1)
    reset_every: int | None = Field(default=None, ge=1)
    reset_code: Literal["refused", "internal"] = "refused"
    silent_every: int | None = Field(default=None, ge=1)
    max_streams: int = Field(default=1000, ge=1, le=100_000)
    one_stream_after_refusal: bool = False
    close_after_refusals: int | None = Field(default=None, ge=1)
    pushes_per_token: int | None = Field(default=None, ge=1)
    token_window_seconds: float = Field(default=1800.0, gt=0)

    @property
    def concern_connections(self) -> bool:
        """Whether anything but single answers and the stream limit is to go wrong."""
        spared = {"answers", "max_streams", "pushes_per_token", "token_window_seconds"}
        return any(
            getattr(self, name) != field.default
            for name, field in type(self).model_fields.items()
            if name not in spared
        )

    def take(self, token: str) -> AnswerFault | None:
        """The fault this push meets, used up by it; None when it meets none."""
        return take_first(self.answers, lambda fault: fault.is_met_by(token))


def take_first(faults: list[F], is_met: Callable[[F], bool]) -> F | None:
    """The first fault that is met, used up by it as often as its `count` says."""
    for index, fault in enumerate(faults):
        if not is_met(fault):
            continue
        if fault.count is not None:
            if fault.count <= 1:
                del faults[index]
            else:
                fault.count -= 1
        return fault
    return None
