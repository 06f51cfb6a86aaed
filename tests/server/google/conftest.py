"""Google's stand-in, a service account that may call it, and a worker that tells it."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from googlewallet import throwaway
from googlewallet.client import Kind
from server import google_objects, google_rows
from server.models import GoogleClass, GoogleIssuer, GoogleObject, Programme
from server.sandbox.google.faults import AnswerFault, Faults
from server.sandbox.google.stand_in import GoogleStandIn
from server.services import Services
from server.wallets.google.account import Account, Accounts
from server.wallets.google.classes import Classes
from server.wallets.google.line import Line
from server.wallets.google.reconcile import Reconcile
from server.wallets.google.sync import GoogleSync, Outcome
from tests.conftest import FakeClock, Ledger


@dataclass
class Google:
    """The stand-in, and the service that tells it."""

    stand_in: GoogleStandIn
    services: Services
    accounts: Accounts
    clock: FakeClock
    sync: GoogleSync

    @property
    def account(self) -> Account:
        account = self.accounts.current()
        assert account is not None
        return account

    def restart(self, **settings: object) -> GoogleSync:
        """Another worker on the same database, with other settings."""
        self.sync.close()
        changed = replace(self.services.settings, **settings)  # type: ignore[arg-type]
        self.services = replace(self.services, settings=changed)
        self.accounts = Accounts(changed, self.services.now)
        self.sync = GoogleSync(self.services, self.accounts)
        return self.sync

    def bring(self, card: object) -> Outcome:
        """Its holder asks for the card."""
        card_id = UUID(str(card))
        assert self.sync.want(card_id) is not None
        return self.sync.bring_up_to_date(card_id)

    def save(self, card: object) -> None:
        """Aino has the card in her wallet, and the service knows."""
        assert self.bring(card) is Outcome.READY
        link = self.account.links.link(loyalty=[self.object_id(card)], at=self.clock())
        self.stand_in.save(link.rpartition("/")[2], "aino")
        with self.services.database.transaction() as session:
            row = session.get_one(GoogleObject, UUID(str(card)))
            row.has_users = True
            session.add(row)

    def run_until(self, is_reached: Callable[[], bool]) -> None:
        """Step until something is true."""
        limit = time.monotonic() + 20
        while not is_reached():
            assert time.monotonic() < limit, "it did not happen"
            self.services.database.due.clear()
            self.sync.step()
            self.services.database.due.wait(0.01)

    def drain(self) -> None:
        """Step until all that is due now is told, and nothing is on its way."""
        self.run_until(lambda: self.sync.is_idle and not self.is_due())

    def drain_until_paused(self) -> None:
        """Step until nobody is asked any more."""

        def is_paused() -> bool:
            until = self.issuer().paused_until
            return until is not None and until > self.clock() and self.sync.is_idle

        self.run_until(is_paused)

    def settle(self) -> None:
        """Let time pass, faster while there is nothing to do, until nothing is owed any more."""

        def is_settled() -> bool:
            self.sync.step()
            is_idle = self.sync.is_idle
            self.clock.move(seconds=0.5 if is_idle else 0.02)
            return is_idle and not google_objects.backlog(self.services.database).count

        self.run_until(is_settled)

    def is_due(self) -> bool:
        with self.services.database.reading() as session:
            rows = session.exec(select(GoogleObject)).all()
        now = self.clock()
        return any(
            row.due_at
            and row.due_at <= now
            and (row.sent_at is None or row.sent_at <= now - google_rows.APART)
            for row in rows
        )

    def row(self, card: object) -> GoogleObject:
        with self.services.database.reading() as session:
            return session.get_one(GoogleObject, UUID(str(card)))

    def issuer(self) -> GoogleIssuer:
        with self.services.database.reading() as session:
            return session.exec(select(GoogleIssuer)).one()

    def classes(self) -> list[GoogleClass]:
        with self.services.database.reading() as session:
            return list(session.exec(select(GoogleClass).order_by(GoogleClass.id)).all())

    def object_id(self, card: object) -> str:
        return self.row(card).object_id

    def object(self, card: object) -> dict[str, Any]:
        """The card as Google has it."""
        found = self.stand_in.object(Kind.LOYALTY_OBJECT, self.object_id(card))
        assert found is not None
        return found

    def balance(self, card: object) -> int:
        count: int = self.object(card)["loyaltyPoints"]["balance"]["int"]
        return count

    def calls(self, method: str = "", path: str = "") -> list[Any]:
        """The calls that came in, oldest first, without those for access tokens."""
        return [
            call
            for call in list(self.stand_in.requests)
            if method in call.method and path in call.path and not call.path.endswith("/token")
        ]

    def forget(self) -> None:
        """Empty the log of calls."""
        self.stand_in.requests.clear()

    def fail(self, *answers: AnswerFault) -> None:
        """What goes wrong from now on."""
        self.stand_in.faults = Faults(answers=list(answers))


@pytest.fixture(scope="session")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service account, whose key takes a while to make."""
    folder = tmp_path_factory.mktemp("account")
    return throwaway.load_or_create(folder, token_uri="http://127.0.0.1:1/token")


@pytest.fixture
def stand_in(tmp_path: Path, clock: FakeClock, account_file: Path) -> Iterator[GoogleStandIn]:
    folder = tmp_path / "account"
    folder.mkdir()
    account_file = Path(shutil.copy(account_file, folder))
    google = GoogleStandIn(
        folder=tmp_path / "google",
        account_file=account_file,
        issuer_id=throwaway.ISSUER_ID,
        now=clock,
    )
    google.start()
    throwaway.load_or_create(folder, token_uri=google.token_uri)
    yield google
    google.stop()


@pytest.fixture
def google(
    services: Services, stand_in: GoogleStandIn, clock: FakeClock, tmp_path: Path
) -> Iterator[Google]:
    settings = replace(
        services.settings,
        google_issuer_id=throwaway.ISSUER_ID,
        google_service_account_file=tmp_path / "account" / "service-account.json",
        google_api_url=stand_in.api_url,
        google_save_url=stand_in.save_url,
        google_keys_url=stand_in.keys_url,
        google_per_second=50.0,
    )
    services = replace(services, settings=settings)
    accounts = Accounts(settings, services.now)
    google = Google(stand_in, services, accounts, clock, GoogleSync(services, accounts))
    yield google
    google.sync.close()


@pytest.fixture
def saved(google: Google, ledger: Ledger) -> Ledger:
    """Aino's card, which she has in her Google Wallet; the log of calls is empty."""
    google.save(ledger.card)
    google.clock.move(seconds=5)
    google.forget()
    return ledger


@pytest.fixture
def rename(google: Google) -> Callable[[str], None]:
    """Give the programme another name."""

    def rename(name: str) -> None:
        with google.services.database.transaction() as session:
            programme = session.exec(select(Programme)).one()
            programme.name = name
            session.add(programme)

    return rename


@pytest.fixture
def looks(google):
    return Looks(google)


class Looks:
    """Compares everything now, by hand."""

    def __init__(self, google):
        self.google = google
        self.pages = []

    def page(self):
        services = self.google.services
        line = Line(services, self.google.account, None, is_bulk=True, patience=1.0)
        found = Reconcile(services, Classes(services)).next_page(line)
        self.pages.append(found)
        return found

    def all(self):
        while not self.page().is_over:
            assert len(self.pages) < 50, "it does not come to an end"
        return sum(page.wrong for page in self.pages)
