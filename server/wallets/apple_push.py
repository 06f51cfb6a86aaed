"""Telling phones, through Apple's push service, that a pass of theirs changed.

Rounds of one thread: take in the answers that came, then push what is due. The network runs in
the client's own thread, and never inside a transaction.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from passkit import PushError
from passkit.apns import PRODUCTION_URL, Failure, PushAnswer, PushClient, Verdict
from server import deliveries, metrics, registrations
from server.db import assert_no_transaction
from server.deliveries import DuePush
from server.errors import SettingsError
from server.services import Services
from server.wallets import apple_trace
from server.wallets.identity import Identity

_BATCH = 100  # rows in one transaction: the tills wait for it
_MOST_IN_HAND = 500
_MOST_BULK_IN_HAND = 100
_BULK_SECONDS = 0.2  # what nobody waits for leaves in helpings of so long
_MOST_DOUBLINGS = 2  # of the waits that Apple's answers bring
_TRIES_IN_PLACE = 3  # without an answer: then it lets the others pass
_LONGEST_PAUSE_SECONDS = 60.0  # between two tries to get a connection
_RESET_SECONDS = 1.0  # before a push that alone was reset is tried again
_FIRST_WAIT_SECONDS = 60.0  # of a phone that had too many, or that the service knows no more
_WINDOW = 100  # tokens, of the latest answers; from half of them on a judgement is made
_REFUSED_SHARE = 0.9
_TRIES_BY_DATE = 6  # with a token that ended before it was registered: then a clock was wrong
_DOUBTS = 5  # tries between two pauses, each of another phone

_Pairs = list[tuple[DuePush, PushAnswer]]

_log = logging.getLogger(__name__)
_random = secrets.SystemRandom()


def open_push(services: Services, identity: Identity) -> "ApplePush | None":
    """The way to phones, or None where there is none: Apple is not asked with a throw-away name.

    Raises:
        SettingsError: the push service's address or root certificates cannot be used.
    """
    settings = services.settings
    url = settings.apns_url or PRODUCTION_URL
    if identity.is_throwaway and (urlsplit(url).hostname or "").endswith("push.apple.com"):
        _log.warning("apple_push.off: a throw-away certificate is in use, so phones are not told")
        return None
    try:
        client = PushClient(
            topic=identity.pass_type_identifier,
            certificate_pem=identity.certificate_pem,
            key_pem=identity.key_pem,
            now=services.now,
            url=url,
            ca_pem=settings.apns_ca_file.read_bytes() if settings.apns_ca_file else None,
            push_type=settings.push_type,
            priority=settings.push_priority,
            expiration_seconds=round(settings.push_expiration_days * 86400),
        )
    except (PushError, OSError) as error:
        raise SettingsError(f"LEIMA_APNS_URL, LEIMA_APNS_CA_FILE: {error}") from error
    return ApplePush(services, client, topic=identity.pass_type_identifier)


class ApplePush:
    """Pushes what the devices of one pass type are owed. All but `close` in one thread."""

    def __init__(self, services: Services, client: PushClient, *, topic: str) -> None:
        self._services = services
        self._database = services.database
        self._client = client
        self._topic = topic
        self._answers: SimpleQueue[tuple[DuePush, PushAnswer, datetime]] = SimpleQueue()
        self._in_hand: dict[tuple[UUID, datetime], DuePush] = {}
        self._bulk_in_hand = 0
        self._pace = _Pace(services.settings.push_bulk_per_second)
        self._resume_at: datetime | None = None
        self._is_halted = False
        self._pauses = 0  # in a row, for want of a connection
        self._is_probing = False  # one push at a time, until there is a good answer again
        self._refusals: dict[str, bool] = {}  # token -> whether it was refused, newest last
        self._is_doubting = False  # whether a refused token is at fault, or we are
        self._doubts = 0

    def step(self) -> float | None:
        """One round. Returns the seconds until the next is worth while, None when only news
        (`database.due`) makes it so."""
        self._take_answers()
        now = self._services.now()
        if self._resume_at and self._is_pausing(now):
            return (self._resume_at - now).total_seconds()
        self._is_halted = False
        waits = [self._serve(now, is_bulk=is_bulk) for is_bulk in (False, True)]
        return min((wait for wait in waits if wait is not None), default=None)

    @property
    def is_full(self) -> bool:
        """Whether a lane has as much in hand as it may: the next answer makes room."""
        return not (self._room(is_bulk=False) and self._room(is_bulk=True))

    def close(self) -> None:
        """Close the connection; what has no answer yet is given back, to be pushed anew."""
        self._take_answers()
        self._client.close()
        if self._in_hand:
            deliveries.release(self._database, self._in_hand.values())
            self._in_hand.clear()

    def _serve(self, now: datetime, *, is_bulk: bool) -> float | None:
        """Push what is due in one lane; the seconds to the next round as in `step`."""
        if not (room := self._room(is_bulk=is_bulk)):
            return None
        due_at = deliveries.next_due(
            self._database, at=now, pass_type_identifier=self._topic, is_bulk=is_bulk
        )
        if due_at is None:
            return None
        if due_at > now:
            return (due_at - now).total_seconds()
        if is_bulk:
            room = min(room, self._pace.take(now, room))
        if not room:
            return _BULK_SECONDS
        self._push_due(now, limit=room, is_bulk=is_bulk)
        return 0.0

    def _room(self, *, is_bulk: bool) -> int:
        if self._is_probing:
            return 0 if self._in_hand else 1
        room = min(_BATCH, _MOST_IN_HAND - len(self._in_hand))
        return min(room, _MOST_BULK_IN_HAND - self._bulk_in_hand) if is_bulk else room

    def _push_due(self, now: datetime, *, limit: int, is_bulk: bool) -> None:
        due = deliveries.claim(
            self._database,
            at=now,
            limit=limit,
            pass_type_identifier=self._topic,
            is_bulk=is_bulk,
        )
        assert_no_transaction()
        for push in due:
            self._in_hand[push.device_id, push.claimed_at] = push
            self._bulk_in_hand += push.is_bulk
            self._client.push(push.push_token, partial(self._hear, push), can_wait=push.is_bulk)

    def _hear(self, push: DuePush, answer: PushAnswer) -> None:
        """Called in the client's thread."""
        self._answers.put((push, answer, self._services.now()))
        self._database.due.set()

    def _answered(self) -> Iterator[tuple[DuePush, PushAnswer, datetime]]:
        while True:
            try:
                yield self._answers.get_nowait()
            except Empty:
                return

    def _take_answers(self) -> None:
        by_verdict: dict[Verdict, list[tuple[DuePush, PushAnswer]]] = {}
        for push, answer, heard_at in self._answered():
            if self._in_hand.pop((push.device_id, push.claimed_at), None):
                self._bulk_in_hand -= push.is_bulk
            verdict = self._judge(push, answer)
            apple_trace.note_push(self._services, push, answer, verdict, at=heard_at)
            by_verdict.setdefault(verdict, []).append((push, answer))
        for verdict, pairs in by_verdict.items():
            metrics.PUSHES.labels(verdict.name.lower()).inc(len(pairs))
            self._handlers[verdict](self, pairs)

    def _judge(self, push: DuePush, answer: PushAnswer) -> Verdict:
        """The client's verdict, but when tokens that used to work are refused, the fault is ours.

        Only these count: anybody may register a token that never was one. After such a halt a
        refusal proves nothing until there is a good answer again, and the next one is tried.
        """
        is_refused = _is_refused(answer)
        if answer.status == 200:
            self._is_doubting = False
        if is_refused and self._is_doubting:
            self._doubts += 1
            return Verdict.RETRY if self._doubts % _DOUBTS else Verdict.HALT
        if answer.status == 200 or (is_refused and push.was_reached):
            self._note(push.push_token, is_refused)
        if is_refused and self._is_our_fault():
            self._is_doubting = True
            self._refusals.clear()
            return Verdict.HALT
        if is_refused and push.was_reached and push.attempts == 0:
            return Verdict.RETRY  # it used to work: forgotten only when it is refused again
        if answer.status and answer.verdict is not Verdict.HALT:
            self._is_probing, self._pauses = False, 0
        return answer.verdict

    def _note(self, token: str, is_refused: bool) -> None:
        """Each token counts once, however many devices somebody has registered with it."""
        self._refusals.pop(token, None)
        self._refusals[token] = is_refused
        if len(self._refusals) > _WINDOW:
            del self._refusals[next(iter(self._refusals))]

    def _is_our_fault(self) -> bool:
        known = len(self._refusals)
        return known * 2 >= _WINDOW and sum(self._refusals.values()) >= known * _REFUSED_SHARE

    def _settle(self, pairs: _Pairs) -> None:
        for start in range(0, len(pairs), _BATCH):
            batch = [push for push, _ in pairs[start : start + _BATCH]]
            deliveries.settle(self._database, batch, at=self._services.now())
            _log.info("apple_push.accepted count=%d", len(batch))

    def _halt(self, pairs: _Pairs) -> None:
        """Our certificate or settings: nobody's push can succeed, and nobody's token is bad."""
        refused = [push for push, answer in pairs if _is_refused(answer)]
        until = self._later(self._services.settings.push_retry_seconds)
        for push in refused:  # out of the way: the next try is another's
            deliveries.put_off(self._database, push, until=until, error=pairs[0][1].detail)
        deliveries.release(self._database, [push for push, _ in pairs if push not in refused])
        if self._is_halted:
            return
        self._is_halted = True
        seconds = self._services.settings.push_retry_seconds
        self._pause(seconds)
        _log.error(
            "apple_push.halted topic=%s seconds=%d: %s Check certificate and settings; "
            "no registration is lost.",
            self._topic,
            seconds,
            pairs[0][1].detail,
        )

    def _bury(self, pairs: _Pairs) -> None:
        for push, answer in pairs:
            is_by_date = push.attempts < _TRIES_BY_DATE
            is_dropped = registrations.drop_token(
                self._database,
                push.device_id,
                push_token=push.push_token,
                unregistered_at=answer.unregistered_at if is_by_date else None,
            )
            if is_dropped:
                _log.info(
                    "apple_push.token_dead device=%s reason=%s", push.device_id, answer.reason
                )
            else:  # the phone has registered since: the same token is tried again later
                self._wait([(push, answer)])

    def _wait(self, pairs: _Pairs) -> None:
        seconds = min(_FIRST_WAIT_SECONDS, self._services.settings.push_retry_seconds)
        for push, answer in pairs:
            self._put_off(push, answer, seconds)

    def _retry(self, pairs: _Pairs) -> None:
        """Apple asks for a quarter of an hour after a failure of its own."""
        unanswered = []
        for push, answer in pairs:
            if answer.status:
                self._put_off(push, answer, self._services.settings.push_retry_seconds)
            elif answer.failure is Failure.RESET:
                self._put_off(push, answer, _RESET_SECONDS)
            else:
                unanswered.append((push, answer))
        if unanswered:
            self._reconnect(unanswered)

    def _reconnect(self, pairs: _Pairs) -> None:
        """There is no connection, for anybody. All keep their places, but one that ends every
        connection may not stand in the way for ever."""
        if self._is_pausing(self._services.now()):
            deliveries.release(self._database, [push for push, _ in pairs])
            return
        longest = min(_LONGEST_PAUSE_SECONDS, self._services.settings.push_retry_seconds)
        seconds = self._pause(min(2.0 ** min(self._pauses, 30), longest))
        self._pauses += 1
        (push, answer), others = pairs[0], [push for push, _ in pairs[1:]]
        _log.warning("apple_push.no_connection seconds=%.1f: %s", seconds, answer.detail)
        deliveries.release(self._database, others)
        until = push.due_at
        if answer.failure is Failure.UNREACHABLE:
            deliveries.release(self._database, [push])
            return
        if push.attempts >= _TRIES_IN_PLACE:
            until = self._later(min(2.0 ** min(push.attempts, 30), longest))
        deliveries.put_off(self._database, push, until=until, error=answer.detail)

    def _give_up(self, pairs: _Pairs) -> None:
        for push, answer in pairs:
            _log.error("apple_push.given_up device=%s: %s", push.device_id, answer.detail)
            deliveries.give_up(self._database, push, error=answer.detail)

    def _put_off(self, push: DuePush, answer: PushAnswer, seconds: float) -> None:
        """Later and later, and never sooner than the service asked for."""
        grown = seconds * 2.0 ** min(push.attempts, _MOST_DOUBLINGS)
        until = self._later(max(grown, answer.retry_after_seconds or 0.0))
        _log.info("apple_push.put_off device=%s until=%s: %s", push.device_id, until, answer.detail)
        deliveries.put_off(self._database, push, until=until, error=answer.detail)

    def _pause(self, seconds: float) -> float:
        """Push nothing for a while, then one alone; the seconds it really is."""
        until = self._later(seconds)
        self._resume_at, self._is_probing = until, True
        return (until - self._services.now()).total_seconds()

    def _is_pausing(self, now: datetime) -> bool:
        return self._resume_at is not None and now < self._resume_at

    def _later(self, seconds: float) -> datetime:
        """A moment that others who wait as long do not share."""
        return self._services.now() + timedelta(seconds=seconds * _random.uniform(1.0, 1.25))

    _handlers: ClassVar[dict[Verdict, Callable[["ApplePush", _Pairs], None]]] = {
        Verdict.ACCEPTED: _settle,
        Verdict.TOKEN_DEAD: _bury,
        Verdict.HALT: _halt,
        Verdict.WAIT: _wait,
        Verdict.RETRY: _retry,
        Verdict.DROP: _give_up,
    }


class _Pace:
    """How many pushes that nobody waits for may leave: so many a second, in small helpings."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * _BULK_SECONDS)
        self._left = self._most
        self._at: datetime | None = None

    def take(self, now: datetime, wanted: int) -> int:
        """Take up to `wanted`; 0 until a helping, or as much as is wanted, has gathered."""
        passed = (now - self._at).total_seconds() if self._at else 0.0
        self._at = now
        self._left = min(self._most, self._left + max(0.0, passed) * self._per_second)
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken


def _is_refused(answer: PushAnswer) -> bool:
    return answer.status == 400 and answer.verdict is Verdict.TOKEN_DEAD
