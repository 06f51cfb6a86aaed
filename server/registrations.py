"""Which phone holds which pass: Apple's registrations, and what changed for a device.

What phones ask all the time (`find_pass`, `changes`) is one prebuilt statement each.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import bindparam, case, delete, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from server.cards import VERSION_COLUMNS, Version, draw_tag
from server.db import Database, inserting
from server.looks import Look
from server.models import Delivery, Device, Pass, PassType, Registration

MOST_DEVICES = 20  # a household; the setting may say otherwise

_Key = tuple[str, str]
_NO_TOKEN = b"0" * 43
_STORM = timedelta(days=1)

_FIND = Look(
    columns(*VERSION_COLUMNS, col(Pass.authentication_token)).where(
        col(Pass.pass_type_identifier) == bindparam("pass_type"),
        col(Pass.serial_number) == bindparam("serial_number"),
    )
)
_CHANGES = Look(
    columns(
        col(Pass.serial_number),
        case(
            (col(Registration.change_tag) > col(Pass.change_tag), col(Registration.change_tag)),
            else_=col(Pass.change_tag),
        ).label("tag"),
        col(PassType.change_seq),
    )
    .select_from(Device)
    .join(PassType, col(PassType.identifier) == col(Device.pass_type_identifier))
    .join(Registration, col(Registration.device_id) == col(Device.id))
    .join(Pass, col(Pass.id) == col(Registration.pass_id))
    .where(
        col(Device.library_identifier) == bindparam("library"),
        col(Device.pass_type_identifier) == bindparam("pass_type"),
    )
    .order_by("tag")
)


@dataclass(frozen=True, slots=True)
class Changes:
    """The serial numbers that changed, and the tag to ask with the next time."""

    serial_numbers: tuple[str, ...]
    last_updated: int


class _Device(NamedTuple):
    """What decides whether a device of a pass with too many of them is forgotten."""

    id: UUID
    push_token: str
    created_at: datetime


def find_pass(
    database: Database, pass_type_identifier: str, serial_number: str, token: str
) -> Version | None:
    """The pass's version, if `token` opens it. An unknown pass takes as long as a wrong token."""
    rows = database.look(_FIND, pass_type=pass_type_identifier, serial_number=serial_number)
    wanted = rows[0].authentication_token.encode() if rows else _NO_TOKEN
    is_right = hmac.compare_digest(wanted, token.encode())
    return Version.of(rows[0]) if rows and is_right else None


def register(
    database: Database,
    key: _Key,
    *,
    library_identifier: str,
    token: str,
    push_token: str,
    at: datetime,
    most_devices: int = MOST_DEVICES,
) -> bool | None:
    """Register a device for the pass `key` (type, serial) and keep its newest push token.

    True: the registration is new. False: it was there. None: the token does not open the pass.
    A new one draws a change tag of its own when the pass has changed since it was issued: the
    phone may hold an older version, and know a newer tag from another pass. Above `most_devices`
    of a pass the ones that matter least are forgotten.
    """
    opened = find_pass(database, *key, token)  # without it nobody gets as far as a lock
    if opened is None:
        return None
    with database.transaction() as session:
        version = _lock_pass(session, opened.pass_id)
        if version is None:
            return None
        # Locks in the order of a change: pass, counter, device. See cards.refresh.
        is_known = _is_registered(session, library_identifier, opened.pass_id)
        own_tag = 0 if is_known or version == 1 else draw_tag(session, key[0])
        device_id = _upsert_device(session, (library_identifier, key[0]), push_token, at)
        row = {"device_id": device_id, "pass_id": opened.pass_id, "created_at": at}
        insert = inserting(session)(Registration).values(row | {"change_tag": own_tag})
        write = insert.on_conflict_do_update(
            index_elements=["device_id", "pass_id"], set_={"created_at": at}
        )
        session.connection().execute(write)
        if not is_known:
            _forget_surplus(session, opened.pass_id, keep=device_id, most=most_devices, at=at)
        return not is_known


def unregister(database: Database, key: _Key, *, library_identifier: str, token: str) -> bool:
    """Forget the registration, and the device with its last one. False: wrong token."""
    opened = find_pass(database, *key, token)
    if opened is None:
        return False
    with database.transaction() as session:
        _lock_pass(session, opened.pass_id)
        device = _device(session, library_identifier, key[0])
        if device is not None:
            _forget(session, opened.pass_id, device.id)
    return True


def changes(
    database: Database, library_identifier: str, pass_type_identifier: str, since: int | None
) -> Changes:
    """The device's passes that changed after the tag `since`; all of them when it is None.

    A tag above the pass type's counter was not given out by this database: it counts as none.
    """
    rows = database.look(_CHANGES, library=library_identifier, pass_type=pass_type_identifier)
    if not rows:
        return Changes((), 0)
    counter, newest = rows[0].change_seq, rows[-1].tag
    after = since if since is not None and since <= counter else -1
    return Changes(tuple(row.serial_number for row in rows if row.tag > after), newest)


