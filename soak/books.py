"""What the tills were promised, held against the ledger itself."""

from collections import Counter
from collections.abc import Iterator

from sqlmodel import col, select

from server import audit, deliveries, google_objects
from server.db import Database
from server.models import Delivery, Device, Event, GoogleObject, LedgerEntry
from soak.tills import Stream

_SHOWN = 5  # of each kind of fault
_CHUNK = 500


class Books:
    """A reader of the service's database, beside it."""

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url)
        self._seen: set[str] = set()

    def owed(self) -> int:
        """How many devices are owed a push, and of how many cards Google is owed an update."""
        return deliveries.owed(self._database) + google_objects.backlog(self._database).count

    def owing(self) -> list[str]:
        """Each device that is owed a push, each card that Google is owed, and why."""
        statement = (
            select(Device, Delivery)
            .join(Delivery, col(Delivery.device_id) == col(Device.id))
            .where(col(Delivery.due_at).is_not(None))
        )
        cards = select(GoogleObject).where(
            col(GoogleObject.due_at).is_not(None) | col(GoogleObject.error).is_not(None)
        )
        with self._database.reading() as session:
            pushes = [
                f"device {device.library_identifier}, token {device.push_token[:8]}…: due "
                f"{row.due_at}, {row.attempts} tries, {row.error or 'never tried'}"
                for device, row in session.exec(statement).all()
            ]
            told = [
                f"card {row.card_id} at Google: due {row.due_at}, {row.attempts} tries, "
                f"{row.error or 'never tried'}"
                for row in session.exec(cards).all()
            ]
        return pushes + told

    def push_tokens(self) -> set[str]:
        """Of every device that is registered."""
        with self._database.reading() as session:
            return set(session.exec(select(Device.push_token)).all())

    def newly_lost(self, stream: Stream) -> list[str]:
        """Of the stamps acknowledged since the last call, those that are not in the ledger once.

        Cheap: each is looked up a single time.
        """
        new = [event_id for event_id in list(stream.acknowledged) if event_id not in self._seen]
        self._seen.update(new)
        counts: Counter[str] = Counter()
        for start in range(0, len(new), _CHUNK):
            counts.update(self._earned(new[start : start + _CHUNK]))
        wrong = [event_id for event_id in new if counts[event_id] != 1]
        return [f"stamp {each}: acknowledged, {counts[each]} times in the ledger" for each in wrong]

    def check(self, stream: Stream) -> list[str]:
        """Everything that does not hold; the stream must have been stopped."""
        return [*self._stamps(stream), *self._findings()]

    def _stamps(self, stream: Stream) -> Iterator[str]:
        with self._database.reading() as session:
            statement = (
                select(LedgerEntry.event_id, LedgerEntry.delta, LedgerEntry.card_id)
                .where(LedgerEntry.type == "earn", LedgerEntry.unit == "stamp")
                .order_by(col(LedgerEntry.id))
            )
            earned = session.exec(statement).all()
            events = session.exec(select(Event.id).where(Event.name == "stamped")).all()
        counts = Counter(dict.fromkeys(stream.acknowledged, 0))
        for event_id, delta, _ in earned:
            counts[event_id] += delta
        lost = [each for each in stream.acknowledged if counts[each] == 0]
        doubled = [each for each, count in counts.items() if count > 1]
        strange = [each for each in (*counts, *events) if each not in stream.sent]
        elsewhere = [
            each for each, _, card in earned if stream.sent.get(each, str(card)) != str(card)
        ]
        yield from _told("acknowledged, but not in the ledger", lost)
        yield from _told("in the ledger more than once", doubled)
        yield from _told("in the ledger, but sent by nobody", strange)
        yield from _told("on another card than it was sent for", elsewhere)

    def _findings(self) -> Iterator[str]:
        for finding in audit.check(self._database):
            yield f"audit: {finding.code}, card {finding.card}: {finding.says}"

    def _earned(self, event_ids: list[str]) -> dict[str, int]:
        statement = select(LedgerEntry.event_id, LedgerEntry.delta).where(
            col(LedgerEntry.event_id).in_(event_ids),
            LedgerEntry.type == "earn",
            LedgerEntry.unit == "stamp",
        )
        found: Counter[str] = Counter()
        with self._database.reading() as session:
            for event_id, delta in session.exec(statement).all():
                found[event_id] += delta
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._database.dispose()


def _told(what: str, event_ids: list[str]) -> Iterator[str]:
    for event_id in event_ids[:_SHOWN]:
        yield f"stamp {event_id} is {what}"
    if len(event_ids) > _SHOWN:
        yield f"and {len(event_ids) - _SHOWN} more: {what}"
