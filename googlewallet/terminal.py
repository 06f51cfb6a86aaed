"""The commands of `python -m googlewallet`: what each takes and answers.

Exit codes: 0 all is well, 1 the content is refused, 2 the command itself was wrong.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt

from googlewallet.content import Content
from googlewallet.generic import GenericClass, GenericObject
from googlewallet.loyalty import LoyaltyClass, LoyaltyObject
from googlewallet.offer import OfferClass, OfferObject
from googlewallet.save_link import MOST_CHARACTERS

OK, REFUSED, WRONG = 0, 1, 2

_MODELS: tuple[type[Content], ...] = (
    LoyaltyClass,
    LoyaltyObject,
    OfferClass,
    OfferObject,
    GenericClass,
    GenericObject,
)
_KINDS = {model.__name__[0].lower() + model.__name__[1:]: model for model in _MODELS}
_PLURALS = {f"{kind}es" if kind.endswith("s") else f"{kind}s": kind for kind in _KINDS}
_DESCRIPTION = """\
Google Wallet content from a terminal. Nothing is sent anywhere.

  check    why Google would refuse or cut off a class or an object
  link     what a save link holds
"""
_EPILOG = "exit codes: 0 all is well, 1 the content is refused, 2 the command was wrong."


class _Wrong(Exception):
    """The command cannot be carried out as it was given."""


def main(arguments: Sequence[str]) -> int:
    """Carry out a command and give its exit code."""
    given = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        return command(given)
    except (_Wrong, OSError) as error:
        sys.stderr.write(f"googlewallet: {error}\n")
        return WRONG


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="python -m googlewallet",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="judge a class or an object",
        description="Judge the JSON of a class or an object, or of the payload of a save link.",
    )
    check.add_argument("file", type=Path, metavar="FILE", help="a file of JSON")
    check.add_argument("--kind", choices=_KINDS, help="what it is, when that cannot be seen")
    check.add_argument(
        "--allow-http", action="store_true", help="take http addresses of this very machine"
    )
    check.set_defaults(command=_check)
    link = commands.add_parser(
        "link",
        help="decode a save link",
        description="Decode a save link or its JWT. The signature is not checked.",
    )
    link.add_argument("link", metavar="LINK", help="the whole link, or the JWT at its end")
    link.set_defaults(command=_link)
    return made


def _check(given: argparse.Namespace) -> int:
    is_refused = False
    for name, kind, body in _bodies(_object_in(given.file), given.kind):
        model = _KINDS[kind]
        faults = model.faults(body, allow_http=given.allow_http)
        warnings = () if faults else model.parse(body, allow_http=given.allow_http).warnings()
        _say(f"{name}{kind} {json.dumps(body.get('id'))}")
        for mark, told in (("✗", faults), ("!", warnings)):
            for each in told:
                _say(f"  {mark} {each}")
        if not faults and not warnings:
            _say("  ✓ Nothing to be said against it.")
        is_refused |= bool(faults)
    return REFUSED if is_refused else OK


def _object_in(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _Wrong(f"{file} is no JSON in UTF-8: {error}.") from error
    if not isinstance(content, dict):
        raise _Wrong(f"{file} holds no JSON object: write a class, an object or a payload.")
    return content


def _bodies(
    content: dict[str, Any], kind: str | None
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each class and object in the file: where it is, what it is, and its JSON."""
    if not content or kind or not content.keys() <= _PLURALS.keys():
        yield "", kind or _kind_of(content), content
        return
    for plural, bodies in content.items():
        for index, body in enumerate(bodies if isinstance(bodies, list) else [bodies]):
            if not isinstance(body, dict):
                raise _Wrong(f"{plural}[{index}] is no JSON object.")
            yield f"{plural}[{index}]: ", _PLURALS[plural], body


def _kind_of(body: Mapping[str, Any]) -> str:
    """The kind that it is closest to: the one with the fewest faults."""
    ending = "Object" if "classId" in body else "Class"
    kinds = [kind for kind in _KINDS if kind.endswith(ending)]
    return min(kinds, key=lambda kind: len(_KINDS[kind].faults(body, allow_http=True)))


def _link(given: argparse.Namespace) -> int:
    token = given.link.strip().rpartition("/")[2]
    try:
        decoded = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise _Wrong(f"This link does not end in a JWT: {error}.") from error
    claims = decoded["payload"]
    for name, value in decoded["header"].items():
        _say(f"{name:>9}  {json.dumps(value)}")
    for name, value in claims.items():
        if name != "payload":
            _say(f"{name:>9}  {json.dumps(value)}{_as_moment(name, value)}")
    for place, key in _ids(claims.get("payload")):
        _say(f"{'holds':>9}  {place} {json.dumps(key)}")
    _say(f"{'length':>9}  {len(token):,} characters; {MOST_CHARACTERS:,} are safe")
    faults = list(_link_faults(decoded["header"], claims, len(token)))
    for each in faults:
        _say(f"✗ {each}")
    return REFUSED if faults else OK


def _as_moment(name: str, value: Any) -> str:
    try:
        return f" ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)" * (name == "iat")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _ids(payload: Any) -> Iterator[tuple[str, Any]]:
    for plural, bodies in payload.items() if isinstance(payload, dict) else ():
        for index, body in enumerate(bodies if isinstance(bodies, list) else [bodies]):
            yield f"{plural}[{index}]", body.get("id") if isinstance(body, dict) else body


def _link_faults(
    header: Mapping[str, Any], claims: Mapping[str, Any], length: int
) -> Iterator[str]:
    """Why Google would not save what the link says (Google Wallet API JWT)."""
    wanted = {"aud": "google", "typ": "savetowallet"}
    if header.get("alg") != "RS256":
        yield "alg is not RS256."
    for name, value in wanted.items():
        if claims.get(name) != value:
            yield f"{name} is not {value!r}."
    if not isinstance(claims.get("iss"), str):
        yield "iss is missing: it is the service account's e-mail address."
    if type(claims.get("iat")) is not int:
        yield "iat is no whole number of seconds."
    if not any(_ids(claims.get("payload"))):
        yield "payload holds no class and no object."
    if length > MOST_CHARACTERS:
        yield f"It is {length - MOST_CHARACTERS:,} characters too long: insert the objects first."


def _say(line: str) -> None:
    """A line on the terminal, with what could move its cursor written out."""
    shown = (each if each.isprintable() else repr(each)[1:-1] for each in line)
    sys.stdout.write("".join(shown) + "\n")