def drop_token(
    database: Database, device_id: UUID, *, push_token: str, unregistered_at: datetime | None
) -> bool:
    """The push service says that the token is dead: forget the device.

    Not if the phone has given another token meanwhile, or registered after `unregistered_at`.
    """
    with database.transaction() as session:
        device = session.get(Device, device_id, with_for_update=True)
        if device is None or device.push_token != push_token:
            return False
        if unregistered_at is not None and device.push_token_at >= unregistered_at:
            return False
        session.delete(device)
        return True


def pass_types(database: Database) -> list[str]:
    """Every pass type whose cards we issue."""
    with database.reading() as session:
        return list(session.exec(select(PassType.identifier)).all())


def _lock_pass(session: Session, pass_id: UUID) -> int | None:
    """The pass's version, which stays until the commit; nobody else registers for it meanwhile.

    A change waits as well, and then finds the new registration when it looks for phones to tell.
    """
    statement = select(Pass.version).where(Pass.id == pass_id)
    return session.exec(statement.with_for_update(key_share=True)).first()


def _is_registered(session: Session, library_identifier: str, pass_id: UUID) -> bool:
    statement = (
        select(Registration.pass_id)
        .join(Device, col(Device.id) == col(Registration.device_id))
        .where(Device.library_identifier == library_identifier, Registration.pass_id == pass_id)
    )
    return session.exec(statement).first() is not None


def _upsert_device(session: Session, key: tuple[str, str], push_token: str, at: datetime) -> UUID:
    """The id of the device `key` (library, pass type), which has this push token from now on."""
    token = {"push_token": push_token, "push_token_at": at}
    row = {"id": uuid4(), "created_at": at, **token}
    row |= {"library_identifier": key[0], "pass_type_identifier": key[1]}
    insert = inserting(session)(Device).values(row)
    write = insert.on_conflict_do_update(
        index_elements=["library_identifier", "pass_type_identifier"], set_=token
    )
    device_id: UUID = session.connection().execute(write.returning(col(Device.id))).scalar_one()
    return device_id


def _device(session: Session, library_identifier: str, pass_type: str) -> Device | None:
    statement = select(Device).where(
        Device.library_identifier == library_identifier,
        Device.pass_type_identifier == pass_type,
    )
    return session.exec(statement.with_for_update()).first()


def _forget(session: Session, pass_id: UUID, device_id: UUID) -> None:
    """Remove a registration, and the device with its last one. The device is locked."""
    own = delete(Registration).where(
        col(Registration.device_id) == device_id, col(Registration.pass_id) == pass_id
    )
    session.connection().execute(own)
    others = select(Registration.pass_id).where(Registration.device_id == device_id)
    if session.exec(others.limit(1)).first() is None:
        session.connection().execute(delete(Device).where(col(Device.id) == device_id))


def _forget_surplus(
    session: Session, pass_id: UUID, *, keep: UUID, most: int, at: datetime
) -> None:
    """Of more than `most` devices of a pass, forget those that matter least; never `keep`.

    First the earlier names of a phone that has another by now: the same push token. Then, if more
    than half of the places went to devices that are not a day old, the oldest of these, so that a
    storm thins itself out and leaves the household alone. Then whoever has been silent longest,
    neither registering nor taking a push.
    """
    held = select(func.count()).where(Registration.pass_id == pass_id)
    count = session.exec(held).one()
    if count <= most:
        return
    is_reached_since = col(Delivery.sent_at) > col(Device.push_token_at)
    heard_at = case((is_reached_since, col(Delivery.sent_at)), else_=col(Device.push_token_at))
    statement = (
        select(Device.id, Device.push_token, Device.created_at)
        .join(Registration, col(Registration.device_id) == col(Device.id))
        .outerjoin(Delivery, col(Delivery.device_id) == col(Device.id))
        .where(Registration.pass_id == pass_id)
        .order_by(heard_at, col(Device.created_at), col(Device.id))
    )
    devices = [_Device(*row) for row in session.exec(statement).all() if row[0] != keep]
    own_token = session.exec(select(Device.push_token).where(Device.id == keep)).one()
    ranked = _least_first(devices, own_token, since=at - _STORM, storm=most // 2)
    for device_id in ranked[: count - most]:
        lock = select(Device.id).where(Device.id == device_id)
        # Whoever has it in hand is about to need it; the next registration comes soon enough.
        if session.exec(lock.with_for_update(skip_locked=True)).first() is not None:
            _forget(session, pass_id, device_id)


def _least_first(
    devices: Sequence[_Device], newest_token: str, *, since: datetime, storm: int
) -> list[UUID]:
    """The ids of `devices`, which come longest silent first, in the order in which they go."""
    later = [device.push_token for device in devices[1:]]
    names = [
        device.id
        for index, device in enumerate(devices)
        if device.push_token == newest_token or device.push_token in later[index:]
    ]
    recent = sorted((d for d in devices if d.created_at >= since), key=lambda d: d.created_at)
    thinned = [device.id for device in recent[: max(0, len(recent) + 1 - storm)]]
    return list(dict.fromkeys([*names, *thinned, *(device.id for device in devices)]))
