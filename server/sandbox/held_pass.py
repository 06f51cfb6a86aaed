"""A pass in a phone's wallet: what an iPhone takes, and what it notices about a newer version.

Apple: Wallet Passes, Building a Pass; Adding a Web Service to Update Passes.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import passkit
from passkit.strings import read_strings
from server.sandbox.errors import PassRefused
from server.sandbox.pass_text import Reader

STYLES = ("storeCard", "coupon", "eventTicket", "generic", "boardingPass")
GROUPS = ("header", "primary", "secondary", "auxiliary", "back")
_SHORTEST_TOKEN = 16


@dataclass(kw_only=True)
class HeldPass:
    """One pass and how it got here. `last_modified` is the server's own text, sent back verbatim.

    `changed_keys` are the fields that the last update changed.
    """

    pkpass: bytes
    opened: passkit.Opened
    last_modified: str
    updated_at: datetime
    changed_keys: list[str] = field(default_factory=list)
    is_registered: bool = False

    @property
    def serial_number(self) -> str:
        """The pass's serial number."""
        return str(self.opened.content["serialNumber"])

    @property
    def pass_type_identifier(self) -> str:
        """The pass's type."""
        return str(self.opened.content["passTypeIdentifier"])

    @property
    def web_service_url(self) -> str:
        """Where it is kept up to date, without a trailing slash; empty when it never changes."""
        return str(self.opened.content.get("webServiceURL", "")).rstrip("/")

    @property
    def authentication_token(self) -> str:
        """What opens this pass at the web service."""
        return str(self.opened.content.get("authenticationToken", ""))

    @property
    def fields(self) -> dict[str, Mapping[str, Any]]:
        """All fields of the front and the back by their keys."""
        return {str(each.get("key")): each for _, each in grouped_fields(self.opened.content)}


def open_pass(pkpass: bytes, *, root_pem: bytes, at: datetime | None) -> passkit.Opened:
    """The pass in a file, when an iPhone would take it; `at` None leaves the dates unchecked.

    Raises:
        PassRefused: its signature, its manifest or its content is not right.
    """
    try:
        opened = passkit.read(pkpass, root_pem=root_pem, at=at)
    except passkit.ReaderError as error:
        raise PassRefused(f"The iPhone refuses this pass: {error}") from error
    if problem := next(_problems(opened), None):
        raise PassRefused(f"The iPhone refuses this pass: {problem}")
    return opened


def grouped_fields(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of the style an iPhone before iOS 27 draws, with its group's name."""
    style: dict[str, Any] = next((content[name] for name in STYLES if name in content), {})
    for group in GROUPS:
        for each in style.get(f"{group}Fields", []):
            if isinstance(each, dict):
                yield group, each


def changes(old: HeldPass, new: HeldPass, reader: Reader) -> tuple[list[str], list[str]]:
    """The keys of the fields that differ, and what the lock screen says about them.

    Only a field that was there before and has a change message is announced.
    """
    before, keys, texts = old.fields, [], []
    old_reader = Reader.of(reader.language, old.opened.files)
    for key, each in new.fields.items():
        if key not in before:
            keys.append(key)
        elif old_reader.value(before[key]) != reader.value(each):
            keys.append(key)
            if text := reader.change_message(each):
                texts.append(text)
    return keys, texts


def _problems(opened: passkit.Opened) -> Iterator[str]:
    content = opened.content
    if content["formatVersion"] != 1:
        yield "its formatVersion is not 1."
    if not any(isinstance(content.get(style), dict) for style in STYLES):
        yield "it has none of the styles that iOS draws."
    if not any(name.rpartition("/")[2].startswith("icon") for name in opened.files):
        yield "it has no icon."
    if not content["serialNumber"]:
        yield "its serial number is empty."
    yield from _web_service_problems(content)
    yield from _string_problems(opened.files)


def _string_problems(files: Mapping[str, bytes]) -> Iterator[str]:
    for name, data in files.items():
        if name.endswith("/pass.strings"):
            try:
                read_strings(data)
            except passkit.PackageError as error:
                yield f"{name}: {error}"


def _web_service_problems(content: Mapping[str, Any]) -> Iterator[str]:
    url, token = content.get("webServiceURL"), content.get("authenticationToken")
    if url is None and token is None:
        return
    if not isinstance(url, str) or not isinstance(token, str):
        yield "it has only one of webServiceURL and authenticationToken."
        return
    if len(token) < _SHORTEST_TOKEN:
        yield f"its authenticationToken is shorter than {_SHORTEST_TOKEN} characters."
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        yield "its webServiceURL is not https."


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
