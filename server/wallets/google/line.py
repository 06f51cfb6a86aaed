"""Calls to Google for one card, one after the other: in turn with all others of the issuer, within
the lease of the card's row, and noted.
"""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from googlewallet.errors import ApiError, Verdict
from server import google_issuers, google_objects
from server.buckets import Rate
from server.config import Settings
from server.db import assert_no_transaction
from server.google_rows import LEASE, DueCard
from server.services import Services
from server.wallets.google import trace as google_trace
from server.wallets.google.account import Account
from server.wallets.google.trace import Silence, Told

_SECONDS_OF_A_CALL = timedelta(seconds=50)  # at the most, with a new access token before it
_LONGEST_SLEEP = 0.25
# With these, nothing is known of whether Google lets us in.
_TELLS_NOTHING = frozenset(
    {Verdict.UNAUTHORIZED, Verdict.FORBIDDEN, Verdict.BUSY, Verdict.UNREACHABLE}
)

T = TypeVar("T")


class Halted(Exception):
    """There is no call to be had now, or the card is somebody else's by now."""


class Line:
    """`due` is the row that the calls are for: renewed when they take long. Not for two threads."""

    def __init__(
        self,
        services: Services,
        account: Account,
        due: DueCard | None,
        *,
        is_bulk: bool,
        patience: float,
        is_paid: bool = False,
        is_probe: bool = False,
    ) -> None:
        """`is_paid`: the first call was granted with the claim. `patience` is how long a call may
        wait for its turn, in seconds."""
        self._services = services
        self.account = account
        self.due = due
        self.is_probe = is_probe
        self.is_used = False
        self.serial_number: str | None = None  # of the card that calls are noted for
        self._is_bulk = is_bulk
        self._patience = patience
        self._is_paid = is_paid

    def call(
        self,
        name: str,
        ask: Callable[[], T],
        *,
        changed: Iterable[str] = (),
        silence: Silence | None = "not_asked",
    ) -> T:
        """Make a call, and note it under `name`. `silence` is why it lets no phone speak.

        Raises:
            ApiError: what Google said, or that it said nothing.
            Halted: it was not made.
        """
        if not self._is_paid:
            self._wait_for_turn()
        self._keep_lease()  # for the whole of the call: the turn may have been long in coming
        self._is_paid, self.is_used = False, True
        assert_no_transaction()
        try:
            answer = ask()
        except ApiError as error:
            told = error.status or 0, error.verdict.value, error.reason
            self._note(name, told, changed, silence)
            if error.verdict not in _TELLS_NOTHING:
                self._go_on()
            raise
        self._note(name, (200, google_trace.TAKEN, ""), changed, silence)
        self._go_on()
        return answer

    def _note(
        self,
        name: str,
        told: tuple[int, str, str],
        changed: Iterable[str],
        silence: Silence | None,
    ) -> None:
        status, verdict, reason = told
        if self.due is None or self.serial_number is None:
            return
        google_trace.note_told(
            self._services,
            Told(
                at=self._services.now(),
                serial_number=self.serial_number,
                call=name,
                status=status,
                due_at=self.due.due_at,
                verdict=verdict,
                reason=reason,
                is_notified=silence is None,
                silence=silence,
                changed=changed,
            ),
        )

    def _go_on(self) -> None:
        if self.is_probe:
            self.is_probe = False
            google_issuers.resume(self._services.database, self.account.issuer_id)

    def _keep_lease(self) -> None:
        if self.due is None:
            return
        now = self._services.now()
        if now > self.due.claimed_at + LEASE - _SECONDS_OF_A_CALL:
            self.due = google_objects.renew(self._services.database, self.due, at=now)
            if self.due is None:
                raise Halted("the row is somebody else's by now")

    def _wait_for_turn(self) -> None:
        rate, until = rate_of(self._services.settings), time.monotonic() + self._patience
        while True:
            granted = google_issuers.take(
                self._services.database,
                self.account.issuer_id,
                at=self._services.now(),
                rate=rate,
                is_bulk=self._is_bulk,
            )
            if granted.calls:
                self.is_probe = self.is_probe or granted.is_probe
                return
            if granted.pause_reason is not None:
                raise Halted(granted.pause_reason)
            if time.monotonic() >= until:
                raise Halted("too many calls wait")
            time.sleep(min(granted.wait, _LONGEST_SLEEP))


def rate_of(settings: Settings) -> Rate:
    """How fast an issuer is asked: a second's worth at once."""
    per_second = settings.google_per_second
    return Rate(burst=max(1, round(per_second)), per_second=per_second)
