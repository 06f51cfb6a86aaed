"""`leima google check` and `reconcile`: whether Google lets us in, and whether it has it all."""

import argparse
import sys
from typing import Any

from server import clock, config, migrations
from server.db import Database
from server.errors import SettingsError
from server.services import Services
from server.wallets.google import dry_run as google_dry_run
from server.wallets.google import reconcile as google_reconcile
from server.wallets.google.account import Account, Accounts


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    group = commands.add_parser(
        "google", help="whether Google Wallet lets us in, and has all cards right"
    )
    verbs = group.add_subparsers(required=True, metavar="check|reconcile")
    checks = verbs.add_parser("check", help="whether Google lets us in and takes our programmes")
    checks.set_defaults(command=check)
    compares = verbs.add_parser("reconcile", help="compare all that Google has, now")
    compares.set_defaults(command=reconcile)


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
