"""What can be made to go wrong at the push service's stand-in, as data.

The stand-in is right unless told otherwise. The same switches serve the tests (as objects) and a
person at the sandbox (as JSON, `POST /apns/faults`).
"""

from pydantic import BaseModel, ConfigDict, Field


class AnswerFault(BaseModel):
    """Answer pushes with this instead of the truth.

    `token` None means any push token; `count` None means from now on.
    """

    model_config = ConfigDict(extra="forbid")

    status: int = Field(ge=400, le=599)
    reason: str = Field(max_length=60)
    token: str | None = None
    count: int | None = Field(default=1, ge=1)
    retry_after_seconds: int | None = Field(default=None, ge=0)


class Faults(BaseModel):
    """All switches at once; the default is a healthy service.

    `delay_seconds` is how long each answer takes. `goaway_every` and `cut_every` end a connection
    at every so-manieth push: the first says goodbye as HTTP/2 asks, with that push unanswered;
    the second takes the push and hangs up without a word. `max_streams` is how many pushes a
    connection may have open; changing it reaches open connections too.
    """

    model_config = ConfigDict(extra="forbid")

    answers: list[AnswerFault] = Field(default=[], max_length=1000)
    delay_seconds: float = Field(default=0.0, ge=0, le=60)
    goaway_every: int | None = Field(default=None, ge=1)
    cut_every: int | None = Field(default=None, ge=1)
    max_streams: int = Field(default=1000, ge=1, le=100_000)

    def take(self, token: str) -> AnswerFault | None:
        """The fault this push meets, used up by it; None when it meets none."""
        for index, fault in enumerate(self.answers):
            if fault.token in (None, token):
                self._use_up(index)
                return fault
        return None

    def _use_up(self, index: int) -> None:
        fault = self.answers[index]
        if fault.count is None:
            return
        if fault.count <= 1:
            del self.answers[index]
        else:
            self.answers[index] = fault.model_copy(update={"count": fault.count - 1})
