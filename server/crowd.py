"""A crowd for the demo: as many cards as asked for, to see how the service stands under them.

A few model cards live through a year of real events, each through `events` as any card does. The
crowd are copies of them in bulk, with people, codes, phones and keys of their own, so that the
books of a copy are as true as those of its model. Interrupted, it goes on where it was.
"""

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import compress
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Dialect, func
from sqlalchemy import select as select_rows
from sqlmodel import Session, SQLModel, col, select

from server import bulk, cards, events, ledger, members
from server.db import Database
from server.face import CardFace
from server.models import (
    Brand,
    Card,
    Delivery,
    Device,
    Event,
    LedgerEntry,
    Lot,
    Member,
    Pass,
    Programme,
    Registration,
)
from server.services import Services

_MODELS = 24
_BATCH = 1000  # cards in one transaction: tills wait for it
_YEAR_DAYS = 330
_STRANGERS_SHARE = 0.25  # who joined and never came again
_MEAN_VISITS = 2.0
_SQLITE = ("PRAGMA cache_size=-131072", "PRAGMA wal_autocheckpoint=16384")

_FIRST_NAMES = (
    "Aino",
    "Eino",
    "Helmi",
    "Leo",
    "Linnea",
    "Oskar",
    "Saga",
    "Toivo",
    "Venla",
    "Väinö",
)
_LAST_NAMES = ("Aalto", "Berg", "Heikkinen", "Koskinen", "Lindholm", "Mäkelä", "Nyman", "Virtanen")

_random = Random()  # noqa: S311 - for names and choices; what must be secret is not made by it

_Row = dict[str, Any]
Progress = Callable[[int, int], None]

# What a phone was last told; nothing is owed to it.
_TOLD: _Row = {"due_at": None, "claimed_at": None, "attempts": 0, "error": None}


@dataclass(frozen=True, slots=True)
class _Model:
    """A card that has lived, as rows to copy. `told` is what its phone was told last."""

    brand_id: UUID
    last_at: datetime
    card: _Row
    pass_: _Row
    member: _Row
    events: list[_Row]
    lots: list[_Row]
    entries: list[_Row]
    face: CardFace
    design: str
    contact: str
    told: _Row = field(default_factory=dict)


def grow(
    services: Services, brand_slug: str, programme_slug: str, *, count: int, progress: Progress
) -> int:
    """Bring the programme up to `count` cards, each on a phone; how many were missing.

    `progress` is told after each batch how many there are and how many there are to be.
    """
    database = services.database
    with database.reading() as session:
        brand = session.exec(select(Brand).where(Brand.slug == brand_slug)).one()
        programme = events.find_programme(session, brand.id, programme_slug)
        have = _count(session, programme)
    missing = max(0, count - have)
    if missing <= _MODELS:
        for _ in range(missing):
            _live(services, programme, f"crowd:{uuid4()}", Random())  # noqa: S311
        return missing
    models = _models(services, programme)
    with database.reading() as session:
        have = _count(session, programme)
    while have < count:
        batch = min(_BATCH, count - have)
        have += _copy(database, [_random.choice(models) for _ in range(batch)])
        progress(have, count)
    return missing


