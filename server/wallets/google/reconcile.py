"""Comparing all that Google has with what it was sent, each night: callbacks get lost, and so may
anything else. What differs is owed anew, and the worker mends it.

It goes class by class and page by page; how far it has come is in the database, so that it goes on
after a restart.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any, NamedTuple
from uuid import UUID

from googlewallet import difference
from googlewallet.client import Kind, Page
from googlewallet.errors import ApiError, Verdict
from server import google_issuers, google_objects
from server.errors import LeimaError
from server.google_issuers import KnownClass, Place
from server.google_objects import Seen
from server.models import GoogleObject
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google.account import Account
from server.wallets.google.classes import Classes, ClassRefused
from server.wallets.google.found import as_sent
from server.wallets.google.line import Halted, Line

_NIGHT = timedelta(hours=1)  # after midnight, UTC
_MOST_ON_A_PAGE = 100
_PATIENCE_SECONDS = 600.0  # of whoever asks for it, while the worker takes all there is
_KINDS = {
    "loyalty": (Kind.LOYALTY_CLASS, Kind.LOYALTY_OBJECT),
    "offer": (Kind.OFFER_CLASS, Kind.OFFER_OBJECT),
}

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """What a page has brought: how many objects, and how many of them are to be mended."""

    objects: int
    wrong: int
    is_over: bool


class Reconcile:
    """Looks at one page after the other. Safe to share between threads and hosts: whoever comes
    second to a page has looked in vain."""

    def __init__(self, services: Services, classes: Classes) -> None:
        self._services = services
        self._database = services.database
        self._classes = classes

    def is_due(self, issuer_id: str) -> bool:
        """Whether a look is under way, or it is night and none has been since the day."""
        standing = google_issuers.standing(self._database, issuer_id)
        if standing is None:
            return False
        if standing.place.class_id is not None or standing.reconciled_at is None:
            return True
        return standing.reconciled_at < _last_night(self._services.now())

    def begin(self, issuer_id: str) -> None:
        """Begin anew now, whatever the hour."""
        standing = google_issuers.standing(self._database, issuer_id)
        known = google_issuers.classes(self._database, issuer_id)
        if standing is not None and known:
            first = Place(known[0].id)
            google_issuers.move_on(
                self._database, issuer_id, before=standing.place, after=first, ended_at=None
            )
            google_issuers.revive(self._database, issuer_id, at=self._services.now())

    def next_page(self, line: Line) -> Progress:
        """Look at the next page of objects, or at the next class.

        Raises:
            ApiError, Halted: as `Line.call`; the same page is next again.
        """
        issuer_id = line.account.issuer_id
        standing = google_issuers.standing(self._database, issuer_id)
        if standing is None:
            return Progress(0, 0, is_over=True)
        if standing.place.class_id is None:
            self.begin(issuer_id)
            standing = google_issuers.standing(self._database, issuer_id) or standing
        place = standing.place
        rest = list(self._from(issuer_id, place.class_id))
        if not rest:
            self._move_on(issuer_id, place, Place())
            return Progress(0, 0, is_over=True)
        known = rest[0]
        if place.page is None:
            self._mend_class(line, known)
        page = self._list(line, known, place.page)
        wrong = self._compare(known, page)
        following = Place(rest[1].id) if len(rest) > 1 else Place()
        after = Place(known.id, page.next_page_token) if page.next_page_token else following
        self._move_on(issuer_id, place, after)
        return Progress(len(page.resources), wrong, is_over=after.class_id is None)

    def _from(self, issuer_id: str, class_id: str | None) -> Iterator[KnownClass]:
        every = google_issuers.classes(self._database, issuer_id)
        return dropwhile(lambda known: class_id is not None and known.id < class_id, every)

    def _move_on(self, issuer_id: str, before: Place, after: Place) -> None:
        ended_at = self._services.now() if after.class_id is None else None
        google_issuers.move_on(
            self._database, issuer_id, before=before, after=after, ended_at=ended_at
        )

    def _list(self, line: Line, known: KnownClass, token: str | None) -> Page:
        """A page of the class's objects; none where Google has no such class."""
        client, kind = line.account.client, _KINDS[known.kind][1]

        def ask() -> Page:
            return client.list(kind, class_id=known.id, page_token=token, most=_MOST_ON_A_PAGE)

        try:
            return line.call("list", ask)
        except ApiError as error:
            if error.verdict is Verdict.CLASS_MISSING:
                return Page((), None)
            if error.verdict is Verdict.REFUSED and token is not None:
                _log.warning(
                    "google.page_unknown class=%s: the rest is for another night", known.id
                )
                return Page((), None)
            raise

    def _mend_class(self, line: Line, known: KnownClass) -> None:
        """Google has the class as the programme is now."""
        client, kind = line.account.client, _KINDS[known.kind][0]
        try:
            bodies = {
                each.id: body
                for each, body in self._classes.wanted(line.account.issuer_id, known.programme_id)
            }
            if (body := bodies.get(known.id)) is None:
                return
            try:
                found = line.call("class_get", lambda: client.get(kind, known.id))
                wanted = {name: body[name] for name in body if name != "reviewStatus"}
                is_right = not difference(as_sent(found, wanted), wanted)
            except ApiError as error:
                if error.verdict is not Verdict.CLASS_MISSING:
                    raise
                is_right = False
            if not is_right:
                _log.warning("google.class_differs class=%s", known.id)
                google_issuers.doubt_class(self._database, known.id)
            self._classes.ensure(line, known.programme_id)
        except ClassRefused as error:
            _log.error("google.class_refused class=%s: %s", known.id, error)

    def _compare(self, known: KnownClass, page: Page) -> int:
        found = {body["id"]: body for body in page.resources}
        rows = google_objects.known(self._database, filter(None, map(_card_of, found)))
        seen = []
        for row in rows:
            is_offer = known.kind == "offer"
            id = google.offer_object_id(row.issuer_id, row.card_id) if is_offer else row.object_id
            if id in found:
                sent = row.offer_sent if is_offer else row.sent
                seen.append(_seen(row, found[id], sent, self._services.settings.public_url))
        wrong = google_objects.compare(self._database, seen, at=self._services.now())
        if wrong:
            _log.warning("google.differs class=%s objects=%d", known.id, wrong)
        return wrong


