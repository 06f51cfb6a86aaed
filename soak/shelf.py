"""The sandbox's own virtual phones, and whether they hold what the ledger says.

Every card is in both wallets: on an iPhone, and on an Android phone.
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import requests

import passkit
from googlewallet import throwaway
from server import clock
from server.sandbox.phones import OWNERS
from server.sandbox.storage import PhoneFolder
from server.wallets.google import bodies as google
from soak.service import Service
from soak.tills import Till, enrol

_REQUIRED = 10  # stamps for a reward, in the demo
_ANDROIDS = ("aino-pixel", "linnea-galaxy")
_TIMEOUT_SECONDS = 20

Standing = tuple[int, int]  # stamps, rewards


def standing(stamps: int) -> Standing:
    """What a card that got so many stamps has: stamps and rewards."""
    return stamps % _REQUIRED, stamps // _REQUIRED


def as_standing(values: Mapping[str, str]) -> Standing:
    """What a pass shows, out of its fields' values."""
    return int(values["stamps"].split("/")[0]), int(values["rewards"])


class Shelf:
    """Cards, each in the wallet of one of the sandbox's phones."""

    def __init__(self, service: Service, till: Till) -> None:
        self._service = service
        self._till = till
        self._phones_url = service.access()["phones_url"]
        self._cards: dict[str, Mapping[str, Any]] = {}
        self._holder: dict[str, str] = {}
        self._google_url = service.access()["google_url"]

    @property
    def cards(self) -> list[str]:
        """The ids of all cards."""
        return list(self._cards)

    def fill(self, count: int) -> None:
        """Make so many cards and put them into the phones in turn."""
        with self._till.session() as session:
            for number in range(count):
                made = enrol(session, self._till, f"Aino {number}", key=f"soak-{number}")
                phone, _, _ = OWNERS[number % len(OWNERS)]
                self._tell(session, f"phones/{phone}/add", {"url": made["pass_url"]})
                android = _ANDROIDS[number % len(_ANDROIDS)]
                self._tell(session, f"phones/{android}/add", {"url": made["save_url"]})
                self._cards[made["id"]] = made
                self._holder[made["id"]] = phone

    def restart_phones(self) -> None:
        """Switch every phone off and on, as their owners do now and then."""
        with self._till.session() as session:
            for phone in (*(phone for phone, _, _ in OWNERS), *_ANDROIDS):
                for is_on in (False, True):
                    self._tell(session, f"phones/{phone}/power", {"is_on": is_on})

    def behind(self, counts: Mapping[str, int]) -> list[str]:
        """The cards whose phones do not show what so many stamps make."""
        with self._till.session() as session:
            answer = session.get(f"{self._phones_url}phones.json", timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
        phones = answer.json()["phones"]
        shown = {
            each["serial_number"]: each
            for phone in phones
            if phone["system"] == "ios"
            for each in phone["passes"]
        }
        numbers = {
            each["barcode"]["text"]: each
            for phone in phones
            if phone["system"] == "android"
            for each in phone["passes"]
        }
        wrong = []
        for card, made in self._cards.items():
            wanted = standing(counts.get(card, 0))
            if (found := _shown(shown.get(made["serial_number"]))) != wanted:
                wrong.append(f"card {card}: {wanted}, phone {self._holder[card]} shows {found}")
            if (stamps := _stamps(numbers.get(made["member_number"]))) != wanted[0]:
                wrong.append(f"card {card}: {wanted}, the Android phone shows {stamps} stamps")
        return wrong

    def differing(self, counts: Mapping[str, int]) -> list[str]:
        """Where API, the newest pass and the pass in the phone's memory do not agree."""
        found: list[str] = []
        root_pem = (self._service.data / "throwaway" / "root.pem").read_bytes()
        with self._till.session() as session:
            for card, made in self._cards.items():
                said = session.get(
                    f"{self._till.base_url}/api/v1/cards/{card}", timeout=_TIMEOUT_SECONDS
                ).json()["standing"]
                if (said["stamp"], said["reward"]) != standing(counts.get(card, 0)):
                    found.append(f"card {card}: {counts.get(card, 0)} stamps, the API says {said}")
                newest = _newest(session, made["pass_url"], root_pem)
                folder = self._service.data / "sandbox" / "phones" / self._holder[card]
                memory = PhoneFolder(folder, root_pem=root_pem).load(at=clock.now())
                held = [
                    each.opened
                    for key, each in memory.passes.items()
                    if key[1] == made["serial_number"]
                ]
                if [each.files["manifest.json"] for each in held] != [newest]:
                    found.append(f"card {card}: the phone's file is not the newest pass")
                at_google = self._at_google(session, card)
                if at_google != standing(counts.get(card, 0)):
                    found.append(
                        f"card {card}: {counts.get(card, 0)} stamps, Google has {at_google}"
                    )
        return found

    def _at_google(self, session: requests.Session, card: str) -> Standing:
        object_id = google.object_id(throwaway.ISSUER_ID, UUID(card))
        url = f"{self._google_url}/control/objects/loyaltyObject/{object_id}"
        found = session.get(url, timeout=_TIMEOUT_SECONDS).json()
        points = (found["loyaltyPoints"], found["secondaryLoyaltyPoints"])
        stamps, rewards = (each["balance"]["int"] for each in points)
        return stamps, rewards

    def await_content(
        self, counts: Mapping[str, int], *, seconds: float, may_restart: bool = True
    ) -> tuple[list[str], bool]:
        """What is still behind after `seconds`, and whether the phones had to be restarted.

        A phone that could not reach the service a few times gives up, as an iPhone does, until
        it is pushed or restarted.
        """
        until, restart_at = time.monotonic() + seconds, time.monotonic() + min(20.0, seconds / 2)
        is_restarted = False
        while (behind := self.behind(counts)) and time.monotonic() < until:
            if may_restart and not is_restarted and time.monotonic() > restart_at:
                is_restarted = True
                self.restart_phones()
            time.sleep(0.2)
        return behind, is_restarted

    def _tell(self, session: requests.Session, path: str, body: dict[str, Any]) -> None:
        answer = session.post(f"{self._phones_url}{path}", json=body, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()


def _shown(drawn: Mapping[str, Any] | None) -> Standing | None:
    if drawn is None:
        return None
    groups = ("header", "primary", "secondary", "auxiliary")
    return as_standing({each["key"]: each["value"] for group in groups for each in drawn[group]})


def _stamps(drawn: Mapping[str, Any] | None) -> int | None:
    """What the first row of a card in Google Wallet shows first."""
    return None if drawn is None else int(drawn["rows"][0][0]["value"])


def _newest(session: requests.Session, pass_url: str, root_pem: bytes) -> bytes:
    data = session.get(pass_url, timeout=_TIMEOUT_SECONDS).content
    return passkit.read(data, root_pem=root_pem, at=clock.now()).files["manifest.json"]
