"""`leima google`: whether Google lets us in, whether it has it all, and a word to one holder."""

import argparse
import hashlib
import sys
from typing import Any
from uuid import UUID

from server import clock, config, migrations
from server.db import Database
from server.errors import SettingsError
from server.face import Text
from server.services import Services
from server.wallets.google import dry_run as google_dry_run
from server.wallets.google import reconcile as google_reconcile
from server.wallets.google.account import Account, Accounts
from server.wallets.google.messages import Notice
from server.wallets.google.sync import GoogleSync, Outcome

_HEADER = 35  # characters that a phone shows of it
_SAID = {
    Outcome.READY: "The message is on the back of the card.",
    Outcome.LATER: "Google did not answer, or a worker has the card in hand: try again soon.",
    Outcome.PAUSED: "Google lets us do nothing: leima doctor tells why.",
    Outcome.REFUSED: "Google does not take it: is the card in Google Wallet? leima card tells.",
}


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    group = commands.add_parser(
        "google", help="whether Google Wallet lets us in, and has all cards right"
    )
    verbs = group.add_subparsers(required=True, metavar="check|reconcile|message")
    checks = verbs.add_parser("check", help="whether Google lets us in and takes our programmes")
    checks.set_defaults(command=check)
    compares = verbs.add_parser("reconcile", help="compare all that Google has, now")
    compares.set_defaults(command=reconcile)
    says = verbs.add_parser("message", help="put a message on the back of one card")
    says.add_argument("card", type=UUID, help="the card's id, as the API tells it")
    says.add_argument("text", help="what to say")
    says.add_argument("--header", default="", help="what stands above it")
    says.add_argument(
        "--announce",
        action="store_true",
        help="let the phone speak of it: three times in 24 hours at most; marketing needs consent",
    )
    says.set_defaults(command=message)


def check(_options: argparse.Namespace) -> int:
    """Ask Google, without making anything; 1 when something must be mended."""
    services, account = _opened()
    faults = 0
    try:
        for name, says in google_dry_run.try_all(services, account):
            print(f"  FAIL  {name}: {says}" if says else f"  ok    {name}")
            faults += bool(says)
    finally:
        services.database.dispose()
    return 1 if faults else 0


def reconcile(_options: argparse.Namespace) -> int:
    """Compare everything; the worker mends what differs."""
    services, account = _opened()
    objects = wrong = 0
    again = "\r" if sys.stdout.isatty() else None  # a line that counts, for those who watch
    try:
        for page in google_reconcile.compare_all(services, account):
            objects, wrong = objects + page.objects, wrong + page.wrong
            if again:
                print(_counted(objects, wrong), end=again, flush=True)
    finally:
        print(_counted(objects, wrong))
        services.database.dispose()
    print("The worker mends what differs." if wrong else "Nothing is to be mended.")
    return 0


def message(options: argparse.Namespace) -> int:
    """Say something to the holder of one card; the same text again is not said twice."""
    services, account = _opened()
    header, body = Text.same(options.header or options.text[:_HEADER]), Text.same(options.text)
    digest = hashlib.sha256(f"{header.en}\0{body.en}".encode()).hexdigest()
    notice = Notice(f"leima-{digest[:24]}", header, body, is_announced=options.announce)
    try:
        outcome = GoogleSync(services, Accounts(services.settings, services.now)).say(
            options.card, notice
        )
    finally:
        account.client.close()
        services.database.dispose()
    print(_SAID[outcome])
    return 0 if outcome is Outcome.READY else 1


def _counted(objects: int, wrong: int) -> str:
    return f"{objects:,} objects compared, {wrong:,} differ"


def _opened() -> tuple[Services, Account]:
    settings = config.read()
    account = Accounts(settings, clock.now).current()
    if account is None:
        raise SettingsError(
            "Google Wallet is not set up: give LEIMA_GOOGLE_ISSUER_ID and "
            "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE, see docs/google.md. For the sandbox of make run "
            "docs/google-stand-in.md tells which"
        )
    services = Services(Database(settings.database_url), settings)
    migrations.require_current(services.database.engine)
    return services, account
