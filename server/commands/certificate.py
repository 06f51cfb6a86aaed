"""`leima certificate request`, `install` and `list`: the pass certificate and its renewal."""

import argparse
import sys
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from server import clock, config
from server.wallets import keyring

_UPLOAD = (
    "upload the request at developer.apple.com, Certificates, Identifiers & Profiles, to a "
    "certificate for your Pass Type ID"
)


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    group = commands.add_parser("certificate", help="get, install and renew the pass certificate")
    verbs = group.add_subparsers(required=True, metavar="request|install|list")
    requests = verbs.add_parser("request", help="a new key, and the request for Apple to sign")
    requests.add_argument("--name", default="Leima", help="in the request; Apple replaces it")
    requests.add_argument("--email", metavar="ADDRESS", help="in the request, if Apple asks for it")
    requests.set_defaults(command=request)
    installs = verbs.add_parser("install", help="put Apple's certificate beside its key")
    installs.add_argument("file", type=Path, metavar="FILE", help=".cer, .pem, or a .p12 with key")
    installs.add_argument(
        "--intermediate", type=Path, metavar="FILE", help="Apple's, if it is not the one built in"
    )
    installs.add_argument(
        "--password-stdin", action="store_true", help="a .p12's password, instead of asking for it"
    )
    installs.set_defaults(command=install)
    lists = verbs.add_parser("list", help="every certificate here, and which one signs")
    lists.set_defaults(command=list_all)


def request(options: argparse.Namespace) -> int:
    """Make a key and a request."""
    settings = config.read()
    key, csr = keyring.request(settings, name=options.name, email=options.email, at=clock.now())
    lock = "locked by LEIMA_APPLE_KEY_PASSWORD" if settings.apple_key_password else "not locked"
    print(f"  Key      {key} ({lock}; it never leaves this machine)")
    print(f"  Request  {csr}")
    print(f"\n  Next: {_UPLOAD};\n  then: leima certificate install FILE.cer")
    return 0


def install(options: argparse.Namespace) -> int:
    """Put a certificate beside the others."""
    settings = config.read()
    now = clock.now()
    is_first = keyring.choose(settings, at=now) is None
    pair = keyring.install(
        settings,
        options.file,
        at=now,
        intermediate=options.intermediate,
        p12_password=_password(options),
    )
    pass_type, team = pair.issued_for
    print(f"  Installed  {pair.path}")
    print(f"  Pass type  {pass_type}, team {team}")
    print(f"  Good       {_dates(pair)}")
    print(f"\n  {_outcome(settings, pair, at=now, is_first=is_first)}")
    return 0


def _outcome(settings: config.Settings, pair: keyring.Pair, *, at: datetime, is_first: bool) -> str:
    """What comes of a certificate that was put beside the others."""
    chosen = keyring.choose(settings, at=at)
    begins = pair.certificate.not_valid_before_utc
    if begins > at and _is(keyring.choose(settings, at=begins), pair):
        day = f"It signs from {begins:%Y-%m-%d} on, by itself"
        if chosen is None or not chosen.is_good(at):
            return f"{day}. Nothing signs until then."
        return f"{day}; {chosen.path} goes on signing until then."
    if is_first:
        return "Next: leima run --production. Keep the file with your backups."
    if _is(chosen, pair):
        return (
            "It signs from now on: a running service takes it within a minute, by itself.\n"
            "  Cards in wallets stay as they are. Keep the file with your backups."
        )
    return f"{chosen.path if chosen else 'Another'} goes on signing: it is good for longer."


def list_all(_options: argparse.Namespace) -> int:
    """Tell of every certificate; 1 when there is none that signs."""
    settings = config.read()
    now = clock.now()
    found, chosen = keyring.pairs(settings), keyring.choose(settings, at=now)
    for pair in found:
        state = "signs" if _is(chosen, pair) and pair.is_good(now) else _state(pair, now)
        print(f"  {state:<7} {pair.issued_for[0]}  {_dates(pair)}  {pair.path}")
    waiting = keyring.requests(settings)
    for path in waiting:
        print(f"  {'waits':<7} {path}")
    if waiting:
        print(f"\n  What waits: {_UPLOAD};\n  then: leima certificate install FILE.cer")
    if not found and not waiting:
        print("  No certificate: leima certificate request makes the first step.")
    return 0 if chosen and chosen.is_good(now) else 1


def _is(chosen: keyring.Pair | None, pair: keyring.Pair) -> bool:
    return chosen is not None and chosen.certificate == pair.certificate


def _state(pair: keyring.Pair, at: datetime) -> str:
    if pair.is_good(at):
        return "good"
    return "not yet" if at < pair.certificate.not_valid_before_utc else "ended"


def _dates(pair: keyring.Pair) -> str:
    dates = pair.certificate
    return f"{dates.not_valid_before_utc:%Y-%m-%d} to {dates.not_valid_after_utc:%Y-%m-%d}"


def _password(options: argparse.Namespace) -> str | None:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if options.file.suffix.lower() not in (".p12", ".pfx") or not sys.stdin.isatty():
        return None
    return getpass("Password of the .p12: ") or None
