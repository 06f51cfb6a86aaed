"""A whole programme changes: every card looked at anew, every phone told, every pass fetched.

From the change until the push service has taken every push and every pass has been signed anew and
fetched, beside as many bare RSA signatures on two threads. Worker and phones work at the same
time, each in a process of its own, as on two cores. `BENCH_PASSES` says how many passes.
"""

import io
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from sqlmodel import col, select

from benchmarks.figures import Figure
from benchmarks.stamps import child, settings_for
from passkit.certificates import load_key
from server import brands, config, crowd, deliveries, demo, migrations, renewals, strips
from server.app import create_app
from server.db import Database
from server.models import Brand, Pass, PassType, Programme, ProgrammePart, Registration
from server.services import Services
from server.wallets import identity
from server.worker import Worker

_PASSES = int(os.environ.get("BENCH_PASSES", "500"))
TITLE = f"A programme changes: {_PASSES:,} passes looked at anew, pushed, signed and fetched"

_GOAL = 3.0
_PATIENCE_SECONDS = 900.0


def measure() -> list[Figure]:
    """The whole time, to that of the bare signatures."""
    with TemporaryDirectory() as name, child("push", Path(name)) as port:
        given = {**settings_for(Path(name), port), "LEIMA_PUSH_BULK_PER_SECOND": "100000"}
        settings = config.read(given)
        services = Services(Database(settings.database_url), settings)
        migrations.upgrade(services.database.engine)
        known = identity.load(settings, at=services.now())
        access = demo.seed(
            services,
            pass_type_identifier=known.pass_type_identifier,
            team_identifier=known.team_identifier,
        )
        # The model cards are on no phone, and a few more do no harm.
        crowd.grow(
            services, access.brand, access.programme, count=_PASSES, progress=lambda *_: None
        )
        key = load_key(known.key_pem)
        assert isinstance(key, rsa.RSAPrivateKey)
        raw = _raw_seconds(key)
        _reword(services, access.brand)
        services.database.dispose()
        seconds, fetched = _change(given, access.brand, access.programme)
    per_pass = raw / _PASSES
    return [
        Figure(what="raw RSA signatures, two threads", figure=f"{_PASSES / raw:,.0f} /s"),
        Figure(
            what="change to last fetch",
            figure=f"{seconds:.1f} s for {fetched:,} passes, {fetched / seconds:,.0f} /s",
            ratio=seconds / fetched / per_pass,
            goal=_GOAL,
            is_ceiling=True,
            note="to the raw signatures, by the clock",
        ),
    ]


def _raw_seconds(key: rsa.RSAPrivateKey) -> float:
    def sign(count: int) -> None:
        for number in range(count):
            key.sign(b"%0105d" % number, padding.PKCS1v15(), SHA256())

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sign, [_PASSES // 2] * 2))
    return time.perf_counter() - start


def _reword(services: Services, brand: str) -> None:
    """What the brand gives away is another thing from now on."""
    with services.database.transaction() as session:
        part = session.exec(
            select(ProgrammePart)
            .join(Programme, col(Programme.id) == col(ProgrammePart.programme_id))
            .join(Brand, col(Brand.id) == col(Programme.brand_id))
            .where(Brand.slug == brand)
        ).one()
        reward = {"fi": "Ilmainen pulla", "sv": "En gratis bulle", "en": "A free bun"}
        part.rules = {**part.rules, "reward": reward}


def _change(given: dict[str, str], brand: str, programme: str) -> tuple[float, int]:
    """Seconds from the change until everything is fetched, and how many passes that were."""
    spawning = multiprocessing.get_context("spawn")
    worker = spawning.Process(target=_work, args=(given,), daemon=True)
    services = Services(Database(config.read(given).database_url), config.read(given))
    with services.database.reading() as session:
        since = session.exec(select(PassType.change_seq)).one()
    phones = _Phones(services)
    worker.start()
    time.sleep(3)  # it has begun
    start = time.perf_counter()
    renewals.ask(services, brand, programme)
    until = time.monotonic() + _PATIENCE_SECONDS
    while phones.fetch_changed(since) or phones.left or deliveries.owed(services.database):
        if time.monotonic() > until:
            raise RuntimeError("not every pass was fetched")
    seconds = time.perf_counter() - start
    worker.terminate()
    worker.join(30)
    services.database.dispose()
    return seconds, phones.fetched


def _work(given: dict[str, str]) -> None:
    """The worker's process, until it is ended."""
    settings = config.read(given)
    services = Services(Database(settings.database_url), settings)
    Worker(services, identity.load(settings, at=services.now())).start()
    time.sleep(_PATIENCE_SECONDS)


class _Phones:
    """Fetch what has changed, as phones do that are told of it."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        known = identity.load(settings, at=services.now())
        self._services = services
        # As the web server does before it serves.
        strips.warm(brands.starts(services.database), settings.data_dir / strips.FOLDER)
        self._app = create_app(services, identity=known).wsgi_app
        self._path = f"/v1/passes/{known.pass_type_identifier}"
        with services.database.reading() as session:
            held = select(Registration.pass_id)
            self.left = set(session.exec(held).all())
        self.fetched = 0

    def fetch_changed(self, since: int) -> int:
        """Fetch those passes that have changed and not been fetched; how many those were."""
        with self._services.database.reading() as session:
            statement = select(Pass).where(Pass.change_tag > since)
            rows = [row for row in session.exec(statement).all() if row.id in self.left]
        for row in rows:
            self._fetch(row)
            self.left.discard(row.id)
        self.fetched += len(rows)
        time.sleep(0 if rows else 0.02)
        return len(rows)

    def _fetch(self, pass_: Pass) -> None:
        """As a server calls the application: werkzeug's test client costs more than a signature."""
        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"{self._path}/{pass_.serial_number}",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_AUTHORIZATION": f"ApplePass {pass_.authentication_token}",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        told: list[str] = []

        def start(status: str, *_: object) -> Callable[[bytes], object]:
            told.append(status)
            return len  # nobody writes by it

        body = b"".join(self._app(asked, start))
        if not told[0].startswith("200") or not body:
            raise RuntimeError(f"a pass was not handed out: {told[0]}")
