"""Telling Google what cards show, and bringing a card there when its holder asks for it."""

from enum import StrEnum
from uuid import UUID

from server.google_objects import Holding
from server.services import Services
from server.wallets.google_account import Holder


class Outcome(StrEnum):
    """How it stands with a card that is wanted in Google Wallet now."""

    READY = "ready"  # Google has the object: a save link works
    LATER = "later"  # Google did not answer, or is busy: try again in a moment
    PAUSED = "paused"  # Google refuses us altogether: the operator has to do something
    REFUSED = "refused"  # Google refuses this card or its programme: trying again does not help


class GoogleSync:
    """Tells Google what is owed, in threads of its own, and at once for whoever waits.

    `want` and `bring_up_to_date` may be called in any thread; `step` and `close` in one. Threads
    start with the first step that finds something to tell.
    """

    def __init__(self, services: Services, accounts: Holder) -> None:
        self._services = services
        self._accounts = accounts

    def want(self, card_id: UUID) -> Holding | None:
        """The card's holder asks for it: Google is told of it from now on. Asking again changes
        nothing. None when there is no such card, or no account with Google.

        The answer's `has_users` tells whether it is in a wallet already.
        """
        raise NotImplementedError

    def bring_up_to_date(self, card_id: UUID) -> Outcome:
        """Bring a card that was wanted to Google, now, in this thread; for a few seconds at most.

        READY as soon as Google has the object, even if newer changes are on their way to it.
        """
        raise NotImplementedError

    def step(self) -> float | None:
        """One round. Returns the seconds until the next is worth while, None when only news
        (`database.due`) makes it so."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish what is on its way, for a few seconds; give back the rest."""
        raise NotImplementedError
