"""A card in hand: locked, read whole, and brought up to date with its pass and phones.

This is the path of every stamp, so it reads what belongs together in one statement, prepared once,
and keeps the rest in memory until it is written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String, bindparam, cast, select, update

from server import cards, deliveries, designs, google_objects, ledger, traces
from server.bulk import table_of
from server.db import Work, pen_of
from server.errors import NotFound
from server.face import CardFace, compose
from server.looks import Look, Pen, Stroke
from server.models import Brand, Card, GoogleObject, Member, Pass, Programme, ProgrammePart
from server.programmes.base import Standing

_CARD, _PASS, _MEMBER = table_of(Card), table_of(Pass), table_of(Member)
_BRAND, _PROGRAMME, _PART = table_of(Brand), table_of(Programme), table_of(ProgrammePart)
_GOOGLE = table_of(GoogleObject)

_LOCK = Look(
    select(_CARD.c.id).where(_CARD.c.id == bindparam("card_id")).with_for_update(key_share=True)
)
_LOCK_PASS = Look(
    select(_PASS.c.id).where(_PASS.c.id == bindparam("pass_id")).with_for_update(key_share=True)
)
_WHOLE = Look(
    select(
        _CARD.c.id,
        _CARD.c.brand_id,
        _CARD.c.programme_id,
        _CARD.c.wake_at,
        _PASS.c.id.label("pass_id"),
        _PASS.c.pass_type_identifier,
        _PASS.c.serial_number,
        _PASS.c.barcode,
        _PASS.c.state,
        _PASS.c.version,
        _PASS.c.content_hash,
        _PASS.c.modified_at,
        _PASS.c.announced_at,
        _MEMBER.c.member_number,
        _MEMBER.c.language,
        _BRAND.c.name.label("brand"),
        _BRAND.c.contact,
        _BRAND.c.timezone,
        _BRAND.c.currency,
        _PROGRAMME.c.name.label("programme"),
        _PROGRAMME.c.design,
        _GOOGLE.c.object_id,
        _GOOGLE.c.sent_at,
        _PART.c.kind,
        cast(_PART.c.rules, String).label("rules"),
    )
    .join_from(_CARD, _PASS, _PASS.c.card_id == _CARD.c.id)
    .join(_MEMBER, _MEMBER.c.id == _CARD.c.member_id)
    .join(_BRAND, _BRAND.c.id == _CARD.c.brand_id)
    .join(_PROGRAMME, _PROGRAMME.c.id == _CARD.c.programme_id)
    .join(_PART, _PART.c.programme_id == _PROGRAMME.c.id)
    .outerjoin(_GOOGLE, _GOOGLE.c.card_id == _CARD.c.id)
    .where(_CARD.c.id == bindparam("card_id"), _CARD.c.brand_id == bindparam("brand_id"))
    .where(_PASS.c.state == "live", _PASS.c.purpose == "card")
    .order_by(_PART.c.position)
)
_WAKE = Stroke(update(_CARD).where(_CARD.c.id == bindparam("card_id")), ["wake_at"])
_MOVE = Stroke(
    update(_PASS).where(_PASS.c.id == bindparam("pass_id")),
    ["modified_at", "content_hash", "version", "change_tag", "announced_at"],
)


@dataclass(slots=True)
class _Changed:
    """The pass that moves, as its deliveries and its trace see it."""

    id: UUID
    serial_number: str
    state: str
    version: int
    change_tag: int
    modified_at: datetime
    announced_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A card that nobody else changes until the transaction ends.

    `row` is the card with its live pass, its member, brand and programme; `book` its lots.
    """

    row: Any
    parts: tuple[cards.Part, ...]
    book: ledger.Book

    @property
    def card_id(self) -> UUID:
        """The card."""
        card_id: UUID = self.row.id
        return card_id

    @property
    def zone(self) -> ZoneInfo:
        """The brand's."""
        return ZoneInfo(self.row.timezone)

    def face(self, standing: Standing) -> CardFace:
        """What the card shows at `standing`."""
        return compose(
            (
                part.kind.face(standing, part.rules, self.zone, currency=self.row.currency)
                for part in self.parts
            ),
            brand=self.row.brand,
            programme=self.row.programme,
            member_number=self.row.member_number,
            barcode=self.row.barcode,
        )

    def balances(self, standing: Standing) -> dict[str, int]:
        """Every unit of the programme, and how much of it there is."""
        units = sorted({unit for part in self.parts for unit in part.kind.units})
        return {unit: standing.balance(unit) for unit in units}


def lock(work: Work, card_id: UUID) -> None:
    """Nobody else changes this card until the transaction ends."""
    pen = pen_of(work)
    if not pen.is_sqlite:  # there, the transaction alone is the lock
        pen.rows(_LOCK, card_id=card_id)


def take(work: Work, brand_id: UUID, card_id: UUID) -> Hold:
    """The brand's card, locked and whole.

    Raises:
        NotFound: `card_unknown`; another brand's card is as unknown as none.
    """
    pen = pen_of(work)
    lock(pen, card_id)
    rows = pen.rows(_WHOLE, card_id=card_id, brand_id=brand_id)
    if not rows:
        raise NotFound("card_unknown", cards.UNKNOWN_DETAIL, text=cards.UNKNOWN)
    parts = tuple(cards.part_of(row.kind, row.rules) for row in rows)
    return Hold(rows[0], parts, ledger.Book(pen, card_id))


def put_off(pen: Pen, card_id: UUID, *, until: datetime) -> None:
    """Look at the card anew no sooner than `until`."""
    lock(pen, card_id)
    pen.write(_WAKE, card_id=card_id, wake_at=until)


def bring_up_to_date(
    work: Work,
    hold: Hold,
    face: CardFace,
    *,
    at: datetime,
    join: timedelta,
    is_bulk: bool = False,
) -> None:
    """Bring the card's pass up to `face`, and owe its phones a push if that changed, and Google
    what it has of the card.

    The version moves only with the content. The change tag's counter stays locked until the
    commit, so that tags are in the order of commits. `is_bulk`: nobody at a till waits to see it.
    """
    pen, row = pen_of(work), hold.row
    wake_at = hold.book.next_expiry()
    if wake_at != row.wake_at:
        pen.write(_WAKE, card_id=row.id, wake_at=wake_at)
    design = designs.load(row.design).version
    content_hash = face.content_hash(state=row.state, design=design, contact=row.contact)
    if content_hash == row.content_hash:
        return
    if not pen.is_sqlite:  # locks in one order everywhere: pass, counter, device
        pen.rows(_LOCK_PASS, pass_id=row.pass_id)
    changed = _Changed(
        id=row.pass_id,
        serial_number=row.serial_number,
        state=row.state,
        version=row.version + 1,
        change_tag=cards.draw_tag(pen, row.pass_type_identifier),
        modified_at=max(at.replace(microsecond=0), row.modified_at + timedelta(seconds=1)),
        announced_at=row.announced_at,
    )
    deliveries.announce(changed, at=at, join=join)
    pen.write(
        _MOVE,
        pass_id=row.pass_id,
        modified_at=changed.modified_at,
        content_hash=content_hash,
        version=changed.version,
        change_tag=changed.change_tag,
        announced_at=changed.announced_at,
    )
    traces.changed(pen, changed, face, design=design, at=at)
    deliveries.owe_devices(pen, changed, at=at, join=join, is_bulk=is_bulk)
    if row.object_id is not None:
        google_objects.owe(pen, row.id, sent_at=row.sent_at, at=at, is_bulk=is_bulk)
