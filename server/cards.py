"""Cards: issuing them, finding them, and what they show."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from server import designs, ledger, traces
from server.bulk import table_of
from server.db import Database, Look, connection_of
from server.errors import NotFound, Refused
from server.face import CardFace, PartFace, Text, compose
from server.members import is_member_number
from server.models import Brand, Card, Member, Pass, PassType, Programme, ProgrammePart
from server.programmes import KINDS
from server.programmes.base import Kind, Rules, Standing

_IS_LIVE = (col(Pass.state) == "live", col(Pass.purpose) == "card")

# Upper-case letters and digits: any scanner types them right on any keyboard layout, and the QR
# stays small. Without the letters and digits that look alike.
_BARCODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_BARCODE_LENGTH = 20
_ID_LENGTH = 36  # of a UUID as we write it

_PASS_TYPE = table_of(PassType)
_RAISE = (
    update(_PASS_TYPE)
    .where(_PASS_TYPE.c.identifier == bindparam("pass_type"))
    .values(change_seq=_PASS_TYPE.c.change_seq + bindparam("count"))
    .returning(_PASS_TYPE.c.change_seq)
)

UNKNOWN_DETAIL = "No card of this brand has this id, barcode or member number."
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


class Version(NamedTuple):
    """Which pass, and which of its versions: all that a conditional fetch looks at."""

    pass_id: UUID
    state: str
    content_hash: str
    modified_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Version":
        """The version in a row that begins with VERSION_COLUMNS."""
        return cls(*row[:4])


@dataclass(frozen=True, slots=True)
class ShownPass:
    """A pass with all that its file is made of, as of one moment."""

    version: Version
    pass_type_identifier: str
    serial_number: str
    authentication_token: str
    contact: str
    language: str  # the brand's
    design: designs.Design
    face: CardFace


VERSION_COLUMNS: tuple[Any, ...] = (
    col(Pass.id).label("pass_id"),
    col(Pass.state),
    col(Pass.content_hash),
    col(Pass.modified_at),
)
# One row for each part of the programme, in order.
_SHOWN_PASS = Look(
    columns(
        *VERSION_COLUMNS,
        col(Pass.card_id),
        col(Pass.pass_type_identifier),
        col(Pass.serial_number),
        col(Pass.authentication_token),
        col(Pass.barcode),
        col(Member.member_number),
        col(Brand.name).label("brand"),
        col(Brand.timezone),
        col(Brand.currency),
        col(Brand.contact),
        col(Brand.language),
        col(Programme.name).label("programme"),
        col(Programme.design),
        col(ProgrammePart.kind),
        col(ProgrammePart.rules),
    )
    .select_from(Pass)
    .join(Card, col(Card.id) == col(Pass.card_id))
    .join(Member, col(Member.id) == col(Card.member_id))
    .join(Brand, col(Brand.id) == col(Card.brand_id))
    .join(Programme, col(Programme.id) == col(Card.programme_id))
    .join(ProgrammePart, col(ProgrammePart.programme_id) == col(Programme.id))
    .where(col(Pass.id) == bindparam("pass_id"))
    .order_by(col(ProgrammePart.position))
)
_LIVE_OF_LINK = Look(
    columns(*VERSION_COLUMNS, col(Pass.serial_number))
    .join(Card, col(Card.id) == col(Pass.card_id))
    .where(col(Card.link_token) == bindparam("link_token"), *_IS_LIVE)
)


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
    return tuple(_part(row.kind, row.rules) for row in session.exec(statement).all())


def new_barcode() -> str:
    """A code that no pass has: 99 bits."""
    base, letters = len(_BARCODE_ALPHABET), []
    number = secrets.randbelow(base**_BARCODE_LENGTH)
    for _ in range(_BARCODE_LENGTH):
        number, index = divmod(number, base)
        letters.append(_BARCODE_ALPHABET[index])
    return "".join(letters)


def new_link_token() -> str:
    """What leads to a card's own page, unguessable: 192 bits."""
    return secrets.token_urlsafe(24)


