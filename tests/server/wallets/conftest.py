"""The demo's passes, and programs of others that read them."""

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from passkit.throwaway import Authority
from scripts import pass_readers
from server import cards, config, demo, events, members, migrations
from server.db import Database
from server.models import Brand, Pass
from server.services import Services
from server.wallets.apple import build_pass
from server.wallets.identity import Identity
from tests.conftest import PASS_TYPE, TEAM, FakeClock
from tests.server.conftest import ISSUED_AT

STAMPS = {"empty": 0, "seven": 7, "reward": 10, "voided": 7}
Reader = Callable[..., list[dict[str, Any]]]


@dataclass
class DemoPasses:
    """Makes passes of the demo's programme."""

    services: Services
    identity: Identity
    origin: events.Origin
    programme: str

    def make(self, state: str, language: str) -> bytes:
        """The .pkpass file of a new member's card in this state."""
        aino = members.Applicant(name="Aino", language=language)
        answer = events.enrol(
            self.services, self.origin, self.programme, aino, event_id=str(uuid4())
        )
        card = answer.json()["id"]
        for _ in range(STAMPS[state]):
            report = events.Report(id=str(uuid4()), card=card, name="stamped")
            events.record(self.services, self.origin, report)
        return self._built(UUID(card), is_voided=state == "voided")

    def _built(self, card: UUID, *, is_voided: bool) -> bytes:
        with self.services.database.transaction() as session:
            pass_ = session.exec(select(Pass).where(Pass.card_id == card)).one()
            pass_.state = "voided" if is_voided else "live"
            session.add(pass_)
        now = self.services.now()
        shown = cards.show_pass(self.services.database, pass_.id, at=now)
        assert shown is not None
        return build_pass(shown, self.identity, self.services.settings, now)


@pytest.fixture(scope="session")
def demo_passes(
    identity: Identity, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoPasses]:
    """One demo for all tests: hashing its till's password takes its time."""
    data = {"LEIMA_DATA_DIR": str(tmp_path_factory.mktemp("demo")), "LEIMA_SECRET_KEY": "x" * 32}
    settings = config.read(data)
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    services = Services(database, settings, FakeClock())
    opened = demo.seed(services, pass_type_identifier=PASS_TYPE, team_identifier=TEAM)
    with database.reading() as session:
        brand = session.exec(select(Brand).where(Brand.slug == opened.brand)).one()
    origin = events.Origin(brand_id=brand.id, source="api")
    yield DemoPasses(services, identity, origin, opened.programme)
    database.dispose()


@pytest.fixture(scope="session")
def signing_folder(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that passkit-generator may sign with."""
    folder = tmp_path_factory.mktemp("signing")
    issued = authority.issue_pass_certificate(PASS_TYPE, TEAM, at=ISSUED_AT)
    (folder / "wwdr.pem").write_bytes(authority.intermediate_pem)
    (folder / "certificate.pem").write_bytes(issued.certificate_pem)
    (folder / "key.pem").write_bytes(issued.key_pem)
    return folder


@pytest.fixture
def kde(tmp_path: Path) -> Reader:
    """KDE's reader as a person of one language meets it: what it makes of each file."""
    program = _there(pass_readers.kpkpass())

    def read(*files: bytes, language: str = "en") -> list[dict[str, Any]]:
        paths = [tmp_path / f"{uuid4()}.pkpass" for _ in files]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        return _answers([str(program), *map(str, paths)], language)

    return read


@pytest.fixture
def generator(tmp_path: Path, signing_folder: Path) -> Reader:
    """What passkit-generator makes of each file."""
    program = _there(pass_readers.passkit_generator())

    def read(*files: bytes) -> list[dict[str, Any]]:
        folders = [tmp_path / str(uuid4()) for _ in files]
        for folder, data in zip(folders, files, strict=True):
            zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
        command = [*pass_readers.node(), str(program), str(signing_folder)]
        return _answers([*command, *map(str, folders)], "en")

    return read


def _there(program: Path) -> Path:
    if not program.exists():
        assert os.environ.get("REQUIRE_ALL") != "1", f"{program.parent.name} is missing"
        pytest.skip(f"{program.parent.name} is missing: python scripts/pass_readers.py")
    return program


def _answers(command: list[str], language: str) -> list[dict[str, Any]]:
    environment = {**os.environ, "LANGUAGE": language, "LC_ALL": f"{language}_FI.UTF-8"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
