"""How it stands with Google Wallet, as far as settings, tables and traces tell it; nobody is asked.

`server.google_outside` asks Google.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from googlewallet.client import API_URL
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import CredentialsError
from googlewallet.throwaway import is_throwaway
from server import google_issuers, google_objects
from server.checks import FAIL, OK, WARN, Check, span
from server.config import Settings
from server.db import Database
from server.deliveries import Backlog
from server.models import GoogleClass, GoogleIssuer, GoogleObject, Programme, Trace

ONBOARDING = "docs/google.md"

_LATE = timedelta(minutes=15)
_COMPARED_EVERY = timedelta(days=2)  # it is done nightly
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LOOKED_AT = 20_000  # of the newest traces
_FEW = 3
_TOO_FAST = 429
_SLOWER = "if it happens often lower LEIMA_GOOGLE_PER_SECOND"
_DEMO_MODE = (
    "if the save page says that something went wrong: a new issuer is in demo mode, in which only "
    "its users and test accounts can save cards (Google Pay & Wallet Console: Google Wallet API, "
    f"Set up test accounts; then Request publishing access, {ONBOARDING}); a card that somebody "
    "saved is refused to everybody else"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """What Google is owed. `given_up` counts cards whose change it refused for good, `fault` is
    what it said of one of them."""

    backlog: Backlog
    given_up: int = 0
    fault: str = ""
    issuer: GoogleIssuer | None = None

    @property
    def is_paused(self) -> bool:
        """Whether Google is told nothing at all."""
        return self.issuer is not None and self.issuer.pause_reason is not None


def set_up(settings: Settings) -> Check:
    """Whether cards can go to Google Wallet at all: the issuer and its service account."""
    path = settings.google_service_account_file
    if settings.google_issuer_id is None or path is None:
        return Check("google", OK, "not set up: cards are offered for Apple Wallet alone")
    try:
        account = ServiceAccount.load(path)
    except CredentialsError as error:
        return Check("google", FAIL, str(error), f"no card can be added or updated: {ONBOARDING}")
    says = f"issuer {settings.google_issuer_id} as {account.email} (project {account.project_id})"
    if is_throwaway(account):
        return _throwaway(settings, says)
    if settings.google_api_url not in (None, API_URL):
        do = "unset LEIMA_GOOGLE_API_URL, LEIMA_GOOGLE_SAVE_URL and LEIMA_GOOGLE_KEYS_URL"
        return Check("google", WARN, f"{says}, told at {settings.google_api_url}", do)
    if _is_open(path):
        says = f"{says}; others on this host may read its key"
        return Check("google", WARN, says, f"chmod 600 {path}: the key signs in your name")
    return Check("google", OK, says)


def look(settings: Settings, database: Database, *, at: datetime) -> list[Check]:
    """The account, what is owed, the programmes and whether cards are added; one line when Google
    is not set up."""
    account = set_up(settings)
    if settings.google_issuer_id is None:
        return [account]
    try:
        found = queue(database, settings.google_issuer_id)
        seen = _seen(database, at)
        return [
            account,
            _owed(found, seen, at),
            _classes(database, settings.google_issuer_id),
            _compared(found, at),
            _adding(seen, at),
        ]
    except SQLAlchemyError:
        see = "see the line on the database"
        return [account, Check("google queue", FAIL, "cannot be looked at", see)]


def ready(settings: Settings, database: Database) -> list[Check]:
    """Whether Google takes what it is told; nothing when it is not set up or nobody can tell."""
    issuer_id = settings.google_issuer_id
    if issuer_id is None:
        return []
    try:
        found = google_issuers.standing(database, issuer_id)
    except SQLAlchemyError:
        return []
    if found and found.pause_reason is not None:
        says = f"Google is told nothing: {found.pause_reason}"
        return [Check("google", WARN, says, "leima doctor says what to mend")]
    return [Check("google", OK, "Google is told what changes")]


def queue(database: Database, issuer_id: str) -> Queue:
    """What Google is owed at the moment.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    backlog = google_objects.backlog(database, issuer_id)
    given_up = (
        col(GoogleObject.error).is_not(None),
        col(GoogleObject.due_at).is_(None),
        col(GoogleObject.issuer_id) == issuer_id,
    )
    with database.reading() as session:
        issuer = session.get(GoogleIssuer, issuer_id)
        count = session.exec(select(func.count()).where(*given_up)).one()
        fault = session.exec(select(GoogleObject.error).where(*given_up).limit(1)).first()
    return Queue(backlog, count, fault or "", issuer)


