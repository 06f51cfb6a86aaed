"""Google objects kept true: a burst of stamps on one card, and a crowd that is owed an update.

The stand-in is a process of its own, reached over HTTP with unmodified google-auth; worker and
stamps share a process, as under `leima run`. `BENCH_OBJECTS` says how large the crowd is.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import requests
from sqlalchemy import insert
from sqlmodel import select

from benchmarks.figures import Figure
from googlewallet import throwaway
from server import config, crowd, demo, events, google_objects, migrations, staff
from server.bulk import table_of
from server.db import Database
from server.models import Card, GoogleObject
from server.sandbox.google.stand_in import GoogleStandIn
from server.services import Services
from server.wallets import identity
from server.wallets.google import bodies as google
from server.wallets.google.account import Accounts
from server.wallets.google.sync import GoogleSync, Outcome
from server.worker import Worker

_OBJECTS = int(os.environ.get("BENCH_OBJECTS", "20000"))
_PER_SECOND = int(os.environ.get("BENCH_OBJECTS_PER_SECOND", "200"))
TITLE = f"Google objects: 50 stamps on a card, and {_OBJECTS:,} that are owed an update"

_STAMPS, _BURST_SECONDS, _LATENCY_SECONDS = 50, 2.0, 0.3
_MOST_PATCHES = 3
_EVERY_SECONDS = 2.0  # somebody stamps while the crowd is told
_OVERTAKES_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 120.0
_CHUNK = 1000


def measure() -> list[Figure]:
    """How many calls 50 stamps make, at which rate the crowd is told, and who overtakes it."""
    with TemporaryDirectory() as name, _stand_in(Path(name)) as google_url:
        bench = _Bench(Path(name), google_url)
        try:
            return [*bench.burst(), *bench.drain()]
        finally:
            bench.close()


class _Bench:
    """The service with its worker, and a few cards in Google Wallet."""

    def __init__(self, folder: Path, google_url: str) -> None:
        self._google_url = google_url
        settings = config.read(
            {
                "LEIMA_DATA_DIR": str(folder),
                "LEIMA_GOOGLE_ISSUER_ID": throwaway.ISSUER_ID,
                "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE": str(_account(folder)),
                "LEIMA_GOOGLE_API_URL": f"{google_url}/walletobjects/v1",
                "LEIMA_GOOGLE_SAVE_URL": f"{google_url}/gp/v/save",
                "LEIMA_GOOGLE_KEYS_URL": f"{google_url}/gp/m/issuer/keys",
                "LEIMA_GOOGLE_PER_SECOND": str(_PER_SECOND),
            }
        )
        self._services = Services(Database(settings.database_url), settings)
        migrations.upgrade(self._services.database.engine)
        self._known = identity.Identities(settings, self._services.now)
        known = self._known.current()
        self._access = demo.seed(
            self._services,
            pass_type_identifier=known.pass_type_identifier,
            team_identifier=known.team_identifier,
        )
        brand_id = staff.brand_of_key(self._services, self._access.api_key)
        self._origin = events.Origin(brand_id=brand_id, source="api")
        self._accounts = Accounts(settings, self._services.now)
        self._http = requests.Session()
        self._http.trust_env = False
        crowd.grow(
            self._services,
            self._access.brand,
            self._access.programme,
            count=_OBJECTS + 2,
            progress=lambda *_: None,
        )
        with self._services.database.reading() as session:
            self._cards = list(session.exec(select(Card.id)).all())
        self._worker = Worker(self._services, self._known, self._accounts)
        self._worker.start()

    def close(self) -> None:
        """End the worker."""
        self._worker.stop(30)
        self._services.database.dispose()
        self._http.close()

    def burst(self) -> list[Figure]:
        """Stamps on one card, faster than Google may be told."""
        card = self._bring(self._cards[0])
        self._post("control/faults", {"delay_seconds": _LATENCY_SECONDS})
        before = len(self._patches(card))
        start = time.monotonic()
        for number in range(_STAMPS):
            time.sleep(max(0.0, start + number * _BURST_SECONDS / _STAMPS - time.monotonic()))
            wanted = self._stamp(self._cards[0])
        self._await(lambda: not self._owed() and self._balance(card) == wanted)
        calls = self._patches(card)[before:]
        self._post("control/faults", {})
        if any(later["started"] < earlier["ended"] for earlier, later in pairwise(calls)):
            raise RuntimeError("two calls for one card were on their way at the same time")
        return [
            Figure(
                what=f"{_STAMPS} stamps in {_BURST_SECONDS:.0f} s, answers after 300 ms",
                figure=f"{len(calls)} PATCHes",
                ratio=float(len(calls)),
                goal=_MOST_PATCHES,
                is_ceiling=True,
                note="one at a time, the last one with the last balance",
            )
        ]

    def drain(self) -> list[Figure]:
        """Everybody is owed an update that nobody waits for; somebody stamps meanwhile."""
        waiting = self._cards[1]
        object_id = self._bring(waiting)
        self._owe_crowd()
        before, start, waits = self._answered(), time.monotonic(), []
        while self._owed():
            time.sleep(_EVERY_SECONDS)
            began = time.monotonic()
            wanted = self._stamp(waiting)
            self._await(lambda wanted=wanted: self._balance(object_id) == wanted)  # type: ignore[misc]
            waits.append(time.monotonic() - began)
        seconds = time.monotonic() - start
        rate = (self._answered() - before) / seconds
        waits.sort()
        median, slowest = waits[len(waits) // 2], waits[-1]
        return [
            Figure(
                what=f"{_OBJECTS:,} objects told",
                figure=f"{seconds:.0f} s, {rate:,.0f} calls a second",
                ratio=rate / _PER_SECOND,
                goal=1.05,
                is_ceiling=True,
                note=f"to the set rate of {_PER_SECOND:,} a second",
            ),
            Figure(
                what="a stamp meanwhile",
                figure=f"p50 {median * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms",
                ratio=slowest,
                goal=_OVERTAKES_SECONDS,
                is_ceiling=True,
                note=f"from the stamp until Google has it, the slowest of {len(waits)}, in seconds",
            ),
        ]

    def _bring(self, card_id: UUID) -> str:
        """Its holder asks for the card; the object's id."""
        sync = GoogleSync(self._services, self._accounts)
        holding = sync.want(card_id)
        if holding is None or sync.bring_up_to_date(card_id) is not Outcome.READY:
            raise RuntimeError("the card could not be brought to Google")
        return holding.object_id

    def _owe_crowd(self) -> None:
        """Rows as they are when a programme has changed, of all cards but the two."""
        issuer_id, now = throwaway.ISSUER_ID, self._services.now()
        with self._services.database.reading() as session:
            known = session.exec(select(GoogleObject)).first()
        assert known is not None
        rows = [
            {
                "card_id": card,
                "issuer_id": issuer_id,
                "class_id": known.class_id,
                "object_id": google.object_id(issuer_id, card),
                "created_at": now,
                "owed_version": 1,
                "sent_version": 0,
                "due_at": now,
                "attempts": 0,
                "is_bulk": True,
                "notified_at": [],
            }
            for card in self._cards[2:]
        ]
        with self._services.database.transaction() as session:
            for start in range(0, len(rows), _CHUNK):
                session.connection().execute(
                    insert(table_of(GoogleObject)), rows[start : start + _CHUNK]
                )
        self._services.database.due.set()

    def _stamp(self, card_id: UUID) -> int:
        report = events.Report(id=str(uuid4()), card=str(card_id), name="stamped")
        answer = events.record(self._services, self._origin, report).json()
        stamps: int = answer["standing"]["stamp"]
        return stamps

    def _owed(self) -> int:
        return google_objects.backlog(self._services.database).count

    def _balance(self, object_id: str) -> int:
        found = self._get(f"control/objects/loyaltyObject/{object_id}")
        balance: int = found["loyaltyPoints"]["balance"]["int"]
        return balance

    def _answered(self) -> int:
        return sum(self._get("control/state")["answers"].values())

    def _patches(self, object_id: str) -> list[dict[str, Any]]:
        calls = self._get("control/requests")
        return [
            call for call in calls if call["method"] == "PATCH" and call["path"].endswith(object_id)
        ]

    def _await(self, is_reached: Any) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not is_reached():
            if time.monotonic() > until:
                raise RuntimeError("Google was never told")
            time.sleep(_LOOK_SECONDS)

    def _get(self, path: str) -> Any:
        answer = self._http.get(f"{self._google_url}/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._http.post(f"{self._google_url}/{path}", json=body, timeout=30).raise_for_status()


def _account(folder: Path) -> Path:
    return folder / "account" / "service-account.json"


@contextmanager
def _stand_in(folder: Path) -> Iterator[str]:
    """The stand-in as a process; gives its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.objects", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.terminate()


def stand_in(folder: Path) -> None:
    """Google, until standard input closes."""
    file = throwaway.load_or_create(_account(folder).parent, token_uri="http://127.0.0.1:1/token")
    stand_in = GoogleStandIn(
        folder=folder / "google", account_file=file, issuer_id=throwaway.ISSUER_ID
    )
    stand_in.start()
    throwaway.load_or_create(file.parent, token_uri=stand_in.token_uri)
    print(json.dumps(stand_in.url), flush=True)
    sys.stdin.read()
    stand_in.stop()


if __name__ == "__main__":
    stand_in(Path(sys.argv[1]))
