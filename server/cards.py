"""Cards: issuing them, finding them, and what they show."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlmodel import Session, col, select

from server import deliveries, designs, ledger, traces
from server.db import Database
from server.errors import NotFound, Refused
from server.face import CardFace, Text, compose
from server.members import is_member_number
from server.models import Brand, Card, Member, Pass, PassType, Programme, ProgrammePart
from server.programmes import KINDS
from server.programmes.base import Kind, Rules

# Upper-case letters and digits: any scanner types them right on any keyboard layout, and the QR
# stays small. Without the letters and digits that look alike.
_BARCODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_BARCODE_LENGTH = 20

_UNKNOWN_DETAIL = "No card of this brand has this id, barcode or member number."
UNKNOWN = Text("Korttia ei tunnistettu.", "Kortet kändes inte igen.", "Card not recognised.")

_LINK_DETAIL = "This link leads to no card: ask for a new one."
_LINK_UNKNOWN = Text(
    "Tällä linkillä ei löydy korttia: pyydä uusi linkki.",
    "Länken leder inte till något kort: be om en ny.",
    _LINK_DETAIL,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a programme, ready to use."""

    kind: Kind[Any]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Shown:
    """A card with its live pass and all that a wallet or a page needs to show it."""

    card: Card
    pass_: Pass
    member: Member
    brand: Brand
    programme: Programme
    pass_type: PassType
    design: designs.Design
    face: CardFace
    balances: dict[str, int]


def parts_of(session: Session, programme_id: UUID) -> tuple[Part, ...]:
    """The programme's parts in order, their rules checked."""
    statement = (
        select(ProgrammePart)
        .where(ProgrammePart.programme_id == programme_id)
        .order_by(col(ProgrammePart.position))
    )
    return tuple(
        Part(KINDS[row.kind], KINDS[row.kind].rules.model_validate(row.rules))
        for row in session.exec(statement).all()
    )


def issue(session: Session, programme: Programme, member: Member, *, at: datetime) -> Card:
    """A new card for `member` with its pass, nothing on it yet."""
    card = Card(
        created_at=at,
        brand_id=programme.brand_id,
        programme_id=programme.id,
        member_id=member.id,
        link_token=secrets.token_urlsafe(24),
    )
    pass_ = Pass(
        created_at=at,
        brand_id=programme.brand_id,
        card_id=card.id,
        pass_type_identifier=programme.pass_type_identifier,
        serial_number=secrets.token_urlsafe(18),
        authentication_token=secrets.token_urlsafe(32),
        barcode="".join(secrets.choice(_BARCODE_ALPHABET) for _ in range(_BARCODE_LENGTH)),
        change_tag=0,
        content_hash="",
        modified_at=at.replace(microsecond=0),
    )
    session.add(card)
    session.flush()
    session.add(pass_)
    session.flush()
    shown = show_in(session, card, at=at)
    pass_.content_hash = _content_hash(shown)
    pass_.change_tag = _next_tag(session, pass_.pass_type_identifier)
    session.add(pass_)
    traces.changed(session, pass_, shown.face, design=shown.design.version, at=at)
    return card


def refresh(session: Session, card: Card, *, at: datetime, join: timedelta) -> Shown:
    """Bring the card's pass up to what it now shows, and owe its phones a push if that changed.

    The version moves only with the content. The change tag's counter stays locked until the
    commit, so that tags are in the order of commits.
    """
    session.flush()
    card.wake_at = ledger.next_expiry(session, card.id)
    session.add(card)
    shown = show_in(session, card, at=at)
    content_hash = _content_hash(shown)
    if content_hash == shown.pass_.content_hash:
        return shown
    pass_ = shown.pass_
    second = at.replace(microsecond=0)
    pass_.modified_at = max(second, pass_.modified_at + timedelta(seconds=1))
    pass_.content_hash = content_hash
    pass_.version += 1
    pass_.change_tag = _next_tag(session, pass_.pass_type_identifier)
    session.add(pass_)
    traces.changed(session, pass_, shown.face, design=shown.design.version, at=at)
    deliveries.owe_devices(session, pass_.id, change_tag=pass_.change_tag, at=at, join=join)
    return shown


def show(database: Database, card_id: UUID, *, at: datetime) -> Shown:
    """The card as it stands at `at`."""
    with database.reading() as session:
        return show_in(session, session.get_one(Card, card_id), at=at)


def show_pass(database: Database, pass_id: UUID, *, at: datetime) -> Shown:
    """The card as this very pass shows it: a voided one never shows its successor's secrets."""
    with database.reading() as session:
        pass_ = session.get_one(Pass, pass_id)
        return show_in(session, session.get_one(Card, pass_.card_id), at=at, pass_=pass_)


def show_own(database: Database, brand_id: UUID, card_id: str, *, at: datetime) -> Shown:
    """The brand's card with exactly this id, as it stands at `at`.

    Raises:
        NotFound: `card_unknown`; another brand's card is as unknown as none.
    """
    with database.reading() as session:
        card = find(session, brand_id, card_id)
        if str(card.id) != card_id.lower():
            raise NotFound("card_unknown", _UNKNOWN_DETAIL, text=UNKNOWN)
        return show_in(session, card, at=at)


