"""Save links at the Google stand-in: verified as Google does, and what they bring about.

A link names objects that exist, or carries whole ones, which are made unless they exist; it never
changes one that does (Google Wallet, Google Wallet API JWT).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import jwt

from googlewallet.client import Kind
from server.sandbox.errors import BodyRefused, CallRefused, SaveRefused
from server.sandbox.google.door import AccountKeys
from server.sandbox.google.resources import Resources
from server.sandbox.google.store import CLASS_OF, Body, Store

MOST_CHARACTERS = 1800  # Google Wallet, Web: the safe length of an encoded JWT
_PLURALS = {
    **{kind: f"{kind}es" for kind in Kind if kind.is_class},
    **{kind: f"{kind}s" for kind in Kind if not kind.is_class},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody with a Google account and a phone. Only testers may save in demo mode."""

    id: str
    name: str
    email: str
    language: str
    is_tester: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a link is about: objects that exist or will when somebody saves it."""

    kind: Kind
    id: str
    body: Body
    its_class: Body


class Links:
    """Reads save links, and makes what they carry."""

    def __init__(self, keys: AccountKeys, resources: Resources, store: Store) -> None:
        self._keys = keys
        self._resources = resources
        self._store = store

    def payload(self, token: str) -> dict[str, Any]:
        """What a JWT carries, once its claims are found good. Raises SaveRefused."""
        try:
            claims = self._keys.decode(token, audience="google")
        except jwt.PyJWTError as error:
            raise SaveRefused(f"the JWT is not good: {error}") from error
        checks = {
            "aud must be the text google": claims.get("aud") == "google",
            "typ must be savetowallet": claims.get("typ") == "savetowallet",
            f"iss must be {self._keys.email}": claims.get("iss") == self._keys.email,
            "iat must be a whole number": type(claims.get("iat")) is int,
            "payload must be an object": isinstance(claims.get("payload"), dict),
        }
        for rule, is_good in checks.items():
            if not is_good:
                raise SaveRefused(rule)
        payload: dict[str, Any] = claims["payload"]
        return payload

    def named(self, payload: dict[str, Any]) -> tuple[Named, ...]:
        """The objects of a payload. Raises SaveRefused when one cannot be had."""
        if unknown := sorted(payload.keys() - set(_PLURALS.values())):
            raise SaveRefused(f"the payload has {unknown[0]}, which is none of Google's")
        return tuple(
            self._named(kind, entry, payload)
            for kind in CLASS_OF
            for entry in _entries(payload, kind)
        )

    def check(self, payload: dict[str, Any]) -> tuple[Named, ...]:
        """The same, after everything that is to be made was looked at. Raises SaveRefused."""
        named = self.named(payload)
        for kind, entry in _all_entries(payload):
            if self._store.find(kind, entry["id"]) is None:
                try:
                    self._resources.require_new(kind, entry)
                except (BodyRefused, CallRefused) as error:
                    raise SaveRefused(f"{kind} {entry['id']}: {error}") from error
        return named

    def make(self, payload: dict[str, Any]) -> list[tuple[Kind, Body]]:
        """Make the classes and objects of a payload that are not there yet; returns all.

        Raises SaveRefused: then none of them was made.
        """
        with self._store.lock:
            self.check(payload)
            entries = _all_entries(payload)
            for kind, entry in entries:
                if self._store.find(kind, entry["id"]) is None:
                    self._resources.insert(kind, entry)
            return [(kind, self._resources.seen(kind, entry["id"])) for kind, entry in entries]

    def _named(self, kind: Kind, entry: Body, payload: dict[str, Any]) -> Named:
        held = self._store.find(kind, entry["id"])
        if held is None and entry.keys() <= {"id", "classId"}:
            raise SaveRefused(f"there is no {kind} {entry['id']}")
        body = held or entry
        classes = {each["id"]: each for each in _entries(payload, CLASS_OF[kind])}
        class_id = str(body.get("classId"))
        its_class = self._store.find(CLASS_OF[kind], class_id) or classes.get(class_id)
        if its_class is None:
            raise SaveRefused(f"there is no {CLASS_OF[kind]} {class_id}")
        if its_class.get("reviewStatus") == "DRAFT":
            raise SaveRefused(f"the class {class_id} is a draft")
        return Named(kind=kind, id=entry["id"], body=body, its_class=its_class)


def require_may_save(
    named: Named, account: Account, savers: tuple[str, ...], *, demo_mode: bool
) -> None:
    """Raise SaveRefused when this person may not have the object."""
    if demo_mode and not account.is_tester:
        raise SaveRefused("the issuer is in demo mode, and this account is no tester")
    holders = named.its_class.get("multipleDevicesAndHoldersAllowedStatus", "MULTIPLE_HOLDERS")
    others = [each for each in savers if each != account.id]
    if others and holders in ("ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"):
        raise SaveRefused("the card is in somebody else's wallet already")
    wanted = named.body.get("saveRestrictions", {}).get("restrictToEmailSha256")
    if wanted and wanted.lower() not in map(_digest, (account.email, _plain(account.email))):
        raise SaveRefused("the card is for another e-mail address")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(email: str) -> str:
    """As Google hashes addresses: lower case, without dots and what follows a plus."""
    name, _, host = email.lower().partition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{host}"


def _all_entries(payload: dict[str, Any]) -> list[tuple[Kind, Body]]:
    """Classes first: objects need theirs."""
    kinds = (*CLASS_OF.values(), *CLASS_OF)
    return [(kind, entry) for kind in kinds for entry in _entries(payload, kind)]


def _entries(payload: dict[str, Any], kind: Kind) -> list[Body]:
    entries = payload.get(_PLURALS[kind], [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise SaveRefused(f"{_PLURALS[kind]} must be an array of objects")
    if not all(isinstance(each.get("id"), str) for each in entries):
        raise SaveRefused(f"one of {_PLURALS[kind]} has no id")
    return entries
