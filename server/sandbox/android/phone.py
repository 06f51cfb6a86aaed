"""A virtual Android phone: shows what its owner's Google account has saved.

Google tells a phone of every change, so the phone reads the stand-in itself, as Google's servers
and its app do between them. A phone that is off hears of it when it is on again.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from server import clock
from server.sandbox.android.links import open_link
from server.sandbox.android.memory import AndroidFolder, AndroidMemory, Kept
from server.sandbox.android.words import MESSAGE, UPDATED
from server.sandbox.errors import PassRefused
from server.sandbox.google.drawing import KINDS, Linked, differences, draw_card
from server.sandbox.google.stand_in import Account, Change, GoogleStandIn

_MESSAGE_CALL = "addMessage"


class AndroidPhone:
    """One phone. Its calls may come from any thread.

    `id` and `name` are for people; `language` is the owner's.
    """

    def __init__(
        self,
        account: Account,
        google: GoogleStandIn,
        *,
        make: str,
        folder: AndroidFolder,
        may_open: Callable[[str], bool],
        on_change: Callable[[], None],
    ) -> None:
        """`may_open` tells which addresses it may ask; `on_change` is called when it would look
        different. Raises StateUnreadable."""
        self.id = f"{account.id}-{make.lower()}"
        self.name = f"{account.name}'s {make}"
        self.make = make.lower()
        self.language = account.language
        self.account = account
        self._google = google
        self._folder = folder
        self._may_open = may_open
        self._on_change = on_change
        self._memory = folder.load()
        self._state = threading.RLock()
        self._seen = max((each.number for each in google.changes), default=0)

    @property
    def is_on(self) -> bool:
        """Whether the phone is switched on."""
        return self._memory.is_on

    def look(self) -> AndroidMemory:
        """The phone's memory as it is now; a copy to read at leisure."""
        with self._state:
            return replace(self._memory, cards=dict(self._memory.cards))

    def add(self, url: str) -> None:
        """Open a link and save the pass it leads to.

        Raises:
            PassRefused: the link leads to none.
            SaveRefused: Google does not save it.
        """
        self._require_on()
        self.save(open_link(url, may_open=self._may_open))

    def save(self, jwt: str) -> None:
        """Save what a JWT names on the owner's account, also while the phone is off.

        Raises SaveRefused.
        """
        self._google.save(jwt, self.account.id)
        self.catch_up()

    def remove(self, pass_id: str) -> bool:
        """Remove an object from the account; False when it has none such. Raises PassRefused."""
        self._require_on()
        is_removed = self._google.remove(self.account.id, pass_id)
        self.catch_up()
        return is_removed

    def switch(self, *, is_on: bool) -> None:
        """Turn the phone on, which brings what it missed, or off."""
        with self._state:
            if is_on == self._memory.is_on:
                return
            self._memory.is_on = is_on
            self._write("Switched on" if is_on else "Switched off")
            self._save()
        self.catch_up()

    def clear_notifications(self) -> None:
        """Wipe the lock screen."""
        with self._state:
            self._memory.notifications = []
            self._save()

    def catch_up(self) -> None:
        """Show what Google has by now; nothing while the phone is off."""
        with self._state:
            if not self._memory.is_on:
                return
            with self._google.lock:
                changes = self._new_changes()
                saved = {each.linked.object_id: each for each in self._saved(clock.now())}
            before, self._memory.cards = self._memory.cards, {}
            lines = [
                line
                for object_id, card in saved.items()
                for line in self._take(before.get(object_id), card, changes)
            ]
            lines += [
                f"Removed {self._draw(card)['title']}"
                for object_id, card in before.items()
                if object_id not in saved
            ]
            for line in lines:
                self._write(line)
            if lines or self._memory.cards != before:
                self._save()

    def _new_changes(self) -> list[Change]:
        """The changes to what this phone has, since it looked last."""
        found = [each for each in list(self._google.changes) if each.number > self._seen]
        self._seen = max((each.number for each in found), default=self._seen)
        return [each for each in found if self.account.id in each.account_ids]

    def _saved(self, at: datetime) -> Iterable[Kept]:
        for object_id in self._google.wallets.get(self.account.id, ()):
            if linked := self._linked(object_id, KINDS):
                ids = linked.object_.get("linkedOfferIds", ())
                offers = (self._linked(each, ("offer",)) for each in ids)
                yield Kept(
                    linked=linked, offers=tuple(each for each in offers if each), updated_at=at
                )

    def _linked(self, object_id: str, kinds: Iterable[str]) -> Linked | None:
        for kind in kinds:
            if object_ := self._google.object(f"{kind}Object", object_id):
                class_ = self._google.class_(f"{kind}Class", str(object_.get("classId")))
                return Linked(kind, object_, class_ or {})
        return None

    def _take(self, before: Kept | None, card: Kept, changes: Iterable[Change]) -> Iterable[str]:
        """Keep a pass; what the log says of how it differs from before."""
        object_id = card.linked.object_id
        drawn = self._draw(card)
        title = drawn["title"]
        if before is None:
            self._memory.cards[object_id] = card
            yield f"Saved {title}"
            return
        words = differences(self._draw(before), drawn)
        self._memory.cards[object_id] = card if words else before
        mine = [each for each in changes if object_id in each.object_ids]
        shown = [each for each in mine if not each.why_silent]
        for each in shown:
            text = MESSAGE if each.call == _MESSAGE_CALL else UPDATED
            self._memory.notify(title, text.get(self.language), at=clock.now())
        if shown:
            yield f"{title} notified: {', '.join(words) or 'a message'}"
        elif words:
            reasons = list(dict.fromkeys(each.why_silent for each in mine))
            because = f" ({'; '.join(reasons)})" if reasons else ""
            yield f"{title} changed silently: {', '.join(words)}{because}"

    def _draw(self, card: Kept) -> dict[str, Any]:
        return draw_card(card.linked, self.language, picture=lambda url: url, offers=card.offers)

    def _require_on(self) -> None:
        if not self.is_on:
            raise PassRefused("The phone is switched off.")

    def _write(self, text: str) -> None:
        self._memory.write_line(text, at=clock.now())

    def _save(self) -> None:
        self._folder.save(self._memory)
        self._on_change()
