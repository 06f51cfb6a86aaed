"""Whether a phone waits longer in a crowd: list and fetch among few passes and among very many.

Both databases are files of their own, filled by `leima demo --cards`, each behind an application
in this process. Calls are made in turn on both, each for another phone, so that a busy machine
slows both alike and no cache answers. `BENCH_CARDS` says how many make a crowd.
"""

import os
import statistics
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient
from sqlmodel import select

from benchmarks.figures import Figure
from server import config, crowd, demo, migrations
from server.app import create_app
from server.db import Database
from server.models import Device, Pass, Registration
from server.services import Services
from server.wallets import identity

_FEW = 1_000
_MANY = int(os.environ.get("BENCH_CARDS", "50000"))
TITLE = f"Phones in a crowd: {_MANY:,} registered passes beside {_FEW:,}, SQLite"

_CALLS = 1_500
_SAMPLE = 500
_GOAL = 1.3


def measure() -> list[Figure]:
    """The time of a list call and of a fetch in the crowd, to that among few."""
    with TemporaryDirectory() as name:
        few = _Town(Path(name) / "few", _FEW)
        # A crowd that was made before may be used again: the million takes its time.
        many = _Town(Path(os.environ.get("BENCH_CROWD", f"{name}/many")), _MANY)
        figures = [
            _compared("list of changed passes", few.list_changed, many.list_changed),
            _compared("fetch, signed anew", few.fetch, many.fetch),
        ]
        size = many.file.stat().st_size / 1e6
        few.close()
        many.close()
    filled = f"{many.seconds:.0f} s for {many.added:,} cards, {size:,.0f} MB"
    return [Figure(what="filling the crowd", figure=filled), *figures]


def _compared(what: str, few: Callable[[], None], many: Callable[[], None]) -> Figure:
    times: list[tuple[float, float]] = [(_timed(few), _timed(many)) for _ in range(_CALLS)]
    alone, crowded = (statistics.median(each) for each in zip(*times, strict=True))
    return Figure(
        what=what,
        figure=f"{alone * 1e6:,.0f} us among few, {crowded * 1e6:,.0f} us in the crowd",
        ratio=crowded / alone,
        goal=_GOAL,
        is_ceiling=True,
        note=f"medians of {_CALLS} calls of {_SAMPLE} phones, by the clock",
    )


def _timed(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class _Town:
    """A service with so many cards, each on a phone of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        settings = config.read({"LEIMA_DATA_DIR": str(folder), "LEIMA_PASS_CACHE_MB": "0"})
        services = Services(Database(settings.database_url), settings)
        migrations.upgrade(services.database.engine)
        known = identity.load(settings, at=services.now())
        names = {
            "pass_type_identifier": known.pass_type_identifier,
            "team_identifier": known.team_identifier,
        }
        access = demo.seed(services, **names)
        start = time.perf_counter()
        self.added = crowd.grow(
            services, access.brand, access.programme, count=count, progress=lambda *_: None
        )
        self.seconds = time.perf_counter() - start
        self.file = Path(settings.database_url.removeprefix("sqlite:///"))
        self._database = services.database
        self._client: FlaskClient = create_app(services, identity=known).test_client()
        self._phones = cycle(self._some())
        self._pass_type = known.pass_type_identifier

    def list_changed(self) -> None:
        """One phone asks what is new."""
        library, _, _ = next(self._phones)
        answer = self._client.get(f"/v1/devices/{library}/registrations/{self._pass_type}")
        assert answer.status_code == 200

    def fetch(self) -> None:
        """One phone fetches its pass."""
        _, serial_number, token = next(self._phones)
        answer = self._client.get(
            f"/v1/passes/{self._pass_type}/{serial_number}",
            headers={"Authorization": f"ApplePass {token}"},
        )
        assert answer.status_code == 200

    def close(self) -> None:
        """Close the database."""
        self._database.dispose()

    def _some(self) -> list[tuple[Any, ...]]:
        """Phones from all over the town: keys are random, so their order is no order at all."""
        statement = (
            select(Device.library_identifier, Pass.serial_number, Pass.authentication_token)
            .join(Registration, Registration.device_id == Device.id)  # type: ignore[arg-type]
            .join(Pass, Pass.id == Registration.pass_id)  # type: ignore[arg-type]
            .order_by(Device.id)  # type: ignore[arg-type]
            .limit(_SAMPLE)
        )
        with self._database.reading() as session:
            return [tuple(row) for row in session.exec(statement).all()]
