"""What phones ask all the time, and what they are answered; without a web framework.

Apple: Wallet Passes, Get the List of Updatable Passes; Send an Updated Pass.
"""

import json
from typing import Any, NamedTuple

from passkit import MIME_TYPE
from passkit.updates import http_date, is_unmodified, parse_authorization
from server import registrations
from server.errors import SignedOut
from server.services import Services
from server.wallets.apple import pass_file
from server.wallets.identity import Identity
from server.wallets.pass_files import PassFiles

_MOST_NOTED = 50  # serial numbers of a list


class Answer(NamedTuple):
    """An answer over HTTP; `told` is what the timeline keeps of it."""

    status: int
    told: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def list_changed(services: Services, device: str, pass_type: str, since: int | None) -> Answer:
    """Which of the phone's passes changed since the tag `since`, and the tag to ask with next."""
    found = registrations.changes(services.database, device, pass_type, since)
    serials = found.serial_numbers
    told = {"since": since, "tag": None, "count": len(serials), "serials": serials[:_MOST_NOTED]}
    if not serials:
        return Answer(204, told)
    told["tag"] = found.last_updated
    body = {"serialNumbers": serials, "lastUpdated": str(found.last_updated)}
    return Answer(200, told, (("Content-Type", "application/json"),), json.dumps(body).encode())


def fetch(
    services: Services,
    key: tuple[str, str],
    *,
    authorization: str | None,
    if_modified_since: str | None,
    identity: Identity,
    files: PassFiles,
) -> Answer:
    """The pass `key` (type, serial number) as it is now; 304, and nothing built, when the phone
    has exactly this version.

    Raises:
        RequestError: the Authorization header is not one token.
        SignedOut: the token does not open the pass.
        ServiceError: `pass_not_signable`.
    """
    version = registrations.find_pass(services.database, *key, parse_authorization(authorization))
    if version is None:
        raise not_opened()
    told = {"modified": int(version.modified_at.timestamp())}
    if is_unmodified(if_modified_since, version.modified_at):
        return Answer(304, told)
    file = pass_file(services, version, identity, files)
    if file is None:
        raise not_opened()
    modified_at = file.key.version.modified_at
    headers = (("Content-Type", MIME_TYPE), ("Last-Modified", http_date(modified_at)))
    return Answer(200, {"modified": int(modified_at.timestamp())}, headers, file.body)


def not_opened() -> SignedOut:
    """A wrong token and an unknown pass: nobody can tell which it was."""
    return SignedOut("pass_not_opened", "This token does not open this pass.")
