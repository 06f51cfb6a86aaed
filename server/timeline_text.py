"""`leima card`: the timeline of a card for an operator's eyes."""

import sys
import textwrap
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TextIO
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from server import cards
from server.cards import Shown
from server.db import Database
from server.errors import NotFound
from server.models import Brand, Card, Pass
from server.timelines import timeline
from server.timelines.google_verdict_words import SILENCES
from server.timelines.google_verdicts import GoogleFacts, spoken
from server.timelines.timeline import Step, Timeline
from server.timelines.verdicts import FAIL, OK, WAIT, WARN, Verdict
from server.wallets.google.shown import shown_lines

_WIDTH = 100
_MARKS = {OK: ("✓", "32"), WAIT: ("…", "36"), WARN: ("!", "33"), FAIL: ("✗", "31")}
_QUIET = "2"
_GOOGLE = "Google"

_CALLS = {
    "register": "to register",
    "unregister": "to unregister",
    "list": "what changed",
    "fetch": "for the card",
}
_PUSHED = {
    "accepted": "Apple took the push",
    "token_dead": "Apple refused the push for good: registration forgotten",
    "halt": "Apple refused us: all pushes stopped",
    "drop": "Apple refused this push for good",
    "wait": "Apple asks to wait with this phone",
    "retry": "the push did not get through: again later",
}
_GOOGLE_TOOK = {
    "insert": "Google was given the card",
    "patch": "Google took the change",
    "get": "Google was asked what it holds",
    "message": "Google took a message",
    "message_get": "Google was asked which messages it holds",
    "message_prune": "Google took the oldest message away",
    "class_get": "Google was asked what it holds of the programme",
    "class_insert": "Google was given the programme",
    "class_patch": "Google took the programme's change",
    "offer_insert": "Google was given the reward",
    "offer_patch": "Google took the reward's change",
    "offer_get": "Google was asked what it holds of the reward",
    "offer_class_get": "Google was asked what it holds of the programme's reward",
    "offer_class_insert": "Google was given the programme's reward",
    "offer_class_patch": "Google took the change of the programme's reward",
}
_GOOGLE_REFUSED = {
    "object_missing": "Google does not have the card: it is given anew",
    "class_missing": "Google does not have the programme: it is given first",
    "exists": "Google had it already: it is changed instead",
    "refused": "Google refused it for good",
    "unauthorized": "Google does not know our service account: nothing is told until it does",
    "forbidden": "Google lets our service account do nothing here: nothing is told until it does",
    "quota": "Google wants no more announcements of this card today: told again, silently",
    "busy": "Google asks to wait: again later, and slower",
    "unreachable": "Google did not answer: again later",
}


def find(database: Database, code: str, *, brand: str | None, at: datetime) -> list[Shown]:
    """The cards that `code` may mean: a card id, a barcode, a serial or a member number.

    Raises:
        NotFound: no card, or no such brand.
    """
    with database.reading() as session:
        brands = session.exec(select(Brand).order_by(Brand.slug)).all()
        found = [
            card
            for known in brands
            if brand in (None, known.slug)
            for card in _candidates(session, known, code)
        ]
        if not found:
            raise NotFound("card_unknown", f"no card has the id, barcode or number {code!r}")
        return [cards.show_in(session, card, at=at) for card in found]


def report(shown: Shown, found: Timeline, *, at: datetime, out: TextIO | None = None) -> None:
    """Whose card, how it stands, each phone, and the steps from old to new."""
    out = out or sys.stdout
    paint = _painter(out)
    zone = ZoneInfo(shown.brand.timezone)
    for line in (*_head(shown, zone), "", *_body(found, at, zone, paint)):
        print(line.rstrip(), file=out)


def _candidates(session: Session, brand: Brand, code: str) -> list[Card]:
    if not code.isprintable():
        return []
    found = cards.candidates(session, brand.id, code)
    statement = select(Pass).where(Pass.brand_id == brand.id, Pass.serial_number == code)
    if not found and (pass_ := session.exec(statement).first()):
        found = [session.get_one(Card, pass_.card_id)]
    return found


def _painter(out: TextIO) -> Callable[[str, str], str]:
    if not out.isatty():
        return lambda text, _colour: text
    return lambda text, colour: f"\x1b[{colour}m{text}\x1b[0m"


def _head(shown: Shown, zone: ZoneInfo) -> Iterable[str]:
    pass_ = shown.pass_
    modified = f"{pass_.modified_at.astimezone(zone):%-d %b %Y %H:%M:%S}"
    yield ""
    yield f"  {shown.brand.name} · {shown.programme.name} · member {shown.member.member_number}"
    yield f"  version {pass_.version} of {modified} · {pass_.state} · times in {zone.key}"
    yield f"  card {shown.card.id} · serial {pass_.serial_number}"


def _body(
    found: Timeline, at: datetime, zone: ZoneInfo, paint: Callable[[str, str], str]
) -> Iterable[str]:
    holders = [(phone.name, verdict) for phone, verdict in found.phones]
    if found.google:
        holders.append((_GOOGLE, found.google[1]))
    if not holders:
        yield from _told(found.verdict, "", paint)
    width = max((len(name) for name, _ in holders), default=0)
    for name, verdict in holders:
        since = f" ({_span(at - verdict.since)})" if verdict.since else ""
        yield from _told(verdict, f"{name:<{width}}  ", paint, since=since)
    if found.google:
        yield from _shown_by_google(found.google[0], " " * (6 + width), at)
    yield ""
    day = None
    for step in reversed(found.steps):
        local = step.at.astimezone(zone)
        if local.date() != day:
            day = local.date()
            yield paint(f"  {local:%A %-d %B %Y}", _QUIET)
        yield from _line(step, local, width, paint)
    if found.next:
        yield paint("  Older steps: --lines", _QUIET)
    yield ""


