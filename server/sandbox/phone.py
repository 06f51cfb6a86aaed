"""A virtual phone: takes passes, registers for them, and fetches what changed when pushed."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from server import clock
from server.sandbox.errors import PassRefused, ServiceTrouble
from server.sandbox.held_pass import HeldPass, changes, open_pass
from server.sandbox.pass_text import Reader
from server.sandbox.storage import Memory, PhoneFolder
from server.sandbox.web_service import Download, WebServiceClient


class Phone:
    """One phone. Its calls may come from any thread; what needs the network runs one at a time.

    `id` and `name` are for people; `language` is the owner's.
    """

    def __init__(
        self,
        phone_id: str,
        name: str,
        *,
        language: str,
        folder: PhoneFolder,
        root_pem: bytes,
        on_change: Callable[[], None],
        connect: Callable[[str], WebServiceClient],
    ) -> None:
        """`connect` gives the client of a device library identifier; `on_change` is called when
        the phone would look different. Raises StateUnreadable."""
        self.id = phone_id
        self.name = name
        self.language = language
        self._folder = folder
        self._root_pem = root_pem
        self._on_change = on_change
        self._memory = folder.load(at=clock.now())
        self._client = connect(self._memory.device_library_identifier)
        self._state = threading.RLock()  # guards the memory, held shortly
        self._network = threading.Lock()  # one conversation at a time
        self._pushes: Counter[str] = Counter()  # since the start, by topic

    @property
    def push_token(self) -> str:
        """Where pushes to this phone go."""
        return self._memory.push_token

    @property
    def is_on(self) -> bool:
        """Whether the phone is switched on."""
        return self._memory.is_on

    def look(self) -> Memory:
        """The phone's memory as it is now; a copy to read at leisure."""
        with self._state:
            return replace(self._memory, passes=dict(self._memory.passes))

    def holds(self, pass_type: str, serial_number: str) -> bool:
        """Whether the pass is in this phone's wallet."""
        return (pass_type, serial_number) in self._memory.passes

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def open(self, url: str) -> HeldPass:
        """Open a link to a pass, without keeping the pass yet.

        Raises:
            PassRefused: the message is for the phone's owner.
        """
        if not self.is_on:
            raise PassRefused("The phone is switched off.")
        with self._network:
            return self._received(self._client.download(url))

    def keep(self, held: HeldPass) -> None:
        """Put an opened pass into the wallet and register for its updates.

        It takes the place of one of the same type and serial number.
        """
        with self._network:
            name = self._reader(held).text(held.opened.content["description"])
            self._store(held, f"Added {name}")
            if held.web_service_url:
                self._begin_updates(held)

    def remove(self, serial_number: str) -> bool:
        """Delete the passes with this serial number; False when there is none.

        Raises:
            PassRefused: the phone is switched off.
        """
        if not self.is_on:
            raise PassRefused("The phone is switched off.")
        with self._network:
            found = [key for key in self._memory.passes if key[1] == serial_number]
            for key in found:
                with self._state:
                    held = self._memory.passes.pop(key)
                    self._write("Removed a pass")
                if held.web_service_url and held.is_registered:
                    self._try(held, partial(self._end_updates, held))
            return bool(found)

    def switch(self, *, is_on: bool) -> list[str]:
        """Turn the phone on or off; the topics of pushes that waited for it to be on."""
        with self._state:
            if is_on == self._memory.is_on:
                return []
            self._memory.is_on = is_on
            self._write("Switched on" if is_on else "Switched off")
        return self.pending_topics() if is_on else []

    def pending_topics(self) -> list[str]:
        """The topics of pushes that the phone has not acted upon."""
        with self._state:
            return list(self._memory.pending_topics)

    def clear_notifications(self) -> None:
        """Wipe the lock screen."""
        with self._state:
            self._memory.notifications = []
            self._save()

    def keep_push(self, topic: str) -> None:
        """Keep a push until it was acted upon, as Apple does: one for each topic."""
        with self._state:
            self._pushes[topic] += 1
            if topic not in self._memory.pending_topics:
                self._memory.pending_topics.append(topic)
                self._save()

    def receive_push(self, topic: str) -> None:
        """A push came: ask what changed and fetch it. It waits while the phone is off, and for
        the next start when the service cannot be reached."""
        self.keep_push(topic)
        with self._state:
            if not self._memory.is_on:
                return
            self._write("Push received")
        with self._network:
            newest = self._pushes[topic]
            is_done = self._update(topic, is_pushed=True)
        with self._state:
            is_newest = self._pushes[topic] == newest and topic in self._memory.pending_topics
            if is_done and is_newest:
                self._memory.pending_topics.remove(topic)
                self._save()

    def catch_up(self) -> None:
        """What a phone does when it starts: register what is not registered yet."""
        with self._network:
            for held in list(self._memory.passes.values()):
                if self.is_on and held.web_service_url and not held.is_registered:
                    self._begin_updates(held)

    def _begin_updates(self, held: HeldPass) -> None:
        """After adding: register, ask what changed, fetch what is listed."""
        if self._try(held, partial(self._register, held)):
            self._update(held.pass_type_identifier, is_pushed=False)

    def _register(self, held: HeldPass) -> None:
        status = self._client.register(held, self.push_token)
        with self._state:
            held.is_registered = True
            self._write(f"Registered for updates ({status})")

    def _end_updates(self, held: HeldPass) -> None:
        status = self._client.unregister(held)
        with self._state:
            self._write(f"Unregistered from updates ({status})")

    def _update(self, topic: str, *, is_pushed: bool) -> bool:
        """Ask every web service of the topic's passes; whether all have answered."""
        held = [each for each in self._memory.passes.values() if each.pass_type_identifier == topic]
        is_done = True
        for service_url in sorted({each.web_service_url for each in held if each.web_service_url}):
            example = next(each for each in held if each.web_service_url == service_url)
            ask = partial(self._update_from, service_url, topic, is_pushed=is_pushed)
            is_done = self._try(example, ask) and is_done
        return is_done

    def _update_from(self, service_url: str, topic: str, *, is_pushed: bool) -> None:
        """One web service: list, fetch each, and remember the tag once all are here."""
        place = f"{service_url} {topic}"
        tag = self._memory.tags.get(place, "")
        changed = self._client.ask_changed(service_url, topic, tag)
        count = len(changed.serial_numbers) if changed else 0
        with self._state:
            asked = f"Asked what changed since tag {tag}" if tag else "Asked what changed"
            self._write(f"{asked}: {count} {'pass' if count == 1 else 'passes'}")
        if changed is None:
            return
        for serial_number in changed.serial_numbers:
            self._refresh(service_url, (topic, serial_number), is_pushed=is_pushed)
        with self._state:
            self._memory.tags[place] = changed.tag
            self._save()

    def _refresh(self, service_url: str, key: tuple[str, str], *, is_pushed: bool) -> None:
        """Fetch one pass that the service says has changed."""
        held = self._memory.passes.get(key)
        if held is None:
            self._report(service_url, f"Update requested for unregistered serial number {key[1]}")
            return
        download = self._client.fetch(held)
        if download is None:
            with self._state:
                self._write("304: the pass is unchanged")
            if is_pushed:
                self._report(
                    service_url,
                    f"Web service error for {key[0]} ({service_url}): Server requested update to"
                    f" serial number '{key[1]}', but the pass was unchanged.",
                )
            return
        try:
            self._apply(held, download)
        except PassRefused as error:
            with self._state:
                self._write(str(error))
            self._report(service_url, f"Web service error for {key[0]} ({service_url}): {error}")

    def _apply(self, held: HeldPass, download: Download) -> None:
        """Put a fetched version in place of the one held. Raises PassRefused."""
        new = self._received(download)
        for name in ("serial_number", "pass_type_identifier", "authentication_token"):
            if getattr(new, name) != getattr(held, name):
                raise PassRefused(f"The iPhone refuses the update: its {name} is another.")
        new.is_registered = held.is_registered
        is_same = new.opened.files["manifest.json"] == held.opened.files["manifest.json"]
        if held.last_modified and is_same:
            self._report(
                held.web_service_url,
                f"Web service error for {held.pass_type_identifier} ({held.web_service_url}):"
                " Server ignored the 'if-modified-since' header"
                f" ({held.last_modified}) and returned the full unchanged pass data for serial"
                f" number '{held.serial_number}'.",
            )
        reader = self._reader(new)
        new.changed_keys, texts = changes(held, new, reader)
        with self._state:
            title = reader.text(new.opened.content["organizationName"])
            for text in texts:
                self._memory.notify(title, text, at=clock.now())
            self._store(new, "Fetched the new pass")

    def _received(self, download: Download) -> HeldPass:
        at = clock.now()
        opened = open_pass(download.pkpass, root_pem=self._root_pem, at=at)
        return HeldPass(
            pkpass=download.pkpass,
            opened=opened,
            last_modified=download.last_modified,
            updated_at=at,
        )

    def _store(self, held: HeldPass, line: str) -> None:
        with self._state:
            key = held.pass_type_identifier, held.serial_number
            self._memory.passes[key] = held
            self._write(line)

    def _try(self, held: HeldPass, conversation: Callable[[], None]) -> bool:
        """Run it; when the service fails, tell its log, as Wallet does. Whether it worked."""
        try:
            conversation()
        except ServiceTrouble as trouble:
            with self._state:
                self._write(f"{trouble.task.partition(' (')[0]} failed: {trouble.reason}")
            self._report(held.web_service_url, str(trouble))
            return False
        return True

    def _report(self, service_url: str, line: str) -> None:
        self._client.log(service_url, [f"[{clock.now():%Y-%m-%d %H:%M:%S %z}] {line}"])

    def _reader(self, held: HeldPass) -> Reader:
        return Reader.of(self.language, held.opened.files)

    def _write(self, text: str) -> None:
        at: datetime = clock.now()
        self._memory.write_line(text, at=at)
        self._save()

    def _save(self) -> None:
        self._folder.save(self._memory)
        self._on_change()
