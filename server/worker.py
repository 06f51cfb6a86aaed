"""Durable background work: what is owed to the outside, and what time itself changes.

One thread beside the web server or in a process of its own. All that it needs to know is in the
database, so that it may be stopped at any moment and started anywhere.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta

from passkit.signing import ALARM_DAYS
from server import deliveries, events, google_objects, traces
from server.errors import attempt
from server.services import Services
from server.wakeups import Wakeups
from server.wallets.apple_push import open_push
from server.wallets.google import account as google_account
from server.wallets.google.sync import GoogleSync
from server.wallets.identity import Holder

# What another process owes is announced on PostgreSQL only, and that can get lost: it is found at
# the latest after so long.
SWEEP_SECONDS = 0.5

# What comes soon after a round waits for so long since its beginning and is told together: a round
# costs as much for one push as for many.
_GATHER_SECONDS = 0.05

_CARDS_A_ROUND = 100
_PRUNE_SECONDS = 600.0
_REST_SECONDS = 10.0  # after a failure that nobody foresaw

_Task = Callable[[], float | None]

_log = logging.getLogger(__name__)


class Worker:
    """Tells wallets what is owed and lets run out what has run out, until it is stopped."""

    def __init__(
        self, services: Services, identity: Holder, google: google_account.Holder | None = None
    ) -> None:
        """Make it in the process that runs it: the push client has a thread. Who we are to Google
        is in the settings when it is not given.

        Raises:
            SettingsError: the push service's address or root certificates cannot be used, or the
                service-account file.
        """
        self._services = services
        self._holder = identity
        self._identity = identity.current()
        self._push = open_push(services, self._identity)
        accounts = google or google_account.Accounts(services.settings, services.now)
        self._google = GoogleSync(services, accounts)
        self._wakeups = Wakeups(services.database)
        self._tasks: tuple[_Task, ...] = (
            self._mind_certificate,
            self._tell_phones,
            self._tell_google,
            self._expire,
            self._prune,
        )
        self._prune_at = 0.0
        self._warned_on: date | None = None
        self._resting: dict[_Task, float] = {}
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Work in a thread, at once and whenever something is owed.

        One host has seldom more than one worker: what is in somebody's hands is that of one that
        was killed, and need not wait for its lease.
        """
        database = self._services.database
        if not database.is_postgresql:
            pushes, objects = deliveries.release_all(database), google_objects.release_all(database)
            if pushes or objects:
                _log.info("worker.taken_over pushes=%d objects=%d", pushes, objects)
        self._wakeups.start()
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Finish the round and end, waiting for at most `timeout` seconds."""
        self._is_stopping = True
        self._wakeups.stop()
        self._services.database.due.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        else:
            self._close()

    def step(self) -> float:
        """One round of everything; returns the seconds to the next unless something is owed."""
        return self._round(lambda task: task())

    def _run(self) -> None:
        due = self._services.database.due
        while not self._is_stopping:
            due.clear()
            began = time.monotonic()
            wait = self._round(self._attempt)
            is_full = self._push is not None and self._push.is_full
            if due.wait(wait) and wait and not is_full:
                time.sleep(max(0.0, began + _GATHER_SECONDS - time.monotonic()))
        self._close()

    def _close(self) -> None:
        if self._push:
            self._push.close()
        self._google.close()

    def _round(self, call: Callable[[_Task], float | None]) -> float:
        waits = [call(task) for task in self._tasks]
        return min((wait for wait in waits if wait is not None), default=SWEEP_SECONDS)

    def _attempt(self, task: _Task) -> float | None:
        if time.monotonic() < self._resting.get(task, 0.0):
            return None
        wait, error = attempt(task)  # one bad row must not end all background work
        if error is not None:
            self._resting[task] = time.monotonic() + _REST_SECONDS
            _log.error("worker.task_failed task=%s", task.__name__, exc_info=error)
        return wait

    def _mind_certificate(self) -> None:
        """Push under the certificate that passes are signed with, and say when it comes to an end.

        Once a day: what is renewed in time is renewed without anybody noticing.
        """
        identity = self._holder.current()
        if identity is not self._identity:
            if self._push:
                self._push.close()
            self._push, self._identity = open_push(self._services, identity), identity
            self._warned_on = None
        now = self._services.now()
        if self._warned_on == now.date():
            return
        self._warned_on = now.date()
        level = (
            logging.ERROR if identity.signer.alarm_days(now) == ALARM_DAYS[-1] else logging.WARNING
        )
        for text in identity.signer.warnings(now):
            _log.log(level, "apple.certificate_ends: %s", text)

    def _tell_phones(self) -> float | None:
        wait = self._push.step() if self._push else None
        return None if wait is None else min(wait, SWEEP_SECONDS)

    def _tell_google(self) -> float | None:
        wait = self._google.step()
        return None if wait is None else min(wait, SWEEP_SECONDS)

    def _expire(self) -> float | None:
        count = events.expire_due(self._services, limit=_CARDS_A_ROUND)
        if count:
            _log.info("worker.expired cards=%d", count)
        return 0.0 if count == _CARDS_A_ROUND else None

    def _prune(self) -> float | None:
        """What timelines have kept for long enough; a few thousand rows a round."""
        if time.monotonic() < self._prune_at:
            return None
        keep = timedelta(days=self._services.settings.timeline_days)
        if traces.prune(self._services.database, at=self._services.now(), keep=keep):
            return 0.0
        google_objects.prune(self._services.database, at=self._services.now())
        self._prune_at = time.monotonic() + _PRUNE_SECONDS
        return None