def _told(
    verdict: Verdict,
    name: str,
    paint: Callable[[str, str], str],
    *,
    since: str = "",
) -> Iterable[str]:
    """A verdict and what to do, below each other behind a phone's name."""
    mark, colour = _MARKS[verdict.level]
    indent = " " * (4 + len(name))
    said = textwrap.wrap(verdict.says.en + since, _WIDTH - len(indent))
    yield f"  {paint(mark, colour)} {name}{said[0]}"
    yield from (f"{indent}{line}" for line in said[1:])
    for number, line in enumerate(textwrap.wrap(verdict.do.en, _WIDTH - len(indent) - 2)):
        yield f"{indent}{'→ ' if number == 0 else '  '}{line}"


def _shown_by_google(facts: GoogleFacts, indent: str, at: datetime) -> Iterable[str]:
    """What the wallet shows, and whether the last change was announced."""
    shown = ", ".join(f"{line.label.en} {line.value}" for line in shown_lines(facts.sent))
    count = f"Announced within 24 hours: {len(facts.announced(at))}."
    yield from _indented(f"It shows {shown}. {count}" if shown else count, indent)
    if said := spoken(facts):
        yield from _indented(f"What it took last: {said.en}", indent)


def _indented(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


def _line(
    step: Step, local: datetime, width: int, paint: Callable[[str, str], str]
) -> Iterable[str]:
    time = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
    after = "" if step.after_seconds is None else f"+{_seconds(step.after_seconds)}"
    name = (step.phone or "") + ("?" if step.is_inferred else "")
    start = f"  {time}  {after:>8}  {name:<{width + 1}}  "
    said, colour = _said(step)
    lines = textwrap.wrap(said, _WIDTH - len(start)) or [""]
    yield start + (paint(lines[0], colour) if colour else lines[0])
    indent = " " * len(start)
    for line in lines[1:]:
        yield indent + (paint(line, colour) if colour else line)
    for change in step.changes:
        yield from textwrap.wrap(
            f"{_what(change)}: {_word(change.old)} → {_word(change.new)}",
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + "  ",
        )


def _what(change: timeline.Change) -> str:
    return change.key if change.part == "value" else f"{change.key} (label)"


def _word(texts: list[str] | None) -> str:
    if texts is None:
        return "nothing"
    return "a long text" if texts[2].startswith("#") and len(texts[2]) == 9 else texts[2]


def _said(step: Step) -> tuple[str, str]:
    """A step in words, and its colour."""
    version = f"version {step.version}" if step.version else "a version we no longer know"
    note = step.note
    plain = {
        "changed": (f"{version}", "1"),
        "registered": ("registered" if note.get("is_new") else "registered again", "32"),
        "unregistered": ("unregistered: card removed, or updates switched off", "33"),
        "asked": ("asked what changed: nothing on this card", ""),
        "listed": ("asked what changed: told of this card", ""),
        "fetched": (f"fetched {version}", "32"),
        "unchanged": (f"304: holds {version} already", "32"),
        "looked": (f"asked about {version} (HEAD)", ""),
        "downloaded": (f"card opened by its link: {version}", ""),
        "saved": ("put into Google Wallet", "32"),
        "deleted": ("taken out of Google Wallet", "33"),
    }
    if step.what in plain:
        return plain[step.what]
    if step.what == "event":
        return f"{note['name']} ({note['source']}) {note['id']}", "1"
    if step.what == "pushed":
        reason = f" {step.reason}" if step.reason else ""
        answer = f"{step.status}{reason}" if step.status else "no answer"
        colour = "" if note["verdict"] == "accepted" else "31"
        return f"{_PUSHED[note['verdict']]} ({answer})", colour
    if step.what == "told":
        return _said_to_google(step)
    if step.what == "complained":
        return f"says ({step.reason}): {note['text']}", "31"
    asked = _CALLS.get(step.reason or "", step.reason or "")
    return f"asked {asked}: answered {step.status}", "31"


def _said_to_google(step: Step) -> tuple[str, str]:
    note = step.note
    if note["verdict"] != "taken":
        answer = f"{step.status}{f' {step.reason}' if step.reason else ''}"
        said = _GOOGLE_REFUSED.get(note["verdict"], "it did not get through to Google")
        return f"{said} ({answer if step.status else 'no answer'})", "31"
    said = _GOOGLE_TOOK.get(note["call"], "Google took it")
    if note["changed"]:
        said += f" ({', '.join(note['changed']).replace('_', ' ')})"
    if note["call"] != "patch":
        return said, "32"
    heard = SILENCES["spoke" if note["notified"] else note["silence"] or "not_asked"]
    return f"{said}. {heard.en}", "32"


def _seconds(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.2f} s"
    return _span(timedelta(seconds=seconds))


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size}\u00a0{unit}"
    return f"{seconds}\u00a0s"
