"""Telling Google what cards show, and bringing a card there when its holder asks for it.

Rounds of one thread hand out what is due, as fast as the issuer's rate allows; threads make the
calls, which block. No call is made inside a transaction, and none for a card whose row is in other
hands.
"""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from queue import SimpleQueue
from typing import ClassVar
from uuid import UUID

from googlewallet.errors import ApiError, ContentError, Verdict
from server import google_issuers, google_objects
from server.errors import Refused, attempt
from server.google_objects import Holding, Wanted
from server.google_rows import DueCard
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google.account import Account, Holder
from server.wallets.google.classes import Classes, ClassRefused
from server.wallets.google.line import Halted, Line, rate_of
from server.wallets.google.messages import Notice, Saying
from server.wallets.google.reconcile import Reconcile
from server.wallets.google.update import Gone, Update

_FEWEST_THREADS, _MOST_THREADS = 8, 32
_SECONDS_OF_A_CALL = 0.5  # what threads are counted by: a slow day at Google
_KEPT_FREE = 2  # threads, for those who wait
_BULK_SECONDS = 0.1  # what nobody waits for leaves in helpings of so long
_PATIENCE_SECONDS = 20.0  # of a card that needs more than one call
_PATIENCE_OF_PEOPLE = 3.0
_WAIT_OF_PEOPLE = 6.0  # while a worker has the card in hand
_LOOK_SECONDS = 0.05
_STOP_SECONDS = 4.0
_PAUSE_SECONDS = 300.0  # when we are refused altogether
_LONGEST_BACKOFF_SECONDS = 64.0
_LONGEST_PAUSE_SECONDS = 60.0  # for want of an answer
_TRIES = 10  # after that, only each hour
_HOUR_SECONDS = 3600.0
_REST_SECONDS = 30.0  # between two questions whether to compare everything
_SLOWED = timedelta(seconds=60)
_TROUBLES = 3  # calls in a row without an answer: then it is not the cards

_log = logging.getLogger(__name__)
_random = secrets.SystemRandom()


class Outcome(StrEnum):
    """How it stands with a card that is wanted in Google Wallet now."""

    READY = "ready"  # Google has the object: a save link works
    LATER = "later"  # Google did not answer, or is busy: try again in a moment
    PAUSED = "paused"  # Google refuses us altogether: the operator has to do something
    REFUSED = "refused"  # Google refuses this card or its programme: trying again does not help


