"""A customer's way into Google Wallet, and what Google tells of it afterwards.

Google Wallet, Web: a save link may name an object that Google has already, and is short then. It
never changes the object and has no end, so it is signed when somebody asks for it, and kept
nowhere.
"""

import logging
from threading import BoundedSemaphore
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam
from sqlalchemy import select as columns
from sqlmodel import col

from googlewallet.errors import GoogleWalletError
from server import google_objects
from server.errors import NotFound
from server.looks import Look
from server.models import GoogleObject, Pass
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google.account import Account, Holder
from server.wallets.google.sync import GoogleSync, Outcome
from server.wallets.google.trace import note_callback

# Of the threads that answer everybody, phones and tills too, so many may wait for Google.
_MOST_WAITING = 3
_IS_LIVE = and_(
    col(Pass.card_id) == col(GoogleObject.card_id),
    col(Pass.state) == "live",
    col(Pass.purpose) == "card",
)
_TOLD_OF = Look(
    columns(col(Pass.serial_number))
    .select_from(GoogleObject)
    .outerjoin(Pass, _IS_LIVE)
    .where(
        col(GoogleObject.object_id) == bindparam("object_id"),
        col(GoogleObject.class_id) == bindparam("class_id"),
    )
)
_log = logging.getLogger(__name__)


class Way(NamedTuple):
    """Where to send a customer: `link`, empty unless the outcome is READY."""

    outcome: Outcome
    link: str = ""


class GoogleDesk:
    """Sends customers into Google Wallet and takes callbacks. Safe to share between threads."""

    def __init__(self, services: Services, accounts: Holder) -> None:
        self._services = services
        self._accounts = accounts
        self._sync = GoogleSync(services, accounts)
        self._places = BoundedSemaphore(_MOST_WAITING)

    @property
    def is_open(self) -> bool:
        """Whether there is a Google Wallet to send anybody to."""
        return self._accounts.current() is not None

    def is_held(self, card_id: UUID) -> bool:
        """Whether somebody has the card in a wallet, as Google told last."""
        account = self._accounts.current()
        known = google_objects.find(self._services.database, card_id)
        return (
            account is not None
            and known is not None
            and known.has_users is True
            and known.object_id == google.object_id(account.issuer_id, card_id)
        )

    def send(self, card_id: UUID) -> Way:
        """The way for somebody who wants this card; what Google has no object of, it gets now.

        While Google does not answer, only few wait for it; the others are told to come again.
        """
        account, wanted = self._accounts.current(), self._sync.want(card_id)
        if account is None or wanted is None:
            return Way(Outcome.REFUSED)
        outcome = Outcome.READY if wanted.is_there else self._bring(card_id)
        if outcome is not Outcome.READY:
            return Way(outcome)
        try:
            link = account.links.link(loyalty=[wanted.object_id], at=self._services.now())
        except GoogleWalletError as error:
            _log.error("google.no_link card=%s: %s", card_id, error)
            return Way(Outcome.REFUSED)
        return Way(outcome, link)

    def take(self, body: bytes) -> None:
        """A callback: Google says that somebody saved a card or removed it.

        Raises:
            CallbackRefused: it is not proven to be Google's, for us and of now.
            NotFound: Google Wallet is not set up, or the callback is about no card of ours.
        """
        account = self._account()
        callback = account.verifier.verify(body)
        database, at = self._services.database, self._services.now()
        found = database.look(_TOLD_OF, object_id=callback.object_id, class_id=callback.class_id)
        if not found:
            raise NotFound("object_unknown", "No card here has this object and class.")
        is_new = google_objects.note_callback(database, callback, at=at)
        if is_new and found[0].serial_number:
            note_callback(self._services, found[0].serial_number, callback.event, at=at)

    def _account(self) -> Account:
        account = self._accounts.current()
        if account is None:
            raise NotFound("google_wallet_off", "Google Wallet is not set up here.")
        return account

    def _bring(self, card_id: UUID) -> Outcome:
        if not self._places.acquire(blocking=False):
            return Outcome.LATER
        try:
            return self._sync.bring_up_to_date(card_id)
        finally:
            self._places.release()