def _throwaway(settings: Settings, says: str) -> Check:
    says = f"{says}: a throw-away account, which Google does not know"
    if settings.google_api_url is None:
        return Check("google", FAIL, says, f"make one of your own: {ONBOARDING}")
    do = f"it is good for trying out, on this machine; before going live see {ONBOARDING}"
    return Check("google", WARN if settings.is_loopback else FAIL, says, do)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _owed(found: Queue, seen: Sequence[Trace], at: datetime) -> Check:
    waited = timedelta(seconds=found.backlog.oldest_seconds(at))
    says = "Google is owed nothing"
    if found.backlog.count:
        says = f"cards of which Google is owed a change: {found.backlog.count}"
        says += f", the oldest for {span(waited)}"
    issuer = found.issuer
    if issuer is not None and issuer.pause_reason is not None:
        if not found.backlog.count and (issuer.paused_until or at) <= at:
            says = f"{says}; the last call was refused: {issuer.pause_reason}"
            do = "the next change finds out whether that is mended; see the line google access"
            return Check("google queue", WARN, says, do)
        until = f"; tried again {issuer.paused_until:%H:%M} UTC" if issuer.paused_until else ""
        says = f"Google is told nothing: {issuer.pause_reason}{until}; {says}"
        if any(row.what == "told" and row.status == _TOO_FAST for row in seen[:1]):
            return Check("google queue", WARN, says, _SLOWER)
        do = "the line google access says what to mend; leima doctor asks without --offline"
        return Check("google queue", FAIL, says, do)
    if found.given_up:
        says = f"{says}; given up: {found.given_up}, such as: {found.fault}"
        do = (
            "the worker's log names each card (google…); mend what Google names, then "
            "leima google reconcile tells all anew"
        )
        return Check("google queue", FAIL, says, do)
    if waited >= _LATE:
        do = "is the worker running? Many cards take their time: LEIMA_GOOGLE_PER_SECOND"
        return Check("google queue", WARN, says, do)
    if issuer is not None and issuer.slowed_until is not None and issuer.slowed_until > at:
        says = f"{says}; Google asked for half the speed until {issuer.slowed_until:%H:%M:%S} UTC"
        return Check(
            "google queue", WARN, says, "if it happens often lower LEIMA_GOOGLE_PER_SECOND"
        )
    return Check("google queue", OK, says)


def _classes(database: Database, issuer_id: str) -> Check:
    """Programmes as Google has them: one that it refuses has no cards there."""
    statement = (
        select(Programme.name, GoogleClass.error)
        .join(GoogleClass, col(GoogleClass.programme_id) == col(Programme.id))
        .where(GoogleClass.issuer_id == issuer_id)
        .order_by(col(Programme.name), col(GoogleClass.kind))
    )
    with database.reading() as session:
        found = session.exec(statement).all()
    refused = [f"{name}: {error}" for name, error in found if error]
    if refused:
        do = (
            "mend what Google names: a colour, a name, an address, or an image that it cannot "
            "fetch; then change the programme or run leima google reconcile"
        )
        return Check("google programmes", FAIL, "; ".join(refused), do)
    names = sorted({name for name, _ in found})
    says = f"given to Google: {', '.join(names)}" if names else "none was asked for yet"
    return Check("google programmes", OK, says)


def _compared(found: Queue, at: datetime) -> Check:
    """The nightly look at what Google holds."""
    issuer = found.issuer
    if issuer is None:
        return Check("google compared", OK, "there is nothing to compare yet")
    if issuer.reconcile_class is not None:
        return Check("google compared", OK, "cards are being compared with Google's just now")
    if issuer.reconciled_at is None:
        return Check("google compared", OK, "not yet: cards are compared with Google's at night")
    since = at - issuer.reconciled_at
    says = f"all cards were compared with Google's {span(since)} ago"
    if since > _COMPARED_EVERY:
        do = "the worker does it at night: is it running? leima google reconcile does it now"
        return Check("google compared", WARN, says, do)
    return Check("google compared", OK, says)


def _adding(seen: Sequence[Trace], at: datetime) -> Check:
    """Cards that were given to Google: does anybody save them?"""
    given = {row.serial_number for row in seen if row.what == "told" and _is_first(row)}
    saved = {row.serial_number for row in seen if row.what == "saved"}
    says = f"cards asked for within a week: {len(given)}, put into a wallet: {len(given & saved)}"
    if failed := _failed(row for row in seen if row.at > at - _DAY):
        says += f"; calls that failed within a day: {failed}"
    if len(given) >= _FEW and not given & saved:
        return Check("google adding", WARN, says, _DEMO_MODE)
    return Check("google adding", OK, says)


def _is_first(row: Trace) -> bool:
    return row.data.get("call") == "insert" and row.data.get("verdict") == "taken"


def _failed(rows: Iterable[Trace]) -> str:
    counts = Counter(
        row.data.get("reason") or row.data.get("verdict") or ""
        for row in rows
        if row.what == "told" and row.data.get("verdict") != "taken"
    )
    return ", ".join(f"{reason} {count}" for reason, count in counts.most_common(_FEW))


def _seen(database: Database, at: datetime) -> list[Trace]:
    """What was noted of Google within a week, newest first, but no more than so much."""
    with database.reading() as session:
        newest = session.exec(select(func.max(Trace.id))).one() or 0
        recent = select(Trace).where(
            col(Trace.id) > newest - _LOOKED_AT, col(Trace.what).in_(("told", "saved"))
        )
        rows = session.exec(recent.order_by(col(Trace.id).desc())).all()
    return [row for row in rows if row.at > at - _WEEK]