def issue(session: Session, programme: Programme, member: Member, *, at: datetime) -> Card:
    """A new card for `member` with its pass, nothing on it yet."""
    card = Card(
        created_at=at,
        brand_id=programme.brand_id,
        programme_id=programme.id,
        member_id=member.id,
        link_token=new_link_token(),
    )
    pass_ = Pass(
        created_at=at,
        brand_id=programme.brand_id,
        card_id=card.id,
        pass_type_identifier=programme.pass_type_identifier,
        serial_number=secrets.token_urlsafe(18),
        authentication_token=secrets.token_urlsafe(32),
        barcode=new_barcode(),
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
    pass_.change_tag = draw_tag(session, pass_.pass_type_identifier)
    session.add(pass_)
    traces.changed(session, pass_, shown.face, design=shown.design.version, at=at)
    return card


def show(database: Database, card_id: UUID, *, at: datetime) -> Shown:
    """The card as it stands at `at`."""
    with database.reading() as session:
        return show_in(session, session.get_one(Card, card_id), at=at)


def show_pass(database: Database, pass_id: UUID, *, at: datetime) -> ShownPass | None:
    """The card as this very pass shows it: a voided one never shows its successor's secrets.

    None when the pass is gone.
    """
    with database.looking() as glance:
        rows = glance.rows(_SHOWN_PASS, pass_id=pass_id)
        if not rows:
            return None
        row = rows[0]
        standing = Standing(ledger.holdings(glance, row.card_id, at=at))
    face = compose(
        _faces([_part(each.kind, each.rules) for each in rows], standing, row),
        brand=row.brand,
        programme=row.programme,
        member_number=row.member_number,
        barcode=row.barcode,
    )
    return ShownPass(
        version=Version.of(row),
        pass_type_identifier=row.pass_type_identifier,
        serial_number=row.serial_number,
        authentication_token=row.authentication_token,
        contact=row.contact,
        language=row.language,
        design=designs.load(row.design),
        face=face,
    )


def link_unknown() -> NotFound:
    """No card has this link."""
    return NotFound("link_unknown", _LINK_DETAIL, text=_LINK_UNKNOWN)


def find_live_pass(database: Database, link_token: str) -> tuple[Version, str]:
    """The version and the serial number of the live pass behind a personal link.

    Raises:
        NotFound: no card has this link.
    """
    rows = database.look(_LIVE_OF_LINK, link_token=link_token)
    if not rows:
        raise link_unknown()
    return Version.of(rows[0]), rows[0].serial_number


def show_own(database: Database, brand_id: UUID, card_id: str, *, at: datetime) -> Shown:
    """The brand's card with exactly this id, as it stands at `at`.

    Raises:
        NotFound: `card_unknown`; another brand's card is as unknown as none.
    """
    with database.reading() as session:
        card = find(session, brand_id, card_id)
        if str(card.id) != card_id.lower():
            raise NotFound("card_unknown", UNKNOWN_DETAIL, text=UNKNOWN)
        return show_in(session, card, at=at)


def show_by_link(database: Database, link_token: str, *, at: datetime) -> Shown:
    """The card behind a personal link.

    Raises:
        NotFound: no card has this link.
    """
    with database.reading() as session:
        card = session.exec(select(Card).where(Card.link_token == link_token)).first()
        if card is None:
            raise link_unknown()
        return show_in(session, card, at=at)


def show_in(session: Session, card: Card, *, at: datetime) -> Shown:
    """The card as it stands at `at`, inside a session, with its live pass."""
    programme = session.get_one(Programme, card.programme_id)
    brand = session.get_one(Brand, card.brand_id)
    member = session.get_one(Member, card.member_id)
    pass_ = session.exec(select(Pass).where(Pass.card_id == card.id, *_IS_LIVE)).one()
    standing = ledger.standing(session, card.id, at=at)
    parts = parts_of(session, programme.id)
    face = compose(
        _faces(parts, standing, brand),
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
        raise NotFound("card_unknown", UNKNOWN_DETAIL, text=UNKNOWN)
    if len(cards) > 1:
        raise Refused(
            "card_ambiguous",
            "The member has several cards: name the programme.",
            text=Text("Valitse kortti.", "Välj kort.", "Choose the card."),
            fields={"cards": [_choice(session, card) for card in cards]},
        )
    return cards[0]


def find_id(session: Session, brand_id: UUID, code: str, *, programme: str | None = None) -> UUID:
    """The id of the card that `find` would find; an id is not looked up at all.

    Raises:
        NotFound, Refused: as `find`.
    """
    if programme is None and len(code) == _ID_LENGTH:
        try:
            return UUID(code)
        except ValueError:
            pass
    return find(session, brand_id, code, programme=programme).id


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


def draw_tag(session: Session, pass_type_identifier: str, count: int = 1) -> int:
    """The last of `count` new change tags. Draw them last: the counter stays locked."""
    session.flush()
    raised = {"pass_type": pass_type_identifier, "count": count}
    tag: int = connection_of(session).execute(_RAISE, raised).scalar_one()
    return tag


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
    return shown.face.content_hash(
        state=shown.pass_.state, design=shown.design.version, contact=shown.brand.contact
    )


def _part(kind: str, rules: dict[str, Any]) -> Part:
    return Part(KINDS[kind], KINDS[kind].rules.model_validate(rules))


def _faces(parts: Iterable[Part], standing: Standing, brand: Any) -> Iterator[PartFace]:
    zone = ZoneInfo(brand.timezone)
    for part in parts:
        yield part.kind.face(standing, part.rules, zone, currency=brand.currency)
