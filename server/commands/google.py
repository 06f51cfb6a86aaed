"""`leima google check` and `reconcile`: whether Google lets us in, and whether it has it all."""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

from sqlmodel import select

from googlewallet.client import Kind
from googlewallet.errors import ApiError, Verdict
from server import config, google_issuers, migrations
from server.db import Database
from server.errors import SettingsError
from server.models import Programme
from server.services import Services
from server.wallets.google_account import Account, Accounts
from server.wallets.google_classes import Classes, ClassRefused
from server.wallets.google_line import Halted, Line
from server.wallets.google_reconcile import Reconcile

_PATIENCE_SECONDS = 600.0  # the worker may take all there is for a while
_WHAT_TO_DO = {
    Verdict.FORBIDDEN: "add {email} to the users of issuer {issuer} in the Google Pay & Wallet "
    "Console, and enable the Google Wallet API in project {project}",
    Verdict.UNAUTHORIZED: "make a new key for {email} in the Google Cloud console: this one is not "
    "taken, or this machine's clock is wrong",
    Verdict.UNREACHABLE: "see whether this machine gets through to {url}",
    Verdict.BUSY: "try again in a minute",
    Verdict.QUOTA: "try again in a minute",
}


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    group = commands.add_parser("google", help="what Google Wallet has of our cards")
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
        for name, ask in _questions(services, account):
            says = _answer(ask, account, services)
            print(f"  {'FAIL' if says else 'ok':5} {name}{f': {says}' if says else ''}")
            faults += bool(says)
    finally:
        services.database.dispose()
    return 1 if faults else 0


def reconcile(_options: argparse.Namespace) -> int:
    """Compare everything; the worker mends what differs. 1 when it could not be done."""
    services, account = _opened()
    try:
        if google_issuers.standing(services.database, account.issuer_id) is None:
            print("Nobody has asked for a card in Google Wallet yet.")
            return 0
        looks = Reconcile(services, Classes(services))
        looks.begin(account.issuer_id)
        objects = wrong = 0
        is_over = False
        while not is_over:
            line = Line(services, account, None, is_bulk=True, patience=_PATIENCE_SECONDS)
            found = looks.next_page(line)
            objects, wrong, is_over = objects + found.objects, wrong + found.wrong, found.is_over
            print(f"\r{objects:,} objects compared, {wrong:,} differ", end="", flush=True)
        print(".\nThe worker mends what differs." if wrong else ". All is as it should be.")
        return 0
    except (ApiError, Halted) as error:
        print(f"\nleima: {error}. Ask again later: it goes on at night by itself.", file=sys.stderr)
        return 1
    finally:
        services.database.dispose()


def _opened() -> tuple[Services, Account]:
    settings = config.read()
    database = Database(settings.database_url)
    migrations.require_current(database.engine)
    services = Services(database, settings)
    account = Accounts(settings, services.now).current()
    if account is None:
        raise SettingsError(
            "there is no Google Wallet: give LEIMA_GOOGLE_ISSUER_ID and "
            "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE (certs.example/README.md)"
        )
    return services, account


def _questions(services: Services, account: Account) -> Iterator[tuple[str, Callable[[], object]]]:
    """What to ask, each with its name."""
    client, issuer_id = account.client, account.issuer_id
    yield (
        f"issuer {issuer_id}",
        lambda: client.list(Kind.LOYALTY_CLASS, issuer_id=issuer_id, most=1),
    )
    with services.database.reading() as session:
        programmes = session.exec(select(Programme).order_by(Programme.slug)).all()
    classes = Classes(services)

    def validate(programme: Programme) -> None:
        payload: dict[str, list[Any]] = {}
        for known, body in classes.wanted(issuer_id, programme.id):
            payload.setdefault(f"{known.kind}Classes", []).append(body)
        client.validate_json(payload)

    for programme in programmes:
        yield f"programme {programme.slug}", lambda each=programme: validate(each)


def _answer(ask: Callable[[], object], account: Account, services: Services) -> str:
    """What is wrong and what to do; empty when nothing is."""
    try:
        ask()
    except ClassRefused as error:
        return str(error)
    except ApiError as error:
        advice = _WHAT_TO_DO.get(error.verdict, "")
        told = advice.format(
            email=account.service.email,
            issuer=account.issuer_id,
            project=account.service.project_id,
            url=services.settings.google_api_url or "walletobjects.googleapis.com",
        )
        return f"{error}{f' What to do: {told}.' if told else ''}"
    return ""
