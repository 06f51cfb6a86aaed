"""A message on the back of a card: there once, whatever becomes of the calls.

Google Wallet, Add messages: ten at most on an object, three a day that phones announce, and an id
of ours that Google does not keep from coming twice. So it is asked which ones it has before it
gets another, and again when there was no answer.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from googlewallet.client import Kind
from googlewallet.errors import ApiError, Verdict
from googlewallet.modules import Message, MessageType
from server import cards
from server.face import Text
from server.google_rows import DueCard, Held
from server.services import Services
from server.wallets.google import notify
from server.wallets.google.found import plain
from server.wallets.google.line import Line
from server.wallets.google.trace import Silence
from server.wallets.google.words import Words

MOST = 10  # the oldest makes room
_TRIES = 2


class Notice(NamedTuple):
    """What is to be said. With the same `id` again it is not said twice. `is_announced`: the phone
    is to speak of it, which needs the member's consent if it is marketing."""

    id: str
    header: Text
    body: Text
    is_announced: bool = False


class Saying:
    """Puts one message on one card; `held` is what Google has of the card, also after an error."""

    def __init__(self, services: Services, line: Line, due: DueCard, notice: Notice) -> None:
        self._services = services
        self._line = line
        self._due = due
        self._notice = notice
        self.held: Held = due.held

    def run(self) -> Silence | None:
        """Say it. Returns why no phone speaks of it; None when one may.

        Raises:
            ApiError, Halted: as `Line.call`; said again under the same id, it is there once.
            ContentError: Google would not take it.
        """
        shown = cards.show_card(self._services.database, self._due.card_id, at=self._services.now())
        words = Words(shown.language if shown else "en")
        self._line.serial_number = shown.serial_number if shown else None
        silence = self._silence()
        for number in range(1, _TRIES + 1):
            known = self._known()
            if any(each.get("id") == self._notice.id for each in known):
                return silence
            if len(known) >= MOST:
                self._make_room(known)
            try:
                return self._add(words, silence)
            except ApiError as error:
                if error.verdict is not Verdict.UNREACHABLE or number == _TRIES:
                    raise
        return silence

    def _known(self) -> list[dict[str, Any]]:
        client, id = self._line.account.client, self._due.object_id
        found = self._line.call("message_get", lambda: client.get(Kind.LOYALTY_OBJECT, id))
        return list(found.get("messages", []))

    def _make_room(self, known: list[dict[str, Any]]) -> None:
        client, id = self._line.account.client, self._due.object_id
        body = {"messages": [plain(each) for each in known[1 - MOST :]]}
        self._line.call(
            "message_prune",
            lambda: client.patch(Kind.LOYALTY_OBJECT, id, body),
            changed=("messages",),
        )

    def _add(self, words: Words, silence: Silence | None) -> Silence | None:
        client, id = self._line.account.client, self._due.object_id
        kind = MessageType.TEXT if silence else MessageType.TEXT_AND_NOTIFY
        body = Message(
            id=self._notice.id,
            header=words.one(self._notice.header),
            body=words.one(self._notice.body),
            localized_header=words.translated(self._notice.header),
            localized_body=words.translated(self._notice.body),
            message_type=kind,
        ).to_json()
        if silence is None:  # before: without an answer, it may have spoken
            self._count()
        try:
            self._line.call(
                "message",
                lambda: client.add_message(Kind.LOYALTY_OBJECT, id, body),
                changed=("messages",),
                silence=silence,
            )
        except ApiError as error:
            if silence is None and error.verdict is Verdict.QUOTA:
                until = self._services.now() + notify.DAY
                self.held = replace(self.held, hushed_until=until)
                return self._add(words, "hushed")
            raise
        return silence

    def _silence(self) -> Silence | None:
        """Announcements and speaking updates are counted together: nobody knows better."""
        at, per_day = self._services.now(), self._services.settings.google_notify_per_day
        if not self._notice.is_announced:
            return "not_asked"
        if per_day == 0:
            return "off"
        if self.held.hushed_until is not None and at < self.held.hushed_until:
            return "hushed"
        return "budget" if len(notify.recent(self.held.notified_at, at)) >= per_day else None

    def _count(self) -> None:
        at = self._services.now()
        kept = notify.recent(self.held.notified_at, at)
        self.held = replace(self.held, notified_at=(*kept, int(at.timestamp())))
