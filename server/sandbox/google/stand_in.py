"""A stand-in for Google Wallet: its API, its save links, its callbacks, on this machine.

Nothing of it was held against Google itself: it is Google's documentation as we read it
(docs/google-stand-in.md says where that is a guess).
"""

from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from googlewallet.client import Kind
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import CredentialsError, GoogleWalletError
from googlewallet.save_link import SaveLinks
from googlewallet.throwaway import IssuerKeys
from server import clock
from server.sandbox.errors import SaveRefused, StateUnreadable
from server.sandbox.google import schema as google_schema
from server.sandbox.google.api import Api, Call
from server.sandbox.google.callbacks import Callbacks
from server.sandbox.google.controls import create_app
from server.sandbox.google.door import AccountKeys, Door
from server.sandbox.google.faults import Faults
from server.sandbox.google.links import MOST_CHARACTERS, Account, Links, Named, require_may_save
from server.sandbox.google.notices import Change, Notices
from server.sandbox.google.resources import Resources
from server.sandbox.google.server import HOST, Server
from server.sandbox.google.shapes import Shapes
from server.sandbox.google.store import Store

__all__ = ["Account", "Call", "Change", "Faults", "GoogleStandIn", "Saved"]

ACCOUNTS = (
    Account(id="aino", name="Aino", email="aino@example.com", language="fi"),
    Account(id="linnea", name="Linnea", email="linnea@example.com", language="sv"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What somebody has saved: `object_ids` all, `new_ids` those that were not there before."""

    account_id: str
    object_ids: tuple[str, ...]
    new_ids: tuple[str, ...]


class GoogleStandIn:
    """Google Wallet: `start` it, read its addresses, `stop` it. Listens on loopback only.

    `faults` are what is set to go wrong; assign new ones to change them. `accounts` are the people,
    by id. `requests` is the log of calls, `changes` that of changes with what phones make of them,
    `pushes` those changes at which phones speak, all with the newest last. `app` serves everything
    but the API: add pages to it before `start`.
    """

    def __init__(
        self,
        *,
        folder: Path,
        account_file: Path,
        issuer_id: str,
        now: clock.Clock = clock.now,
        port: int = 0,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """`folder` keeps objects, who has them, and the keys of callbacks; `account_file` is the
        service account that may call. `port` 0 takes any free one. `on_change` follows every
        change; be quick.

        Raises AccountUnreadable, StateUnreadable, OSError.
        """
        self.issuer_id = issuer_id
        self.accounts: dict[str, Account] = {account.id: account for account in ACCOUNTS}
        self.clock_offset = timedelta()
        self._clock = now
        self._on_change = on_change or (lambda: None)
        self._account_file = account_file
        self.issuer_keys = _kept_keys(folder)
        keys = AccountKeys(account_file)
        self._store = Store(folder)
        self._notices = Notices(self._store.spoken())
        shapes = Shapes(google_schema.installed())
        self._resources = Resources(
            self._store, self._notices, issuer_id=issuer_id, now=self.now, shapes=shapes
        )
        self._links = Links(keys, self._resources, self._store)
        self.door = Door(keys)
        self.callbacks = Callbacks(self.issuer_keys, issuer_id=issuer_id, now=self.now)
        self._api = Api(
            self._resources,
            self._links,
            self.door,
            issuer_id=issuer_id,
            save_link=self._save_link,
            faults=lambda: self._faults,
            shapes=shapes,
            now=self.now,
            on_change=self._on_change,
        )
        self._faults = Faults()
        self.app: Flask = create_app(self)
        self._server = Server(self._api, self.app, port=port)

    @property
    def port(self) -> int:
        """Where it listens, or will."""
        return self._server.port

    @property
    def url(self) -> str:
        """What all its addresses begin with."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """The base address of the API."""
        return f"{self.url}/walletobjects/v1"

    @property
    def save_url(self) -> str:
        """What a save link is, but for the slash and the JWT."""
        return f"{self.url}/gp/v/save"

    @property
    def keys_url(self) -> str:
        """Where the keys are that callbacks are signed with."""
        return f"{self.url}/gp/m/issuer/keys"

    @property
    def token_uri(self) -> str:
        """The token endpoint."""
        return f"{self.url}/token"

    @property
    def requests(self) -> deque[Call]:
        """Every call of the API and the token endpoint."""
        return self._api.calls

    @property
    def answers(self) -> Counter[str]:
        """How many calls were answered with which status and reason."""
        return self._api.answers

    @property
    def changes(self) -> deque[Change]:
        """Every change of a class or an object."""
        return self._notices.changes

    @property
    def pushes(self) -> deque[Change]:
        """The changes at which phones show a notification."""
        return self._notices.pushes

    @property
    def faults(self) -> Faults:
        """What is set to go wrong."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._notices.per_day = faults.notifications_per_day
        self.callbacks.faults = faults.callbacks

    @property
    def wallets(self) -> dict[str, tuple[str, ...]]:
        """The ids of the objects that each account has, the oldest first."""
        saved = self._store.saved()
        holders = [account_id for _, savers in saved for account_id in savers]
        return {
            account_id: tuple(id for id, savers in saved if account_id in savers)
            for account_id in dict.fromkeys([*self.accounts, *holders])
        }

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Hold it to read objects and changes of one and the same moment."""
        return self._store.lock

    def now(self) -> datetime:
        """The stand-in's time: the clock's, moved by `clock_offset`."""
        return self._clock() + self.clock_offset

    def start(self) -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        self._server.start()
        self.callbacks.start()
        return self.port

    def stop(self) -> None:
        """End; callbacks that were not taken are lost, as they may be with Google."""
        self._server.stop()
        self.callbacks.stop()
        self._store.close()

    def object(self, kind: str, id: str) -> dict[str, Any] | None:
        """An object (`kind` such as loyaltyObject) as Google has it, None when there is none."""
        if self._store.find(Kind(kind), id) is None:
            return None
        return deepcopy(self._resources.seen(Kind(kind), id))

    def class_(self, kind: str, id: str) -> dict[str, Any] | None:
        """A class (`kind` such as loyaltyClass) as Google has it, None when there is none."""
        return self.object(kind, id)

    def kind_of(self, object_id: str) -> Kind | None:
        """Which type of object has this id."""
        return self._store.kind_of(object_id)

    def look(self, jwt: str) -> tuple[Named, ...]:
        """What a save link is about. Raises SaveRefused, whose text is for the opener."""
        if len(jwt) > MOST_CHARACTERS:
            raise SaveRefused(
                f"the JWT has {len(jwt)} characters, more than {MOST_CHARACTERS} may be cut off"
            )
        named = self._links.check(self._links.payload(jwt))
        if not named:
            raise SaveRefused("the payload names no object")
        return named

    def save(self, jwt: str, account_id: str) -> Saved:
        """Somebody opens a save link and says yes. Raises SaveRefused: then nothing has changed."""
        account = self.accounts.get(account_id)
        if account is None:
            raise SaveRefused("nobody has this account")
        with self._store.lock:
            named = self.look(jwt)
            for each in named:
                savers = self._store.savers(each.id)
                require_may_save(each, account, savers, demo_mode=self._faults.demo_mode)
            self._links.make(self._links.payload(jwt))
            new = [each for each in named if account_id not in self._store.savers(each.id)]
            for each in new:
                self._store.set_savers(each.id, (*self._store.savers(each.id), account_id))
        for each in new:
            self._tell("save", each.kind, each.id)
        self._on_change()
        ids = tuple(each.id for each in named)
        return Saved(account_id=account_id, object_ids=ids, new_ids=tuple(each.id for each in new))

    def remove(self, account_id: str, object_id: str) -> bool:
        """Somebody removes an object from the wallet; False when it was not there."""
        with self._store.lock:
            savers = self._store.savers(object_id)
            kind = self._store.kind_of(object_id)
            if kind is None or account_id not in savers:
                return False
            self._store.set_savers(object_id, (each for each in savers if each != account_id))
        self._tell("del", kind, object_id)
        self._on_change()
        return True

    def _tell(self, event: str, kind: Kind, object_id: str) -> None:
        """Queue a callback, when the class has an address for them."""
        body = self._resources.get(kind, object_id)
        url = body["classReference"].get("callbackOptions", {}).get("url")
        if url:
            count = len(self._store.savers(object_id))
            self.callbacks.send(
                url,
                {
                    "classId": body["classId"],
                    "objectId": object_id,
                    "eventType": event,
                    "count": count,
                },
            )

    def _save_link(self, payload: dict[str, Any]) -> str:
        """A short link for what a JWT carried: its objects exist now."""
        ids: dict[str, list[str]] = {
            kind: [each["id"] for each in payload.get(f"{kind}Objects", [])]
            for kind in ("loyalty", "offer", "generic")
        }
        links = SaveLinks(ServiceAccount.load(self._account_file), url=self.save_url)
        try:
            return links.link(**ids, at=self._clock())
        except GoogleWalletError as error:  # it names no object, or very many
            raise SaveRefused(str(error)) from error


def _kept_keys(folder: Path) -> IssuerKeys:
    try:
        return IssuerKeys.load_or_create(folder)
    except CredentialsError as error:
        raise StateUnreadable(str(error)) from error