def show_by_link(database: Database, link_token: str, *, at: datetime) -> Shown:
    """The card behind a personal link.

    Raises:
        NotFound: no card has this link.
    """
    with database.reading() as session:
        card = session.exec(select(Card).where(Card.link_token == link_token)).first()
        if card is None:
            raise NotFound("link_unknown", _LINK_DETAIL, text=_LINK_UNKNOWN)
        return show_in(session, card, at=at)


def show_in(session: Session, card: Card, *, at: datetime, pass_: Pass | None = None) -> Shown:
    """The card as it stands at `at`, inside a session; with its live pass unless given another."""
    programme = session.get_one(Programme, card.programme_id)
    brand = session.get_one(Brand, card.brand_id)
    member = session.get_one(Member, card.member_id)
    live = select(Pass).where(Pass.card_id == card.id, Pass.state == "live", Pass.purpose == "card")
    pass_ = pass_ or session.exec(live).one()
    standing = ledger.standing(session, card.id, at=at)
    zone = ZoneInfo(brand.timezone)
    parts = parts_of(session, programme.id)
    face = compose(
        (part.kind.face(standing, part.rules, zone, currency=brand.currency) for part in parts),
        brand=brand.name,
        programme=programme.name,
        member_number=member.member_number,
        barcode=pass_.barcode,
    )
    units = sorted({unit for part in parts for unit in part.kind.units})
    return Shown(
        card=card,
        pass_=pass_,
        member=member,
        brand=brand,
        programme=programme,
        pass_type=session.get_one(PassType, programme.pass_type_identifier),
        design=designs.load(programme.design),
        face=face,
        balances={unit: standing.balance(unit) for unit in units},
    )


def find(session: Session, brand_id: UUID, code: str, *, programme: str | None = None) -> Card:
    """The brand's card for `code`: a card id, a barcode or a member number.

    Raises:
        NotFound: `card_unknown`; the same for a stranger's code as for another brand's.
        Refused: `card_ambiguous`; the member has several cards and no `programme` (slug) is given.
    """
    cards = candidates(session, brand_id, code)
    if programme is not None:
        slugs = {card.id: session.get_one(Programme, card.programme_id).slug for card in cards}
        cards = [card for card in cards if slugs[card.id] == programme]
    if not cards:
        raise NotFound("card_unknown", _UNKNOWN_DETAIL, text=UNKNOWN)
    if len(cards) > 1:
        raise Refused(
            "card_ambiguous",
            "The member has several cards: name the programme.",
            text=Text("Valitse kortti.", "Välj kort.", "Choose the card."),
            fields={"cards": [_choice(session, card) for card in cards]},
        )
    return cards[0]


def candidates(session: Session, brand_id: UUID, code: str) -> list[Card]:
    """The brand's cards that `code` may mean: several only for a member number."""
    code = code.strip()
    return _by_code(session, brand_id, code) if code.isprintable() else []


def links(shown: Shown, public_url: str) -> dict[str, Any]:
    """What a backend is told of a card: its ids, its links and its standing."""
    card_url = f"{public_url}/c/{shown.card.link_token}"
    return {
        "id": str(shown.card.id),
        "programme": shown.programme.slug,
        "serial_number": shown.pass_.serial_number,
        "member_number": shown.member.member_number,
        "pass_url": f"{card_url}/card.pkpass",
        "save_url": None,
        "card_url": card_url,
        "standing": shown.balances,
    }


def lock(session: Session, card: Card) -> None:
    """Nobody else changes this card until the transaction ends; `card` is what it is now."""
    session.refresh(card, with_for_update={"key_share": True})


def _by_code(session: Session, brand_id: UUID, code: str) -> list[Card]:
    mine = select(Card).where(Card.brand_id == brand_id)
    if is_member_number(code):
        statement = mine.join(Member, col(Member.id) == col(Card.member_id)).where(
            Member.brand_id == brand_id, Member.member_number == code
        )
    elif len(code) == _BARCODE_LENGTH:
        statement = mine.join(Pass, col(Pass.card_id) == col(Card.id)).where(
            Pass.barcode == code.upper(), Pass.state == "live"
        )
    else:
        try:
            statement = mine.where(Card.id == UUID(code))
        except ValueError:
            return []
    return list(session.exec(statement).all())


def _choice(session: Session, card: Card) -> dict[str, str]:
    programme = session.get_one(Programme, card.programme_id)
    return {"card": str(card.id), "programme": programme.slug, "name": programme.name}


def _content_hash(shown: Shown) -> str:
    return shown.face.content_hash(state=shown.pass_.state, design=shown.design.version)


def _next_tag(session: Session, pass_type_identifier: str) -> int:
    session.flush()
    statement = (
        update(PassType)
        .where(col(PassType.identifier) == pass_type_identifier)
        .values(change_seq=PassType.change_seq + 1)
        .returning(col(PassType.change_seq))
    )
    tag: int = session.exec(statement).scalar_one()
    return tag
