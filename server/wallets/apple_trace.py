"""Apple's calls and answers as notes for the timelines of cards.

Apple: Wallet Passes, Adding a Web Service to Update Passes; Handling notification responses from
APNs. Nothing that opens anything is noted, and nobody's name.
"""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from passkit.apns import PRODUCTION_URL, PushAnswer, Verdict
from server.config import Settings
from server.deliveries import DuePush
from server.services import Services
from server.tracing import Note
from server.wallets.device_log import complaints
from server.wallets.identity import Identity

_FETCHED = {200: "fetched", 304: "unchanged"}


class Call(NamedTuple):
    """A call of a phone's with our answer. `name` is register, unregister, list, fetch or log.

    `told` is what is worth keeping of a good answer to list and fetch, `body` the lines of a log.
    """

    name: str
    at: datetime
    status: int
    caller: str
    pass_type: str | None = None
    serial_number: str | None = None
    device: str | None = None
    told: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it
    is_head: bool = False
    body: bytes = b""


def note_call(services: Services, call: Call) -> None:
    """Note what a phone asked and what it was told."""
    if call.name == "log":
        _note_complaints(services, call)
        return
    what, data = _told(call)
    if what is None:
        return
    services.tracer.note(
        Note(
            at=call.at,
            what=what,
            serial_number=call.serial_number,
            pass_type=call.pass_type,
            device=call.device,
            caller=call.caller,
            status=call.status,
            data=data,
        )
    )


def note_download(services: Services, serial_number: str, modified_at: datetime) -> None:
    """The pass was handed out by its link: the first step of adding it."""
    data = {"modified": int(modified_at.timestamp())}
    note = Note(services.now(), "downloaded", serial_number, status=200, data=data, is_known=True)
    services.tracer.note(note)


def note_push(
    services: Services, push: DuePush, answer: PushAnswer, verdict: Verdict, *, at: datetime
) -> None:
    """What Apple's push service answered at `at`, and what we made of it."""
    data = {
        "verdict": verdict.value,
        "reason": answer.reason,
        "tag": push.owed_tag,
        "seconds": round(max(0.0, (at - push.due_at).total_seconds()), 3),
    }
    services.tracer.note(
        Note(
            at=at,
            what="pushed",
            pass_type=push.pass_type_identifier,
            device=push.library_identifier,
            status=answer.status,
            data=data,
            is_known=True,
        )
    )


def pushes_are_off(settings: Settings, identity: Identity) -> bool:
    """Whether phones are not told at all: Apple is not asked with a throw-away certificate."""
    host = urlsplit(settings.apns_url or PRODUCTION_URL).hostname or ""
    return identity.is_throwaway and host.endswith("push.apple.com")


def _told(call: Call) -> tuple[str | None, dict[str, Any]]:
    """What kind of step the call was, and what is worth keeping of it."""
    if call.status == 429 or call.status >= 500:
        return "failed", {"call": call.name}
    if call.name == "list":
        return ("asked", call.told) if call.status in (200, 204) else (None, {})
    if call.status >= 400:
        return "refused", {"call": call.name}
    if call.name == "fetch":
        return "looked" if call.is_head else _FETCHED.get(call.status), call.told
    if call.name == "register":
        return "registered", {"is_new": call.status == 201}
    return ("unregistered", {}) if call.name == "unregister" else (None, {})


def _note_complaints(services: Services, call: Call) -> None:
    for found in complaints(call.body) if call.status == 200 else ():
        services.tracer.note(
            Note(
                at=call.at,
                what="complained",
                serial_number=found.serial_number,
                pass_type=found.pass_type,
                device=found.device,
                caller=call.caller,
                status=found.status,
                data={"kind": found.kind, "text": found.text},
            )
        )
