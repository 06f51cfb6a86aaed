"""One card brought up to date at Google: its object, and that of its reward.

What is sent is what differs from what Google has; when that is not certain, it is asked first. The
calls of a card follow each other, and each of them may be repeated: whatever becomes of one, the
next round starts from what is known.
"""

from dataclasses import replace
from typing import Any, Literal, NamedTuple

from googlewallet import difference
from googlewallet.client import Kind, WalletClient
from googlewallet.errors import ApiError, Verdict
from server import cards, google_objects
from server.google_rows import DueCard, Held
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google import notify as google_notify
from server.wallets.google import trace as google_trace
from server.wallets.google.classes import Classes
from server.wallets.google.found import as_sent
from server.wallets.google.line import Halted, Line

_MOST_STEPS = 6  # for one object: more than there are ways to be wrong about it

Body = dict[str, Any]


class Gone(Exception):
    """The card is no more."""


class _Thing(NamedTuple):
    """An object of Google's, by its id; `place` is where we keep what it was given."""

    kind: Kind
    id: str
    place: Literal["sent", "offer_sent"]
    prefix: str = ""


class Update:
    """Brings one card up to date; `held` is what Google has of it, also after an error."""

    def __init__(self, services: Services, classes: Classes, line: Line, due: DueCard) -> None:
        self._services = services
        self._classes = classes
        self._line = line
        self._due = due
        self._was_class_missing = False
        self.held: Held = due.held

    def run(self) -> None:
        """Tell all that the card is at this moment.

        Raises:
            ApiError, Halted: as `Line.call`.
            ContentError, ClassRefused: Google would not take it.
            Gone: there is no such card.
        """
        due, at = self._due, self._services.now()
        shown = cards.show_card(self._services.database, due.card_id, at=at)
        if shown is None:
            raise Gone("there is no such card")
        self._programme_id = shown.programme_id
        self._line.serial_number = shown.serial_number
        publisher = google.Publisher(due.issuer_id, self._services.settings.public_url)
        wanted = google.loyalty_object(shown, publisher)
        is_known = self.held.offer_sent is not None
        offer = google.offer_object(shown, publisher, is_known=is_known)
        self._classes.ensure(self._line, shown.programme_id)
        card = _Thing(Kind.LOYALTY_OBJECT, due.object_id, "sent")
        steps = [(card, wanted)]
        if offer is not None:
            reward = _Thing(Kind.OFFER_OBJECT, offer["id"], "offer_sent", "offer_")
            # The object names the offer, which has to be there before; what is over goes last.
            steps.insert(0 if wanted.get("linkedOfferIds") else 1, (reward, offer))
        for thing, body in steps:
            self._bring(thing, body)

    def _bring(self, thing: _Thing, wanted: Body) -> None:
        """Each answer tells what Google has, and so what to do next."""
        is_asking = thing.place == "sent" and self.held.has_users is None
        sent: Body | None = getattr(self.held, thing.place)
        if sent and is_asking:
            sent = {}
        for _ in range(_MOST_STEPS):
            try:
                if sent is None:
                    self._insert(thing, wanted)
                elif not sent:
                    sent = self._ask(thing, wanted)
                    continue
                elif changed := difference(sent, wanted):
                    self._patch(thing, sent, wanted, changed)
                self._keep(thing, wanted)
                return
            except ApiError as error:
                sent = self._cured(error, sent)
                self._keep(thing, sent)
        raise Halted("Google contradicts itself")

    def _insert(self, thing: _Thing, wanted: Body) -> None:
        self._hear(
            thing,
            self._line.call(
                f"{thing.prefix}insert", lambda: self._client.insert(thing.kind, wanted)
            ),
        )

    def _ask(self, thing: _Thing, wanted: Body) -> Body:
        answer = self._line.call(
            f"{thing.prefix}get", lambda: self._client.get(thing.kind, thing.id)
        )
        self._hear(thing, answer)
        return as_sent(answer, wanted)

    def _patch(self, thing: _Thing, sent: Body, wanted: Body, changed: Body) -> None:
        silence = self._silence(sent, wanted, changed) if thing.place == "sent" else "not_asked"
        body = changed if silence else {**changed, "notifyPreference": "NOTIFY_ON_UPDATE"}
        try:
            answer = self._line.call(
                f"{thing.prefix}patch",
                lambda: self._client.patch(thing.kind, thing.id, body),
                changed=changed,
                silence=silence,
            )
        except ApiError as error:
            if silence is None and error.verdict is Verdict.QUOTA:
                until = self._services.now() + google_notify.DAY
                self.held = replace(self.held, hushed_until=until)
                return self._patch(thing, sent, wanted, changed)
            if silence is None and error.verdict is Verdict.UNREACHABLE:
                self._count_notification()  # it may have spoken
            raise
        if silence is None:
            self._count_notification()
        return self._hear(thing, answer)

    def _silence(self, sent: Body, wanted: Body, changed: Body) -> google_trace.Silence | None:
        zone = None
        if self._due.is_bulk:
            zone = google_objects.zone_of(self._services.database, self._due.card_id)
        return google_notify.silence(
            replace(self.held, sent=sent),
            wanted,
            changed,
            at=self._services.now(),
            per_day=self._services.settings.google_notify_per_day,
            night_in=zone,
        )

    def _count_notification(self) -> None:
        at = self._services.now()
        kept = google_notify.recent(self.held.notified_at, at)
        self.held = replace(self.held, notified_at=(*kept, int(at.timestamp())))

    def _cured(self, error: ApiError, sent: Body | None) -> Body | None:
        """What Google has, as this error tells; raises it again when that is no help."""
        if error.verdict is Verdict.EXISTS and sent is None:
            return {}
        if error.verdict is Verdict.OBJECT_MISSING and sent is not None:
            return None
        if error.verdict is Verdict.CLASS_MISSING and not self._was_class_missing:
            self._was_class_missing = True
            self._classes.ensure(self._line, self._programme_id, is_missing=True)
            return sent
        raise error

    def _hear(self, thing: _Thing, answer: Body) -> None:
        if thing.place == "sent":
            self.held = replace(self.held, has_users=bool(answer.get("hasUsers")))

    def _keep(self, thing: _Thing, sent: Body | None) -> None:
        if thing.place == "sent":
            self.held = replace(self.held, sent=sent)
        else:
            self.held = replace(self.held, offer_sent=sent)

    @property
    def _client(self) -> WalletClient:
        return self._line.account.client
