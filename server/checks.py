"""What must hold for the service to work: each check says how it stands and what to do.

`/readyz` asks the two without which nothing works, `leima doctor` asks them all.
"""

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from passkit import CertificateError
from server import deliveries, designs, migrations
from server.config import Settings
from server.db import Database
from server.deliveries import Backlog
from server.errors import SettingsError
from server.models import Event, Programme
from server.wallets.identity import Identity

OK, WARN, FAIL = "ok", "warn", "fail"

_LATE = timedelta(minutes=15)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_EARLIEST_YEAR, _LATEST_YEAR = 2026, 2100
_RENEWAL = "leima certificate request, then install what Apple makes of it: certs.example/README.md"
# By the days before the end that were reached last (`passkit.signing.ALARM_DAYS`).
_ALARMS = {
    60: (WARN, f"there is time; the old one stays good meanwhile: {_RENEWAL}"),
    30: (WARN, f"renew it now, the old one stays good meanwhile: {_RENEWAL}"),
    7: (FAIL, f"renew it at once, or nothing can be signed or pushed: {_RENEWAL}"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """How one thing stands: `level` is ok, warn or fail; `do` is empty when all is well."""

    name: str
    level: str
    says: str
    do: str = ""


def database(database: Database) -> Check:
    """The database answers and has the tables of this version."""
    try:
        with database.engine.connect() as connection:
            is_current = migrations.is_current(connection)
    except SQLAlchemyError as error:
        return Check(
            "database",
            FAIL,
            f"does not answer: {_cause(error)}",
            "check LEIMA_DATABASE_URL, the server behind it, and the disk",
        )
    if not is_current:
        return Check("database", FAIL, "has not the tables of this version", "leima migrate")
    return Check("database", OK, f"answers and is up to date ({database.engine.dialect.name})")


def certificate(load: Callable[[], Identity], *, at: datetime) -> Check:
    """The pass certificate signs, and for how long still."""
    try:
        signer = load().signer
        signer.check(at)
    except (SettingsError, CertificateError) as error:
        return Check("certificate", FAIL, str(error), "see certs.example/README.md")
    days = _days(signer.ends_at, at)
    says = f"{signer.pass_type_identifier} signs until {signer.ends_at:%Y-%m-%d}, {days} days"
    alarm = signer.alarm_days(at)
    if alarm is None:
        return Check("certificate", OK, says)
    level, do = _ALARMS[alarm]
    return Check("certificate", level, says, do)


def days_left(load: Callable[[], Identity], *, at: datetime) -> dict[str, int]:
    """Whole days until the certificate of a pass type ends; empty when there is none to use."""
    try:
        identity = load()
    except SettingsError:
        return {}
    return {identity.pass_type_identifier: _days(identity.signer.ends_at, at)}


def backlog(database: Database) -> Backlog | None:
    """What is owed to phones; None when the database does not answer."""
    try:
        return deliveries.backlog(database)
    except SQLAlchemyError:
        return None


def origin(load: Callable[[], Identity]) -> Check:
    """Whose certificate it is: Apple's, or made here for trying out."""
    try:
        identity = load()
    except SettingsError:
        return Check("origin", FAIL, "no certificate can be used", "see the line above")
    if identity.is_throwaway:
        return Check(
            "origin",
            WARN,
            "a throw-away certificate: no real phone takes its passes",
            "before going live see certs.example/README.md",
        )
    return Check(
        "origin", OK, f"issued by Apple to team {identity.team_identifier}; key and chain fit"
    )


def owed(database: Database, *, at: datetime) -> Check:
    """Phones that are still to be told, and for how long they have waited."""
    found = backlog(database)
    if found is None:
        return Check("pushes", FAIL, "cannot be counted", "see the line on the database")
    if found.count == 0:
        return Check("pushes", OK, "nothing is owed to any phone")
    waited = timedelta(seconds=found.oldest_seconds(at))
    says = f"{found.count} phones are owed a push, the oldest for {span(waited)}"
    if waited < _LATE:
        return Check("pushes", OK, says)
    return Check(
        "pushes", WARN, says, "is the worker running? Its log says why pushes fail (apple_push.…)"
    )


def clock(database: Database, *, at: datetime) -> Check:
    """The clock is in this century, and not behind what it said before."""
    if not _EARLIEST_YEAR <= at.year < _LATEST_YEAR:
        return Check("clock", FAIL, f"it says {at:%Y-%m-%d}", "set the clock (NTP)")
    try:
        with database.reading() as session:
            latest = session.exec(select(func.max(Event.recorded_at))).one()
    except SQLAlchemyError:
        return Check("clock", WARN, "cannot be compared with the last event", "see the database")
    if latest is not None and latest > at + _CLOCK_TOLERANCE:
        return Check(
            "clock",
            FAIL,
            f"it is {span(latest - at)} behind the last recorded event",
            "set the clock (NTP) before anything is stamped",
        )
    return Check("clock", OK, f"{at:%Y-%m-%d %H:%M:%S} UTC, not behind the last event")


def looks() -> Check:
    """Every design can be loaded."""
    names = designs.names()
    broken = [text for name in names if (text := _fault(name))]
    if broken or not names:
        says = "; ".join(broken) or "there is none"
        return Check("designs", FAIL, says, "mend the folder in templates/passes/")
    return Check("designs", OK, f"{', '.join(names)}")


def looks_in_use(database: Database) -> Check:
    """Every programme has a design that can be loaded: else none of its cards can be shown."""
    statement = select(Programme.name, Programme.design).order_by(col(Programme.name))
    try:
        with database.reading() as session:
            programmes = session.exec(statement).all()
    except SQLAlchemyError:
        return Check("looks", WARN, "the programmes cannot be read", "see the database")
    lost = [f"{name}: {text}" for name, design in programmes if (text := _fault(design))]
    if lost:
        do = "put the folder of the design back, else nobody gets these cards or stamps on them"
        return Check("looks", FAIL, "; ".join(lost), do)
    return Check("looks", OK, f"programmes whose cards can be shown: {len(programmes)}")


def storage(settings: Settings) -> Check:
    """SQLite's file: readers and writers side by side (WAL), and how large it is."""
    path = sqlite_path(settings)
    if path is None:
        return Check("storage", OK, "a database server; back it up with its own tools")
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        connection.close()
        size = path.stat().st_size
    except (sqlite3.Error, OSError) as error:
        return Check("storage", FAIL, f"{path}: {error}", "leima migrate makes the database")
    says = f"{path}, {size / 1e6:.1f} MB, journal {mode}"
    if mode != "wal":
        return Check("storage", WARN, says, "a restart of the service switches it to WAL")
    return Check("storage", OK, says)


def sqlite_path(settings: Settings) -> Path | None:
    """The file of the database; None when it is not SQLite's."""
    scheme, _, path = settings.database_url.partition(":///")
    return Path(path).absolute() if scheme.partition("+")[0] == "sqlite" else None


def _fault(design: str) -> str:
    try:
        designs.load(design)
    except (SettingsError, OSError) as error:
        return str(error)
    return ""


def _days(until: datetime, at: datetime) -> int:
    return math.floor((until - at) / timedelta(days=1))


def span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def _cause(error: SQLAlchemyError) -> str:
    """The driver's own words, without the statement."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
