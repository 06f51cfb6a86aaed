"""Certificates of the tests' pass type, and a phone as the service sees it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from passkit import Signer
from passkit.throwaway import Authority
from server import deliveries, registrations
from server.app import create_app
from server.models import Delivery, Device, Pass
from server.sandbox.apns import ApnsStandIn
from server.services import Services
from server.wallets.identity import Identity
from server.worker import Worker

# Good both by the clock of the tests and by the real one, which TLS goes by.
ISSUED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(at=ISSUED_AT)


@pytest.fixture(scope="session")
def identity(authority: Authority) -> Identity:
    """A pass certificate for the pass type of the cast."""
    issued = authority.issue_pass_certificate(
        "pass.test.leima.card", "TEAMTEST01", at=ISSUED_AT, valid_days=3000
    )
    signer = Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)
    return Identity(signer, issued.certificate_pem, issued.key_pem)


@pytest.fixture
def phones(services: Services, identity: Identity) -> "Phones":
    """Phones that talk to the service over HTTP."""
    app = create_app(services, identity=identity)
    app.testing = True
    return Phones(services, app.test_client())


@pytest.fixture
def apns(authority: Authority) -> Iterator[ApnsStandIn]:
    """The push service, on this machine."""
    stand_in = ApnsStandIn(authority, at=ISSUED_AT)
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def desk(
    services: Services, identity: Identity, authority: Authority, apns: ApnsStandIn, tmp_path: Path
) -> "Iterator[Desk]":
    """A worker that pushes to the stand-in."""
    root = tmp_path / "root.pem"
    root.write_bytes(authority.root_pem)
    settings = replace(services.settings, apns_url=apns.url, apns_ca_file=root)
    desk = Desk(replace(services, settings=settings), identity, apns)
    yield desk
    desk.worker.stop()


class Desk:
    """A worker, stepped by hand, and the phones it tells."""

    def __init__(self, services: Services, identity: Identity, apns: ApnsStandIn) -> None:
        self.services = services
        self.identity = identity
        self.apns = apns
        self.worker = Worker(services, identity)

    def restart(self, **settings: object) -> None:
        """Another worker on the same database, with other settings."""
        self.worker.stop()
        changed = replace(self.services.settings, **settings)  # type: ignore[arg-type]
        self.services = replace(self.services, settings=changed)
        self.worker = Worker(self.services, self.identity)

    def phone(
        self, card: object, token: str, *, library: str | None = None, is_real: bool = True
    ) -> str:
        """A phone with this push token has registered for the card's pass; the token.

        One that is not `is_real` is unknown to the push service.
        """
        with self.services.database.reading() as session:
            pass_ = session.exec(select(Pass).where(Pass.card_id == UUID(str(card)))).one()
        if is_real:
            self.apns.tokens.add(token)
        registrations.register(
            self.services.database,
            (pass_.pass_type_identifier, pass_.serial_number),
            library_identifier=library or f"library of {token}",
            token=pass_.authentication_token,
            push_token=token,
            at=self.services.now(),
            most_devices=1000,  # how many may hold one pass is another matter
        )
        return token

    def run_until(self, is_reached: Callable[[], bool]) -> None:
        """Step until something is true."""
        limit = time.monotonic() + 20
        while not is_reached():
            assert time.monotonic() < limit, "it did not happen"
            self.worker.step()
            self.services.database.due.wait(0.01)
            self.services.database.due.clear()

    def drain(self) -> None:
        """Step until nothing is owed any more."""
        self.run_until(lambda: deliveries.owed(self.services.database) == 0)

    def pushed(self) -> list[str]:
        """The tokens that were pushed to, in order."""
        return [push.token for push in self.apns.pushes]

    def device(self, token: str) -> Device:
        """The device with this push token."""
        with self.services.database.reading() as session:
            return session.exec(select(Device).where(Device.push_token == token)).one()

    def delivery(self, token: str) -> Delivery | None:
        """What the phone with this token is owed."""
        statement = select(Delivery).join(Device, col(Device.id) == col(Delivery.device_id))
        with self.services.database.reading() as session:
            return session.exec(statement.where(Device.push_token == token)).first()


@dataclass
class Phone:
    """One device and one pass on it; each call is one of Apple's."""

    client: FlaskClient
    pass_: Pass
    library: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"ApplePass {self.pass_.authentication_token}"}

    @property
    def devices_path(self) -> str:
        return f"/v1/devices/{self.library}/registrations/{self.pass_.pass_type_identifier}"

    @property
    def pass_path(self) -> str:
        return f"/v1/passes/{self.pass_.pass_type_identifier}/{self.pass_.serial_number}"

    @property
    def path(self) -> str:
        return f"{self.devices_path}/{self.pass_.serial_number}"

    def register(self, push_token: str = "ab" * 32, **given: Any) -> TestResponse:
        given = {"json": {"pushToken": push_token}, "headers": self.headers, **given}
        return self.client.post(self.path, **given)

    def unregister(self, **given: Any) -> TestResponse:
        return self.client.delete(self.path, **{"headers": self.headers, **given})

    def list(self, since: object = None) -> TestResponse:
        query = {} if since is None else {"passesUpdatedSince": since}
        return self.client.get(self.devices_path, query_string=query)

    def fetch(self, *, method: str = "GET", **headers: str) -> TestResponse:
        return self.client.open(self.pass_path, method=method, headers={**self.headers, **headers})


@dataclass
class Phones:
    """Makes phones for cards."""

    services: Services
    client: FlaskClient

    def new(self, card: object, library: str = "a" * 32) -> Phone:
        """A phone that holds the pass of the card with this id."""
        with self.services.database.reading() as session:
            pass_ = session.exec(select(Pass).where(Pass.card_id == UUID(str(card)))).one()
        return Phone(self.client, pass_, library)
