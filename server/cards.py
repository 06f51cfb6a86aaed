"""Cards: issuing them, finding them, and what they show."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String, bindparam, case, cast, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from server import designs, ledger, traces
from server.bulk import table_of
from server.config import Settings
from server.db import Database, Work, pen_of
from server.errors import NotFound, Refused
from server.face import CardFace, PartFace, Text, compose
from server.looks import Look, Stroke
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
_RAISE = Stroke(
    update(_PASS_TYPE)
    .where(_PASS_TYPE.c.identifier == bindparam("pass_type"))
    .values(change_seq=_PASS_TYPE.c.change_seq + bindparam("count"))
    .returning(_PASS_TYPE.c.change_seq)
)

_CARD, _PASS = table_of(Card), table_of(Pass)
_MEMBER, _PROGRAMME = table_of(Member), table_of(Programme)
_CHOICES = (
    columns(_CARD.c.id, _PROGRAMME.c.slug, _PROGRAMME.c.name)
    .join_from(_CARD, _PROGRAMME, _PROGRAMME.c.id == _CARD.c.programme_id)
    .where(_CARD.c.brand_id == bindparam("brand_id"))
)
_OF_MEMBER = Look(
    _CHOICES.join(_MEMBER, _MEMBER.c.id == _CARD.c.member_id).where(
        _MEMBER.c.brand_id == bindparam("brand_id"),
        _MEMBER.c.member_number == bindparam("member_number"),
    )
)
_OF_BARCODE = Look(
    _CHOICES.join(_PASS, _PASS.c.card_id == _CARD.c.id).where(
        _PASS.c.barcode == bindparam("barcode"), _PASS.c.state == "live"
    )
)
_OF_ID = Look(_CHOICES.where(_CARD.c.id == bindparam("card_id")))

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
    card_id: UUID
    link_token: str
    programme_id: UUID
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
        col(Card.link_token),
        col(Card.programme_id),
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
        cast(col(ProgrammePart.rules), String).label("rules"),
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
# The pass that speaks for a card: the live one, else the one that was voided last.
_LEADING = Look(
    columns(_PASS.c.id)
    .where(_PASS.c.card_id == bindparam("card_id"), _PASS.c.purpose == "card")
    .order_by(case((_PASS.c.state == "live", 0), else_=1), _PASS.c.modified_at.desc())
    .limit(1)
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


@lru_cache(maxsize=1024)
def part_of(kind: str, rules: str) -> Part:
    """The part with these rules, in JSON: they are checked once, and again only when others."""
    return Part(KINDS[kind], KINDS[kind].rules.model_validate_json(rules))


@lru_cache(maxsize=4096)
def _face_of(kind: str, rules: str, standing: Standing, timezone: str, currency: str) -> PartFace:
    """Cards that stand alike show the same, whoever holds them."""
    part = part_of(kind, rules)
    return part.kind.face(standing, part.rules, ZoneInfo(timezone), currency=currency)


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
        [_face_of(each.kind, each.rules, standing, row.timezone, row.currency) for each in rows],
        brand=row.brand,
        programme=row.programme,
        member_number=row.member_number,
        barcode=row.barcode,
    )
    return ShownPass(
        version=Version.of(row),
        card_id=row.card_id,
        link_token=row.link_token,
        programme_id=row.programme_id,
        pass_type_identifier=row.pass_type_identifier,
        serial_number=row.serial_number,
        authentication_token=row.authentication_token,
        contact=row.contact,
        language=row.language,
        design=designs.load(row.design),
        face=face,
    )


def show_card(database: Database, card_id: UUID, *, at: datetime) -> ShownPass | None:
    """The card as its live pass shows it, or the last voided one when none is live.

    None when the card is gone.
    """
    rows = database.look(_LEADING, card_id=card_id)
    return show_pass(database, rows[0].id, at=at) if rows else None


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
        live = select(Card).join(Pass, col(Pass.card_id) == col(Card.id)).where(*_IS_LIVE)
        card = session.exec(live.where(Card.link_token == link_token)).first()
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


def find(session: Session, brand_id: UUID, code: str) -> Card:
    """The brand's card for `code`: a card id, a barcode or a member number.

    Raises:
        NotFound, Refused: as `find_id`.
    """
    return session.get_one(Card, _choose(_meant(session, brand_id, code)))


def find_id(work: Work, brand_id: UUID, code: str, *, programme: str | None = None) -> UUID:
    """The id of the brand's card for `code`; an id of a card is not looked up at all.

    Raises:
        NotFound: `card_unknown`; the same for a stranger's code as for another brand's.
        Refused: `card_ambiguous`; the member has several cards and no `programme` (slug) is given.
    """
    if programme is None and len(code) == _ID_LENGTH:
        try:
            return UUID(code)
        except ValueError:
            pass
    found = _meant(work, brand_id, code)
    return _choose([row for row in found if programme in (None, row.slug)])


def candidates(session: Session, brand_id: UUID, code: str) -> list[Card]:
    """The brand's cards that `code` may mean: several only for a member number."""
    return [session.get_one(Card, row.id) for row in _meant(session, brand_id, code)]


def links(shown: Shown, settings: Settings) -> dict[str, Any]:
    """What a backend is told of a card: its ids, its links and its standing."""
    card_url = f"{settings.public_url}/c/{shown.card.link_token}"
    return {
        "id": str(shown.card.id),
        "programme": shown.programme.slug,
        "serial_number": shown.pass_.serial_number,
        "member_number": shown.member.member_number,
        "pass_url": f"{card_url}/card.pkpass",
        "save_url": f"{card_url}/google" if settings.google_issuer_id else None,
        "card_url": card_url,
        "standing": shown.balances,
    }


def draw_tag(work: Work, pass_type_identifier: str, count: int = 1) -> int:
    """The last of `count` new change tags. Draw them last: the counter stays locked."""
    rows = pen_of(work).rows(_RAISE, pass_type=pass_type_identifier, count=count)
    tag: int = rows[0].change_seq
    return tag


def _meant(work: Work, brand_id: UUID, code: str) -> list[Any]:
    """Id, and the programme's slug and name, of each card that `code` may mean."""
    code, pen = code.strip(), pen_of(work)
    if not code.isprintable():
        return []
    if is_member_number(code):
        return pen.rows(_OF_MEMBER, brand_id=brand_id, member_number=code)
    if len(code) == _BARCODE_LENGTH:
        return pen.rows(_OF_BARCODE, brand_id=brand_id, barcode=code.upper())
    try:
        return pen.rows(_OF_ID, brand_id=brand_id, card_id=UUID(code))
    except ValueError:
        return []


def _choose(found: list[Any]) -> UUID:
    if not found:
        raise NotFound("card_unknown", UNKNOWN_DETAIL, text=UNKNOWN)
    if len(found) > 1:
        choices = [{"card": str(row.id), "programme": row.slug, "name": row.name} for row in found]
        raise Refused(
            "card_ambiguous",
            "The member has several cards: name the programme.",
            text=Text("Valitse kortti.", "Välj kort.", "Choose the card."),
            fields={"cards": choices},
        )
    card_id: UUID = found[0].id
    return card_id


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
