"""What can be made to go wrong at the Google stand-in, as data.

It is right unless told otherwise. The same switches serve the tests (as objects) and a person at
the sandbox (as JSON, `POST /control/faults`); docs/google-stand-in.md is their list.
"""

import threading
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from googlewallet.throwaway import Flaw
from server.sandbox.faults import take_first

# The reason that goes with a status when none is given.
_REASONS = {
    400: "invalid",
    401: "authError",
    403: "permissionDenied",
    404: "resourceNotFound",
    409: "existingResource",
    429: "rateLimitExceeded",
    500: "backendError",
    503: "backendError",
}


class AnswerFault(BaseModel):
    """What calls meet instead of the truth.

    Calls whose method is `method` (any when empty) and whose path holds `path` meet it, `count`
    times (None: from now on), each `every`-th of them. It waits `delay_seconds`; then it answers
    with `status`, or ends the connection without an answer: `drop` says whether before or after
    the call has been carried out. With neither, the truth just comes late. `body` replaces the
    usual JSON, as answers of proxies on the way are none.
    """

    model_config = ConfigDict(extra="forbid")

    status: int | None = Field(default=None, ge=400, le=599)
    reason: str = Field(default="", max_length=60)
    retry_after_seconds: int | None = Field(default=None, ge=0)
    body: str | None = None
    delay_seconds: float = Field(default=0.0, ge=0, le=120)
    drop: Literal["before_commit", "after_commit"] | None = None
    method: str = ""
    path: str = ""
    count: int | None = Field(default=1, ge=1)
    every: int = Field(default=1, ge=1)
    _seen: int = PrivateAttr(default=0)

    @property
    def told_reason(self) -> str:
        """The reason, or the one that goes with the status."""
        return self.reason or _REASONS.get(self.status or 0, "invalid")

    def is_met_by(self, method: str, path: str) -> bool:
        """Whether a call meets it; counts those that might."""
        if (self.method and self.method.upper() != method) or self.path not in path:
            return False
        self._seen += 1
        return self._seen % self.every == 0


class CallbackFaults(BaseModel):
    """What goes wrong with callbacks.

    `flaws` are used up one by one by the callbacks to come; `flaw` is on all of them from now on.
    Each is sent `copies` times, `delay_seconds` late, or with `is_off` not at all. What is not
    answered with 2xx is sent again after each of `retry_seconds`.
    """

    model_config = ConfigDict(extra="forbid")

    is_off: bool = False
    flaws: list[Flaw] = Field(default=[], max_length=1000)
    flaw: Flaw | None = None
    copies: int = Field(default=1, ge=1, le=100)
    delay_seconds: float = Field(default=0.0, ge=0, le=3600)
    retry_seconds: list[float] = Field(default=[1.0, 5.0, 30.0], max_length=20)

    def take_flaw(self) -> Flaw | None:
        """What is wrong with the next callback, used up by it."""
        return self.flaws.pop(0) if self.flaws else self.flaw


class Faults(BaseModel):
    """All that is to go wrong; the default is that nothing does.

    More than `requests_per_second` are answered with 429. Every answer comes `delay_seconds` late.
    An object or class may make phones speak `notifications_per_day` times in 24 hours. In
    `demo_mode` only testers may save.
    """

    model_config = ConfigDict(extra="forbid")

    answers: list[AnswerFault] = Field(default=[], max_length=1000)
    delay_seconds: float = Field(default=0.0, ge=0, le=120)
    requests_per_second: float | None = Field(default=None, gt=0)
    notifications_per_day: int = Field(default=3, ge=0)
    demo_mode: bool = False
    callbacks: CallbackFaults = CallbackFaults()
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def take(self, method: str, path: str) -> AnswerFault | None:
        """The fault that this call meets, used up by it; None when it meets none."""
        if not self.answers:
            return None
        with self._lock:
            return take_first(self.answers, lambda fault: fault.is_met_by(method, path))
