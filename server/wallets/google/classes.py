"""The classes of a programme at Google: there before any object of theirs, and as the programme is.

Google Wallet, Loyalty classes: a class is sent UNDER_REVIEW each time, also when it was approved;
the platform approves it by itself. There is no way to remove one.
"""

import hashlib
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import String, Table, bindparam, cast, select

from googlewallet import difference
from googlewallet.client import Kind
from googlewallet.errors import ApiError, ContentError, Verdict
from server import catalogue, designs, google_issuers
from server.bulk import table_of
from server.google_issuers import KnownClass
from server.looks import Look
from server.models import Brand, Location, Programme, ProgrammePart
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google.found import as_sent
from server.wallets.google.line import Line

_KINDS = {"loyalty": Kind.LOYALTY_CLASS, "offer": Kind.OFFER_CLASS}
_NAMES = {"loyalty": "class", "offer": "offer_class"}

_Made = tuple[KnownClass, dict[str, Any], str]  # with the body and its digest

_PROGRAMME, _BRAND = table_of(Programme), table_of(Brand)
_PART, _LOCATION = table_of(ProgrammePart), table_of(Location)


def _whole(*tables: Table) -> list[Any]:
    """Every column, as text: to see whether anything has changed."""
    return [
        cast(column, String).label(f"{table.name}_{column.name}")
        for table in tables
        for column in table.c
    ]


_PARTS = Look(
    select(*_whole(_PROGRAMME, _BRAND, _PART))
    .join_from(_PROGRAMME, _BRAND, _BRAND.c.id == _PROGRAMME.c.brand_id)
    .join(_PART, _PART.c.programme_id == _PROGRAMME.c.id)
    .where(_PROGRAMME.c.id == bindparam("programme_id"))
    .order_by(_PART.c.position)
)
_PLACES = Look(
    select(*_whole(_LOCATION))
    .join_from(_LOCATION, _PROGRAMME, _PROGRAMME.c.brand_id == _LOCATION.c.brand_id)
    .where(_PROGRAMME.c.id == bindparam("programme_id"))
    .order_by(_LOCATION.c.id)
)

_log = logging.getLogger(__name__)


class ClassRefused(Exception):
    """A programme's class is one that Google does not take: so it takes none of its cards."""


class Classes:
    """Sends classes; safe to share between threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database = services.database
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._refused: dict[str, str] = {}  # class -> digest of what was refused
        self._kept: dict[UUID, tuple[object, tuple[_Made, ...]]] = {}

    def ensure(self, line: Line, programme_id: UUID, *, is_missing: bool = False) -> None:
        """Google has the programme's classes as they are now. `is_missing`: it has just said that
        one is not there.

        Raises:
            ClassRefused: it does not take one of them.
            ApiError, Halted: as `Line.call`.
        """
        for known, body, digest in self._made(line.account.issuer_id, programme_id):
            if not is_missing and self._is_sent(known.id, digest):
                continue
            with self._locks[known.id]:  # whoever else waits for it need not send it again
                if is_missing or not self._is_sent(known.id, digest):
                    self._send(line, known, body, digest)

    def wanted(
        self, issuer_id: str, programme_id: UUID
    ) -> Iterator[tuple[KnownClass, dict[str, Any]]]:
        """The classes of the programme, with what Google is to have of them.

        Raises:
            ClassRefused: no body can be made that Google would take.
        """
        for known, body, _ in self._made(issuer_id, programme_id):
            yield known, body

    def _made(self, issuer_id: str, programme_id: UUID) -> tuple[_Made, ...]:
        """Made anew only when something has changed of what they are made of: each card asks."""
        state = issuer_id, *self._inputs(programme_id)
        known = self._kept.get(programme_id)
        if known is None or known[0] != state:
            known = state, tuple(self._make(issuer_id, programme_id))
            if (issuer_id, *self._inputs(programme_id)) == state:  # nobody has changed it meanwhile
                self._kept[programme_id] = known
        return known[1]

    def _inputs(self, programme_id: UUID) -> tuple[object, ...]:
        rows = self._database.look(_PARTS, programme_id=programme_id)
        places = self._database.look(_PLACES, programme_id=programme_id)
        designed = designs.load(rows[0].programme_design).version if rows else ""
        return tuple(rows), tuple(places), designed

    def _make(self, issuer_id: str, programme_id: UUID) -> Iterator[_Made]:
        shown = catalogue.show_programme(self._database, programme_id)
        if shown is None:
            return
        publisher = google.Publisher(issuer_id, self._services.settings.public_url)
        try:
            bodies = {
                "loyalty": google.loyalty_class(shown, publisher),
                "offer": google.offer_class(shown, publisher),
            }
        except ContentError as error:
            raise ClassRefused(str(error)) from error
        for kind, body in bodies.items():
            if body is not None:
                yield KnownClass(body["id"], programme_id, kind), body, _digest(body)

    def _is_sent(self, class_id: str, digest: str) -> bool:
        found = google_issuers.find_class(self._database, class_id)
        if found is not None and found.error and self._refused.get(class_id) == digest:
            raise ClassRefused(found.error)
        return found is not None and found.sent_hash == digest

    def _send(self, line: Line, known: KnownClass, body: dict[str, Any], digest: str) -> None:
        issuer_id = line.account.issuer_id
        found = google_issuers.find_class(self._database, known.id)
        if found is None:
            at = self._services.now()
            google_issuers.add_class(self._database, known, issuer_id=issuer_id, at=at)
        is_known = found is not None and found.sent_hash != ""
        google_issuers.doubt_class(self._database, known.id)
        try:
            self._carry_out(line, known, body, is_known=is_known)
        except ApiError as error:
            if error.verdict is not Verdict.REFUSED:
                raise
            self._refused[known.id] = digest
            google_issuers.refuse_class(self._database, known.id, str(error))
            _log.error("google.class_refused class=%s: %s", known.id, error)
            raise ClassRefused(str(error)) from error
        self._refused.pop(known.id, None)
        google_issuers.settle_class(self._database, known.id, digest, at=self._services.now())
        _log.info("google.class_sent class=%s", known.id)

    def _carry_out(
        self, line: Line, known: KnownClass, body: dict[str, Any], *, is_known: bool
    ) -> None:
        """A class that was there once is there, most likely; else it is new."""
        client, kind, name = line.account.client, _KINDS[known.kind], _NAMES[known.kind]

        def insert() -> None:
            line.call(f"{name}_insert", lambda: client.insert(kind, body))

        def patch() -> None:
            found = line.call(f"{name}_get", lambda: client.get(kind, known.id))
            # What is no more has to be taken away, and the class be put under review each time.
            changed = difference(as_sent(found, body), body)
            changed["reviewStatus"] = body["reviewStatus"]
            line.call(f"{name}_patch", lambda: client.patch(kind, known.id, changed))

        first, second = (patch, insert) if is_known else (insert, patch)
        try:
            first()
        except ApiError as error:
            if error.verdict not in (Verdict.EXISTS, Verdict.CLASS_MISSING):
                raise
            second()


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