def compare_all(services: Services, account: Account) -> Iterator[Progress]:
    """Begin anew and look at everything, page by page. It may be interrupted at any time: the
    worker brings it to its end.

    Raises:
        LeimaError: Google did not answer; what to do.
    """
    looks = Reconcile(services, Classes(services))
    looks.begin(account.issuer_id)
    progress = Progress(0, 0, is_over=False)
    while not progress.is_over:
        line = Line(services, account, None, is_bulk=True, patience=_PATIENCE_SECONDS)
        try:
            progress = looks.next_page(line)
        except (ApiError, Halted) as error:
            raise LeimaError(f"{error} The worker goes on with it; see leima google check.") from (
                error
            )
        yield progress


def _card_of(id: str) -> UUID | None:
    """The card that an object of ours is of; others may be there, too."""
    try:
        return UUID(hex=id.partition(".")[2].partition("_")[0])
    except ValueError:
        return None


def _seen(
    row: GoogleObject, found: dict[str, Any], sent: dict[str, Any] | None, public_url: str
) -> Seen:
    """Right is what was sent, and leads to where the service is now."""
    is_right = (
        sent is not None
        and not difference(as_sent(found, sent), sent)
        and _leads_here(sent, public_url)
    )
    is_card = found["id"] == row.object_id
    has_users = bool(found.get("hasUsers")) if is_card else None
    return Seen(row.card_id, row.sent_version, is_right, has_users)


def _leads_here(sent: dict[str, Any], public_url: str) -> bool:
    links = sent.get("linksModuleData", {}).get("uris", [])
    addresses = [link["uri"] for link in links if "/c/" in link["uri"]]
    return all(address.startswith(f"{public_url}/") for address in addresses)


def _last_night(now: datetime) -> datetime:
    """When the latest night began for us."""
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0) + _NIGHT
    return tonight if tonight <= now else tonight - timedelta(days=1)