class GoogleSync:
    """Tells Google what is owed, in threads of its own, and at once for whoever waits.

    `want` and `bring_up_to_date` may be called in any thread; `step` and `close` in one. Threads
    start with the first step that finds something to tell.
    """

    def __init__(self, services: Services, accounts: Holder) -> None:
        self._services = services
        self._database = services.database
        self._accounts = accounts
        self._classes = Classes(services)
        most = math.ceil(services.settings.google_per_second * _SECONDS_OF_A_CALL) + _KEPT_FREE
        self._reconcile = Reconcile(services, self._classes)
        self._look_at = 0.0  # for whether to compare everything
        self._is_looking = False
        self._most = min(_MOST_THREADS, max(_FEWEST_THREADS, most))
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._in_hand = {False: 0, True: 0}  # by lane
        self._troubles = 0  # calls without an answer, in a row

    def want(self, card_id: UUID) -> Holding | None:
        """The card's holder asks for it: Google is told of it from now on. Asking again changes
        nothing. None when there is no such card, or no account with Google.

        The answer's `has_users` tells whether it is in a wallet already.
        """
        account = self._accounts.current()
        programme_id = google_objects.programme_of(self._database, card_id)
        if account is None or programme_id is None:
            return None
        wanted = Wanted(
            card_id=card_id,
            programme_id=programme_id,
            issuer_id=account.issuer_id,
            class_id=google.class_id(account.issuer_id, programme_id),
            object_id=google.object_id(account.issuer_id, card_id),
        )
        return google_objects.want(self._database, wanted, at=self._services.now())

    def bring_up_to_date(self, card_id: UUID) -> Outcome:
        """Bring a card that was wanted to Google, now, in this thread; for a few seconds at most.

        READY as soon as Google has the object, even if newer changes are on their way to it.
        """
        account, until = self._accounts.current(), time.monotonic() + _WAIT_OF_PEOPLE
        if account is None:
            return Outcome.PAUSED
        while True:
            found = google_objects.find(self._database, card_id)
            if found is None or found.error is not None:
                return Outcome.REFUSED
            if found.is_there:
                return Outcome.READY
            due = google_objects.claim_one(self._database, card_id, at=self._services.now())
            if due is not None:
                line = Line(
                    self._services, account, due, is_bulk=False, patience=_PATIENCE_OF_PEOPLE
                )
                return self._update(line, due)
            if time.monotonic() > until:  # a worker has it in hand
                return Outcome.LATER
            time.sleep(_LOOK_SECONDS)

    def say(self, card_id: UUID, notice: Notice) -> Outcome:
        """Put a message on the back of a card that is at Google, now, in this thread. Said again
        under the same id, it is there once.

        Raises:
            Refused: `message_refused`; Google would not take it.
        """
        account = self._accounts.current()
        if account is None:
            return Outcome.PAUSED
        due = google_objects.claim_one(self._database, card_id, at=self._services.now())
        if due is None:
            is_there = google_objects.find(self._database, card_id) is not None
            return Outcome.LATER if is_there else Outcome.REFUSED
        line = Line(self._services, account, due, is_bulk=False, patience=_PATIENCE_OF_PEOPLE)
        saying, outcome = Saying(self._services, line, due, notice), Outcome.LATER
        try:
            saying.run()
            outcome = Outcome.READY
        except ContentError as error:
            raise Refused("message_refused", f"Google would not take it: {error}") from error
        except Halted:
            return self._put_back(line, saying)
        except ApiError as error:
            if error.verdict in (Verdict.UNAUTHORIZED, Verdict.FORBIDDEN):
                return self._shut_out(line, saying, error)
            outcome = self._unsaid(line, error)
        finally:
            self._release(line, saying)
        self._stop_probing(line)
        return outcome

    def _unsaid(self, line: Line, error: ApiError) -> Outcome:
        """The card itself is as it was: nothing is put off or given up for a message."""
        if error.verdict is Verdict.BUSY:
            until = self._services.now() + _SLOWED
            google_issuers.slow(self._database, line.account.issuer_id, until=until)
        _log.info("google.unsaid issuer=%s: %s", line.account.issuer_id, error)
        is_lasting = error.verdict in (Verdict.REFUSED, Verdict.OBJECT_MISSING)
        return Outcome.REFUSED if is_lasting else Outcome.LATER

    def step(self) -> float | None:
        """One round. Returns the seconds until the next is worth while, None when only news
        (`database.due`) makes it so."""
        account = self._accounts.current()
        if account is None:
            return None
        waits = [self._serve(account, is_bulk=is_bulk) for is_bulk in (False, True)]
        self._look_over(account)
        return min((wait for wait in waits if wait is not None), default=None)

    def close(self) -> None:
        """Finish what is on its way, for a few seconds. What takes longer may or may not arrive:
        it is looked after when its lease has run out."""
        until = time.monotonic() + _STOP_SECONDS
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return not any(self._in_hand.values())

    def _serve(self, account: Account, *, is_bulk: bool) -> float | None:
        """Hand out what is due in one lane; the seconds to the next round as in `step`."""
        if not (room := self._room(is_bulk=is_bulk)):
            return None
        now, issuer_id = self._services.now(), account.issuer_id
        due_at = google_objects.next_due(self._database, issuer_id, at=now, is_bulk=is_bulk)
        if due_at is None:
            return None
        if due_at > now:
            return (due_at - now).total_seconds()
        claimed = google_objects.claim(
            self._database,
            issuer_id,
            at=now,
            limit=room,
            rate=rate_of(self._services.settings),
            is_bulk=is_bulk,
        )
        for due in claimed.cards:
            line = Line(
                self._services,
                account,
                due,
                is_bulk=is_bulk,
                patience=_PATIENCE_SECONDS,
                is_paid=True,
                is_probe=claimed.grant.is_probe,
            )
            self._hand(partial(self._update, line, due), is_bulk=is_bulk)
        if is_bulk or not claimed.cards:
            return max(_BULK_SECONDS if is_bulk else 0.01, claimed.grant.wait)
        return 0.0

    def _room(self, *, is_bulk: bool) -> int:
        room = self._most - sum(self._in_hand.values())
        return max(0, room - _KEPT_FREE) if is_bulk else room

    def _look_over(self, account: Account) -> None:
        """At night, compare everything: a page at a time, behind all that is owed."""
        if self._is_looking or time.monotonic() < self._look_at or not self._room(is_bulk=True):
            return
        if not self._reconcile.is_due(account.issuer_id):
            self._look_at = time.monotonic() + _REST_SECONDS
            return
        self._is_looking = True
        self._hand(partial(self._look, account), is_bulk=True)

    def _look(self, account: Account) -> None:
        line = Line(self._services, account, None, is_bulk=True, patience=_PATIENCE_SECONDS)
        try:
            progress = self._reconcile.next_page(line)
            if progress.is_over:
                _log.info("google.reconciled")
        except (ApiError, Halted) as error:
            _log.info("google.not_reconciled: %s", error)
            self._look_at = time.monotonic() + _REST_SECONDS
        finally:
            self._stop_probing(line)
            self._is_looking = False

    def _hand(self, job: Callable[[], object], *, is_bulk: bool) -> None:
        with self._lock:
            self._in_hand[is_bulk] += 1

        def work() -> None:
            _, error = attempt(job)
            if error is not None:  # a fault of ours: the row stays until its lease runs out
                _log.error("google.task_failed", exc_info=error)
            with self._lock:
                self._in_hand[is_bulk] -= 1
            self._database.due.set()

        self._jobs.put(work)
        if len(self._threads) < min(self._most, sum(self._in_hand.values())):
            name = f"google-{len(self._threads) + 1}"
            self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
            self._threads[-1].start()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _update(self, line: Line, due: DueCard) -> Outcome:
        """Bring a claimed card up to date and give it back, whatever comes of it."""
        update = Update(self._services, self._classes, line, due)
        try:
            update.run()
        except ApiError as error:
            return self._failed(line, update, error)
        except (ContentError, ClassRefused, Gone) as error:
            return self._give_up(line, update, str(error))
        except Halted as error:
            _log.info("google.halted card=%s: %s", due.card_id, error)
            return self._put_back(line, update)
        if line.is_used:
            self._troubles = 0
        at = self._services.now()
        if line.due is not None:
            google_objects.settle(
                self._database, line.due, update.held, at=at, is_told=line.is_used
            )
        self._stop_probing(line)
        return Outcome.READY

    def _failed(self, line: Line, update: Update, error: ApiError) -> Outcome:
        if error.verdict is not Verdict.UNREACHABLE:
            self._troubles = 0
        if error.verdict is Verdict.UNREACHABLE or (error.status or 0) >= 500:
            update.held = update.held.doubted()
        return self._handlers.get(error.verdict, GoogleSync._retry)(self, line, update, error)

    def _refused(self, line: Line, update: Update, error: ApiError) -> Outcome:
        return self._give_up(line, update, str(error))

    def _shut_out(self, line: Line, update: Update | Saying, error: ApiError) -> Outcome:
        """Google lets us in no more, or not for this issuer: no card's call can succeed."""
        self._release(line, update)
        if self._pause(line, _PAUSE_SECONDS, str(error)):
            _log.error(
                "google.paused issuer=%s seconds=%d: %s Check the service account and its place "
                "among the issuer's users; what is owed is kept.",
                line.account.issuer_id,
                _PAUSE_SECONDS,
                error,
            )
        return Outcome.PAUSED

    def _unanswered(self, line: Line, update: Update, error: ApiError) -> Outcome:
        """It may have happened. After a few in a row it is not the cards: one tries for all."""
        self._troubles += 1
        if line.is_probe or self._troubles >= _TROUBLES:
            exponent = max(0, self._troubles - _TROUBLES)
            seconds = min(_LONGEST_PAUSE_SECONDS, 2.0 ** min(exponent, 30))
            if self._pause(line, seconds, str(error)):
                _log.warning("google.unreachable seconds=%.1f: %s", seconds, error)
        return self._retry(line, update, error)

    def _busy(self, line: Line, update: Update, error: ApiError) -> Outcome:
        """All go at half the rate for a minute, and wait as long as Google asks for."""
        now = self._services.now()
        google_issuers.slow(self._database, line.account.issuer_id, until=now + _SLOWED)
        seconds = min(error.retry_after_seconds or 0.0, _LONGEST_PAUSE_SECONDS)
        if seconds or line.is_probe:
            self._pause(line, max(seconds, 1.0), str(error))
        return self._retry(line, update, error)

    def _retry(self, line: Line, update: Update, error: ApiError) -> Outcome:
        """Later and later, and never sooner than Google asked for."""
        self._stop_probing(line)
        if line.due is not None:
            tries = line.due.attempts
            longest = min(2.0**tries, _LONGEST_BACKOFF_SECONDS) if tries < _TRIES else _HOUR_SECONDS
            seconds = longest * _random.uniform(0.1, 1.0)
            seconds = max(seconds, error.retry_after_seconds or 0.0)
            until = self._services.now() + timedelta(seconds=seconds)
            _log.info("google.put_off card=%s until=%s: %s", line.due.card_id, until, error)
            google_objects.put_off(
                self._database, line.due, update.held, until=until, error=str(error)
            )
        return Outcome.LATER

    def _give_up(self, line: Line, update: Update, reason: str) -> Outcome:
        self._stop_probing(line)
        if line.due is not None:
            _log.error("google.given_up card=%s: %s", line.due.card_id, reason)
            at = self._services.now()
            google_objects.give_up(self._database, line.due, update.held, at=at, error=reason)
        return Outcome.REFUSED

    def _put_back(self, line: Line, update: Update | Saying) -> Outcome:
        self._release(line, update)
        self._stop_probing(line)
        standing = google_issuers.standing(self._database, line.account.issuer_id)
        is_paused = standing is not None and standing.pause_reason is not None
        return Outcome.PAUSED if is_paused else Outcome.LATER

    def _release(self, line: Line, update: Update | Saying) -> None:
        if line.due is not None:
            google_objects.release(self._database, line.due, update.held)

    def _pause(self, line: Line, seconds: float, reason: str) -> bool:
        """Ask nothing for so long, for anybody; whether that is news."""
        now, is_probe = self._services.now(), line.is_probe
        line.is_probe = False
        return google_issuers.pause(
            self._database,
            line.account.issuer_id,
            at=now,
            until=now + timedelta(seconds=seconds),
            reason=reason,
            is_probe=is_probe,
        )

    def _stop_probing(self, line: Line) -> None:
        """Whoever was to find out whether Google answers has not: the next one is to."""
        if line.is_probe:
            line.is_probe = False
            at = self._services.now()
            google_issuers.pass_on(self._database, line.account.issuer_id, at=at)

    _handlers: ClassVar[
        dict[Verdict, Callable[["GoogleSync", Line, Update, ApiError], Outcome]]
    ] = {
        Verdict.REFUSED: _refused,
        Verdict.UNAUTHORIZED: _shut_out,
        Verdict.FORBIDDEN: _shut_out,
        Verdict.UNREACHABLE: _unanswered,
        Verdict.BUSY: _busy,
        Verdict.QUOTA: _busy,
    }