def bar(start: Callable[[], float] = time.monotonic) -> Progress:
    """A progress bar on one line of a terminal."""
    began: list[tuple[float, int]] = []

    def show(have: int, count: int) -> None:
        began[:] = began or [(start(), have)]
        seconds, done = start() - began[0][0], have - began[0][1]
        left = f"{(count - have) * seconds / done:.0f} s left" if done else ""
        filled = "#" * (40 * have // count)
        print(f"\r[{filled:<40}] {have:,} of {count:,}  {left:<14}", end="", flush=True)
        if have >= count:
            print(flush=True)

    return show


def _count(session: Session, programme: Programme) -> int:
    statement = select(func.count()).where(Card.programme_id == programme.id)
    return session.exec(statement).one()


def _models(services: Services, programme: Programme) -> list[_Model]:
    """The model cards; those that are there already are found by their events' ids."""
    random = Random(2026)  # noqa: S311 - the same lives at every start
    ids = [_live(services, programme, f"crowd:model:{number}", random) for number in range(_MODELS)]
    with services.database.reading() as session:
        models = [_read(session, card_id, services.now()) for card_id in ids]
        dialect = bulk.dialect_of(session)
    # A reversal names the entry it mirrors by a key that only the database can give.
    is_plain = [not any(row["reverses_id"] for row in model.entries) for model in models]
    return [_as_stored(model, dialect) for model in compress(models, is_plain)]


def _live(services: Services, programme: Programme, name: str, random: Random) -> UUID:
    """One card that was enrolled within the last year and visited now and then since."""
    origin = events.Origin(brand_id=programme.brand_id, source="api")
    visits = 0
    if random.random() >= _STRANGERS_SHARE:
        visits = 1 + min(60, int(random.expovariate(1 / _MEAN_VISITS)))
    days = sorted(random.uniform(0.1, _YEAR_DAYS) for _ in range(visits + 1))
    first_of_all = services.now()
    moments = [first_of_all - timedelta(days=day) for day in reversed(days)]
    applicant = members.Applicant(name="Malli Asiakas", language=random.choice(("fi", "sv", "en")))
    past = replace(services, clock=lambda: moments[0])
    made = events.enrol(past, origin, programme.slug, applicant, event_id=name).json()
    for number, moment in enumerate(moments[1:]):
        _visit(
            replace(services, clock=lambda at=moment: at),  # type: ignore[misc]
            origin,
            events.Report(
                id=f"{name}:{number}",
                card=made["id"],
                name="stamped",
                quantity=random.choice((1, 1, 1, 2, 3)),
            ),
            uses_reward=random.random() < 0.7,
        )
    return UUID(made["id"])


def _visit(
    past: Services, origin: events.Origin, report: events.Report, *, uses_reward: bool
) -> None:
    answer = events.record(past, origin, report).json()
    if uses_reward and answer["standing"].get("reward"):
        use = replace(report, id=f"{report.id}:use", name="redeemed", quantity=1)
        events.record(past, origin, use)


def _read(session: Session, card_id: UUID, at: datetime) -> _Model:
    card = session.get_one(Card, card_id)
    shown = cards.show_in(session, card, at=at)
    happened = _rows(session, Event, col(Event.card_id) == card_id, col(Event.recorded_at))
    for row in happened:  # nobody will repeat these events: what was posted is all that is asked
        row["answer"] = json.dumps({"posted": json.loads(row["answer"]).get("posted", [])})
    return _Model(
        brand_id=card.brand_id,
        last_at=happened[-1]["recorded_at"],
        card=_rows(session, Card, col(Card.id) == card_id)[0],
        pass_=_rows(session, Pass, col(Pass.id) == shown.pass_.id)[0],
        member=_rows(session, Member, col(Member.id) == card.member_id)[0],
        events=happened,
        lots=_rows(session, Lot, col(Lot.card_id) == card_id),
        entries=_rows(session, LedgerEntry, col(LedgerEntry.card_id) == card_id, LedgerEntry.id),
        face=shown.face,
        design=shown.design.version,
        contact=shown.brand.contact,
    )


def _rows(session: Session, model: type[SQLModel], where: Any, *order: Any) -> list[_Row]:
    table = bulk.table_of(model)
    found = session.connection().execute(select_rows(table).where(where).order_by(*order))
    return [dict(row) for row in found.mappings()]


def _as_stored(model: _Model, dialect: Dialect) -> _Model:
    """The model with its rows as the driver takes them."""

    def stored(table: type[SQLModel], rows: list[_Row]) -> list[_Row]:
        return [bulk.as_stored(dialect, bulk.table_of(table), row) for row in rows]

    told = {**_TOLD, "sent_at": model.last_at, "created_at": model.last_at}
    return replace(
        model,
        card=stored(Card, [model.card])[0],
        pass_=stored(Pass, [model.pass_])[0],
        member=stored(Member, [model.member])[0],
        told=stored(Delivery, [told])[0],
        events=stored(Event, model.events),
        lots=stored(Lot, model.lots),
        entries=[
            {name: value for name, value in row.items() if name != "id"}
            for row in stored(LedgerEntry, model.entries)
        ],
    )


class _Batch:
    """Copies in the making: the rows of every table, each under keys of its own."""

    def __init__(self, new_key: Callable[[], Any]) -> None:
        self.rows: dict[type[SQLModel], list[_Row]] = defaultdict(list)
        self._new_key = new_key

    def add(self, model: _Model, number: str) -> None:
        """One more copy of `model`, for a member of this `number`."""
        member_id, card_id, pass_id, device_id = (self._new_key() for _ in range(4))
        at, barcode, state = model.told["sent_at"], cards.new_barcode(), model.pass_["state"]
        face = replace(model.face, member_number=number, barcode=barcode)
        self._put(Member, model.member, id=member_id, member_number=number, name=_name())
        self._put(
            Card,
            model.card,
            id=card_id,
            member_id=member_id,
            link_token=cards.new_link_token(),
        )
        self._put(
            Pass,
            model.pass_,
            id=pass_id,
            card_id=card_id,
            serial_number=secrets.token_urlsafe(18),
            authentication_token=secrets.token_urlsafe(32),
            barcode=barcode,
            content_hash=face.content_hash(state=state, design=model.design, contact=model.contact),
        )
        self._put(
            Device,
            {"created_at": at, "push_token_at": at},
            id=device_id,
            library_identifier=secrets.token_hex(16),
            pass_type_identifier=model.pass_["pass_type_identifier"],
            push_token=secrets.token_hex(32),
        )
        self._put(Registration, {"created_at": at}, device_id=device_id, pass_id=pass_id)
        self._put(Delivery, model.told, id=self._new_key(), device_id=device_id)
        self._add_history(model, card_id)

    def number(self, last_tag: int) -> None:
        """Give the passes the change tags that end with `last_tag`; their phones know of them."""
        first = last_tag - len(self.rows[Pass]) + 1
        pairs = zip(self.rows[Pass], self.rows[Delivery], strict=True)
        for tag, (pass_, told) in enumerate(pairs, start=first):
            pass_["change_tag"] = told["owed_tag"] = tag

    def _add_history(self, model: _Model, card_id: Any) -> None:
        lots = {row["id"]: self._new_key() for row in model.lots}
        ids = {row["id"]: f"crowd:{secrets.token_hex(16)}" for row in model.events}
        for row in model.events:
            self._put(Event, row, id=ids[row["id"]], card_id=card_id)
        for row in model.lots:
            self._put(Lot, row, id=lots[row["id"]], card_id=card_id)
        for row in model.entries:
            own = {"event_id": ids[row["event_id"]], "lot_id": lots[row["lot_id"]]}
            self._put(LedgerEntry, row, card_id=card_id, **own)

    def _put(self, table: type[SQLModel], row: _Row, **own: Any) -> None:
        self.rows[table].append({**row, **own})


def _copy(database: Database, chosen: list[_Model]) -> int:
    """Write one copy of each, in one transaction; how many cards that made."""
    pass_ = chosen[0].pass_
    with database.transaction() as session:
        if not database.is_postgresql:
            for pragma in _SQLITE:
                session.connection().exec_driver_sql(pragma)
        batch = _Batch(bulk.key_maker(bulk.dialect_of(session)))
        numbers = _free_numbers(session, chosen[0].brand_id, len(chosen))
        for model, number in zip(chosen, numbers, strict=True):
            batch.add(model, number)
        for table in (Member, Card, Device, Event):
            bulk.write(session, table, batch.rows[table])
        ledger.copy_in(session, batch.rows[Lot], batch.rows[LedgerEntry])
        batch.number(cards.draw_tag(session, pass_["pass_type_identifier"], len(chosen)))
        for late in (Pass, Registration, Delivery):
            bulk.write(session, late, batch.rows[late])
    return len(chosen)


def _name() -> str:
    return f"{_random.choice(_FIRST_NAMES)} {_random.choice(_LAST_NAMES)}"


def _free_numbers(session: Session, brand_id: UUID, count: int) -> list[str]:
    """Member numbers that nobody of the brand has."""
    numbers: set[str] = set()
    while len(numbers) < count:
        numbers |= {members.random_number() for _ in range(count - len(numbers))}
        statement = select(Member.member_number).where(
            Member.brand_id == brand_id, col(Member.member_number).in_(numbers)
        )
        numbers -= set(session.exec(statement).all())
    return sorted(numbers)
