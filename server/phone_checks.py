"""The three old complaints about passes, as far as the traces and the tables answer them:
"it cannot be added", "it does not update", "the push says 200 and nothing happens".
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from server.checks import FAIL, OK, WARN, Check
from server.db import Database
from server.errors import SettingsError
from server.models import Device, Pass, PassType, Programme, Trace
from server.timelines.verdict_words import COMPLAINTS
from server.wallets.identity import Identity

_LOOKED_AT = 20_000  # of the newest rows
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_PATIENCE = timedelta(minutes=15)  # for a phone to ask after a push
_FEW = 3
_WHATS = (
    "downloaded",
    "registered",
    "pushed",
    "asked",
    "complained",
    "refused",
    "failed",
)


def look(database: Database, load: Callable[[], Identity], *, at: datetime) -> list[Check]:
    """Adding, updating and pushing, each with what to do."""
    try:
        seen = _seen(database, at)
        return [
            _pass_types(database, load),
            _adding(seen),
            _updating(database, seen, at),
            _answering(seen, at),
        ]
    except SQLAlchemyError:
        return [Check("phones", FAIL, "cannot be looked at", "see the line on the database")]


def _seen(database: Database, at: datetime) -> list[Trace]:
    """What was noted within a week, newest first, but no more than so much."""
    with database.reading() as session:
        newest = session.exec(select(func.max(Trace.id))).one() or 0
        recent = select(Trace).where(
            col(Trace.id) > newest - _LOOKED_AT, col(Trace.what).in_(_WHATS)
        )
        rows = session.exec(recent.order_by(col(Trace.id).desc())).all()
    return [row for row in rows if row.at > at - _WEEK]


def _pass_types(database: Database, load: Callable[[], Identity]) -> Check:
    """Programmes issue under the pass type that the certificate is for."""
    try:
        ours = load().pass_type_identifier
    except SettingsError:
        return Check("pass types", FAIL, "no certificate can be used", "see the certificate")
    statement = select(PassType).join(
        Programme, col(Programme.pass_type_identifier) == col(PassType.identifier)
    )
    with database.reading() as session:
        others = sorted({row.identifier for row in session.exec(statement).all()} - {ours})
    if others:
        says = f"programmes issue {', '.join(others)}, the certificate is for {ours}"
        do = "their cards can neither be added nor updated: use the certificate of that pass type"
        return Check("pass types", FAIL, says, do)
    return Check("pass types", OK, f"every programme issues {ours}")


def _adding(seen: Sequence[Trace]) -> Check:
    """ "It cannot be added": cards are opened by their links, and do phones register then?"""
    opened = {row.serial_number for row in seen if row.what == "downloaded"}
    added = {row.serial_number for row in seen if row.what == "registered"}
    refused = sum(row.what == "refused" and row.data.get("call") == "register" for row in seen)
    if refused >= _FEW and not added:
        says = f"phones were refused {refused} times when they registered (401), and none got in"
        do = "does the proxy pass the Authorization header on? Cards of another database: add anew"
        return Check("adding", FAIL, says, do)
    says = f"cards opened by their link within a week: {len(opened)}, added: {len(opened & added)}"
    if len(opened) >= _FEW and not opened & added:
        do = (
            "phones say only that it cannot be added: look above at origin (a throw-away "
            "certificate), certificate (dates, intermediate), address (https) and reachable"
        )
        return Check("adding", WARN, says, do)
    return Check("adding", OK, says)


def _updating(database: Database, seen: Sequence[Trace], at: datetime) -> Check:
    """ "It does not update": who is registered, and what phones were refused or complained of."""
    with database.reading() as session:
        cards = session.exec(select(func.count()).where(Pass.state == "live")).one()
        phones = session.exec(select(func.count(col(Device.id)))).one()
    today = [row for row in seen if row.at > at - _DAY]
    complaints = Counter(row.data["kind"] for row in today if row.what == "complained")
    complaints.pop("other", None)
    refused = sum(row.what == "refused" for row in today)
    failed = sum(row.what == "failed" for row in today)
    says = f"cards: {cards}, phones registered: {phones}"
    if failed:
        says += f"; {failed} of their calls failed within a day"
        return Check("updating", FAIL, says, "the log has http.failed with the reason")
    if complaints:
        kind, count = complaints.most_common(1)[0]
        cause, mend = COMPLAINTS[kind]
        return Check("updating", WARN, f"{says}; {count} said: {cause.en}", mend.en)
    if refused >= _FEW:
        says += f"; {refused} calls had a wrong token within a day"
        return Check("updating", WARN, says, COMPLAINTS["wrong_token"][1].en)
    if cards >= _FEW and not phones:
        do = "is LEIMA_PUBLIC_URL the address phones reach? Cards keep the one they were made with"
        return Check("updating", WARN, says, do)
    return Check("updating", OK, says)


def _answering(seen: Sequence[Trace], at: datetime) -> Check:
    """ "The push says 200 and nothing happens": do phones ask after they were pushed to?"""
    today = [row for row in seen if row.at > at - _DAY]
    pushes = [row for row in today if row.what == "pushed"]
    if not pushes:
        return Check("answering", OK, "no push within a day")
    if pushes[0].data["verdict"] == "halt":
        says = f"Apple refuses our pushes: {pushes[0].data['reason'] or 'no connection is let in'}"
        do = (
            "phones' tokens belong to one pass type: use its certificate, and Apple's production "
            "service (LEIMA_APNS_URL unset); passes know no other"
        )
        return Check("answering", FAIL, says, do)
    silent = _silent(pushes, today, at)
    told = {row.device for row in pushes if row.data["verdict"] == "accepted"}
    says = f"phones told within a day: {len(told)}, that have not asked since: {len(silent)}"
    if len(silent) >= _FEW and len(silent) * 2 > len(told):
        do = (
            "nearly all silent: something keeps phones from /v1/ (see reachable), or the tokens "
            "are of another certificate. A few: off, updates switched off, or tired of many "
            "pushes (LEIMA_PUSH_JOIN_SECONDS); leima card NUMBER tells which"
        )
        return Check("answering", WARN, says, do)
    return Check("answering", OK, says)


def _silent(pushes: Sequence[Trace], today: Sequence[Trace], at: datetime) -> set[str | None]:
    """The phones that have not asked since a push that was taken long enough ago."""
    asked: dict[str | None, datetime] = {}
    for row in today:
        if row.what == "asked":
            asked.setdefault(row.device, row.at)
    return {
        push.device
        for push in pushes
        if push.data["verdict"] == "accepted"
        and push.at < at - _PATIENCE
        and (push.device not in asked or asked[push.device] < push.at)
    }
