"""Which phone holds which pass: Apple's registrations, and what changed for a device."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from server.db import Database, inserting
from server.models import Device, Pass, PassType, Registration

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """The serial numbers that changed, and the tag to ask with the next time."""

    serial_numbers: tuple[str, ...]
    last_updated: int


def find_pass(
    database: Database, pass_type_identifier: str, serial_number: str, token: str
) -> Pass | None:
    """The pass, if `token` opens it. An unknown pass takes as long as a wrong token."""
    with database.reading() as session:
        return _authenticated(session, (pass_type_identifier, serial_number), token)


def register(
    database: Database,
    key: _Key,
    *,
    library_identifier: str,
    token: str,
    push_token: str,
    at: datetime,
) -> bool | None:
    """Register a device for the pass `key` (type, serial) and keep its newest push token.

    True: the registration is new. False: it was there. None: the token does not open the pass.
    """
    with database.transaction() as session:
        found = _authenticated(session, key, token)
        if found is None:
            return None
        device_id = _upsert_device(session, library_identifier, key[0], push_token, at)
        row = {"device_id": device_id, "pass_id": found.id, "created_at": at}
        insert = inserting(session)(Registration).values(row).on_conflict_do_nothing()
        made = session.connection().execute(insert.returning(col(Registration.device_id)))
        is_new = made.first() is not None
        if not is_new:
            registration = session.get_one(Registration, (device_id, found.id))
            registration.created_at = at
            session.add(registration)
        return is_new


def unregister(database: Database, key: _Key, *, library_identifier: str, token: str) -> bool:
    """Forget the registration, and the device with its last one. False: wrong token."""
    with database.transaction() as session:
        found = _authenticated(session, key, token)
        if found is None:
            return False
        device = _device(session, library_identifier, key[0])
        if device is None:
            return True
        if registration := session.get(Registration, (device.id, found.id)):
            session.delete(registration)
            session.flush()
        rest = select(Registration).where(Registration.device_id == device.id).limit(1)
        if session.exec(rest).first() is None:
            session.delete(device)
        return True


def changes(
    database: Database, library_identifier: str, pass_type_identifier: str, since: int | None
) -> Changes:
    """The device's passes that changed after the tag `since`; all of them when it is None.

    A tag above the pass type's counter was not given out by this database: it counts as none.
    """
    statement = (
        select(Pass.serial_number, Pass.change_tag)
        .join(Registration, col(Registration.pass_id) == col(Pass.id))
        .join(Device, col(Device.id) == col(Registration.device_id))
        .where(
            Device.library_identifier == library_identifier,
            Device.pass_type_identifier == pass_type_identifier,
        )
        .order_by(col(Pass.change_tag))
    )
    with database.reading() as session:
        rows = session.exec(statement).all()
        pass_type = session.get(PassType, pass_type_identifier) if rows else None
    newest = max((tag for _, tag in rows), default=0)
    counter = pass_type.change_seq if pass_type else 0
    after = since if since is not None and since <= counter else -1
    return Changes(tuple(serial for serial, tag in rows if tag > after), newest)


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


def _authenticated(session: Session, key: _Key, token: str) -> Pass | None:
    statement = select(Pass).where(
        Pass.pass_type_identifier == key[0], Pass.serial_number == key[1]
    )
    found = session.exec(statement).first()
    wanted = found.authentication_token if found else "0" * 43
    is_right = hmac.compare_digest(wanted.encode(), token.encode())
    return found if is_right else None


def _upsert_device(
    session: Session, library_identifier: str, pass_type: str, push_token: str, at: datetime
) -> UUID:
    device = _device(session, library_identifier, pass_type)
    if device is None:
        device = Device(
            created_at=at,
            library_identifier=library_identifier,
            pass_type_identifier=pass_type,
            push_token=push_token,
            push_token_at=at,
        )
        row = device.model_dump()
        insert = inserting(session)(Device).values(row).on_conflict_do_nothing()
        session.connection().execute(insert)
        device = _device(session, library_identifier, pass_type)
    assert device is not None
    device.push_token, device.push_token_at = push_token, at
    session.add(device)
    return device.id


def _device(session: Session, library_identifier: str, pass_type: str) -> Device | None:
    statement = select(Device).where(
        Device.library_identifier == library_identifier,
        Device.pass_type_identifier == pass_type,
    )
    return session.exec(statement.with_for_update()).first()
