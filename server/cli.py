"""The command line: `leima run`, `leima migrate`, `leima doctor` and the rest of `leima --help`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels

from server import (
    audit,
    backup,
    clock,
    config,
    crowd,
    demo,
    doctor,
    logs,
    migrations,
    renewals,
    supervisor,
    timeline_text,
    traces,
)
from server.commands import certificate, design, founding, google
from server.db import Database
from server.errors import LeimaError
from server.leash import children_hear_signals, end_with_parent, insist
from server.services import Services
from server.timelines import timeline
from server.timelines.verdicts import FAIL
from server.wallets import identity
from server.wallets.apple_trace import pushes_are_off
from server.wallets.google import guard as google_guard
from server.wallets.google.shown import differing
from server.worker import Worker
from server.wsgi import prepare

_FINDINGS = """
Findings: {n}. Nothing was changed, and nothing should be by hand: keep a copy (leima backup) and
see docs/operations.md."""
_STOP_SECONDS = 30.0  # for what the worker has in hand
_SERVER_STOP_SECONDS = 20  # for a process of the web server to end; then it is killed
_HEADER_MILLISECONDS = 10_000  # for the head of a request, after which bodies have as long
_PRODUCTION: dict[str, Any] = {
    "action": "store_true",
    "help": "refuse anything only fit for trying out",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 when it found a fault, 2 when it cannot be done."""
    options = parser().parse_args(arguments)
    os.umask(0o077)  # the database holds names, phones and tokens: for its owner alone
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except LeimaError as error:
        print(f"leima: {error}", file=sys.stderr)
        return 2


def run(options: argparse.Namespace) -> int:
    """Migrate, then serve and work in one process until told to stop."""
    if options.child:
        end_with_parent()
    settings = config.read()
    logs.configure(settings.log_level, settings.log_format)
    clock.deviate(settings.sandbox_clock_file)
    if options.production:
        _require_production(settings)
    if options.sandbox:
        return supervisor.run(settings)
    supervisor.refuse_taken_ports({"LEIMA_PORT": settings.port})
    _upgrade(settings)
    _serve(settings, "server.wsgi:build")
    return 0


def web(options: argparse.Namespace) -> int:
    """Serve only, on a migrated database, until told to stop: a worker runs elsewhere."""
    settings = _settings(options)
    supervisor.refuse_taken_ports({"LEIMA_PORT": settings.port})
    database = Database(settings.database_url)
    migrations.require_current(database.engine)
    database.dispose()
    _serve(settings, "server.wsgi:build_web", processes=options.workers)
    return 0


def work(options: argparse.Namespace) -> int:
    """Pay what is owed, on a migrated database, until told to stop; then give back the rest."""
    _settings(options)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    services, known = prepare()
    worker, writer = Worker(services, known), traces.Writer(services)
    worker.start()
    writer.start()
    stopping.wait()
    worker.stop(_STOP_SECONDS)
    writer.stop()
    services.database.dispose()
    return 0


def _server_level(settings: config.Settings) -> LogLevels:
    """The web server's only warning is about the number of threads."""
    return LogLevels("error" if settings.log_level == "warning" else settings.log_level)


def migrate(_options: argparse.Namespace) -> int:
    """Bring the database up to this version."""
    _upgrade(config.read())
    return 0


def seed(options: argparse.Namespace) -> int:
    """Put the demo brand into the database, with a crowd if asked for, and say how to get in."""
    settings = config.read()
    _upgrade(settings)
    database = Database(settings.database_url)
    services = Services(database, settings)
    known = identity.load(settings, at=services.now())
    access = demo.seed(
        services,
        pass_type_identifier=known.pass_type_identifier,
        team_identifier=known.team_identifier,
    )
    if options.cards:
        crowd.grow(
            services, access.brand, access.programme, count=options.cards, progress=crowd.bar()
        )
    database.dispose()
    print(f"Join:  {settings.public_url}/join/{access.brand}/{access.programme}")
    print(f"Till:  {settings.public_url}/till  {access.till_login} / {access.till_password}")
    print(f"PINs:  {', '.join(f'{name} {pin}' for name, pin in access.pins)}")
    print(f"Key:   {access.api_key}")
    return 0


def renew(options: argparse.Namespace) -> int:
    """Have every card of a programme show what it should by now."""
    settings = config.read()
    database = Database(settings.database_url)
    migrations.require_current(database.engine)
    count = renewals.ask(Services(database, settings), options.brand, options.programme)
    print(f"{count:,} cards are looked at anew by the worker; phones hear of those that changed.")
    database.dispose()
    return 0


def examine(options: argparse.Namespace) -> int:
    """Look at everything and say what to do; 1 when something must be mended."""
    found = doctor.examine(clock.now(), is_outside_tried=not options.offline)
    if options.json:
        print(doctor.as_json(found))
    else:
        doctor.report(found)
    worst = trace_card(options) if options.code else 0
    return worst if doctor.is_well(found) else 1


def trace_card(options: argparse.Namespace) -> int:
    """Tell a card's way to its phones; 1 when there is something of ours to mend."""
    settings = config.read()
    services = Services(Database(settings.database_url), settings)
    try:
        migrations.require_current(services.database.engine)
        now = services.now()
        is_off = pushes_are_off(settings, identity.load(settings, at=now))
        levels = set()
        for shown in timeline_text.find(
            services.database, options.code, brand=options.brand, at=now
        ):
            found = timeline.read(
                services,
                shown,
                limit=options.lines,
                is_push_off=is_off,
                differing=partial(differing, services),
            )
            timeline_text.report(shown, found, at=now)
            levels.add(found.verdict.level)
    finally:
        services.database.dispose()
    return 1 if FAIL in levels else 0


def check_ledger(_options: argparse.Namespace) -> int:
    """Rebuild every balance from the entries; 1 when something does not agree."""
    database = Database(config.read().database_url)
    migrations.require_current(database.engine)
    found = audit.check(database)
    for finding in found:
        print(f"{finding.code}  card {finding.card}: {finding.says}")
    print(_FINDINGS.format(n=len(found)) if found else "The books agree.")
    database.dispose()
    return 1 if found else 0


def back_up(options: argparse.Namespace) -> int:
    """Copy the database while it is in use."""
    size = backup.back_up(config.read().database_url, options.file)
    print(f"{options.file}: {size / 1e6:.1f} MB, checked.")
    print("It holds names and phone numbers, but neither the secret key nor the certificates: keep")
    print("those apart (docs/operations.md).")
    return 0


def _require_production(settings: config.Settings) -> None:
    """The certificate first: it takes a newcomer the longest to get."""
    known = identity.load(settings, at=clock.now())
    identity.refuse_throwaway(known)
    google_guard.refuse_throwaway(settings)
    config.require_production(settings)
    identity.refuse_unusable(known, at=clock.now())


def _settings(options: argparse.Namespace) -> config.Settings:
    settings = config.read()
    logs.configure(settings.log_level, settings.log_format)
    if options.production:
        _require_production(settings)
    config.make_data_dir(settings)
    return settings


def _serve(settings: config.Settings, target: str, *, processes: int = 1) -> None:
    children_hear_signals()
    server = Granian(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,  # server.door
        factory=True,
        workers=processes,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS),
        websockets=False,
        log_level=_server_level(settings),
        log_dictconfig=logs.plan(settings.log_level, settings.log_format),
        ssl_cert=settings.tls_cert_file,
        ssl_key=settings.tls_key_file,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=_SERVER_STOP_SECONDS,
    )
    # By then it has its handlers. It kills its own processes first.
    server.on_startup(lambda: insist(seconds=_SERVER_STOP_SECONDS + 5))
    server.serve()


def _upgrade(settings: config.Settings) -> None:
    config.make_data_dir(settings)
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    database.dispose()


def _number(most: int) -> Callable[[str], int]:
    """Reads a number from 1 to `most`."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"give a number from 1 to {most}")
        return int(text)

    return read


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    root = argparse.ArgumentParser(
        prog="leima",
        description="Loyalty cards for Apple Wallet and Google Wallet, with a ledger and a till.",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("run", help="serve the pages, the API and the phones")
    mode = serve.add_mutually_exclusive_group()
    mode.add_argument(
        "--sandbox", action="store_true", help="with demo data, virtual phones and a stand-in APNs"
    )
    mode.add_argument("--production", **_PRODUCTION)
    serve.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    serve.set_defaults(command=run)
    only_web = commands.add_parser("web", help="serve only, beside workers elsewhere")
    only_web.add_argument(
        "--workers",
        type=_number(64),
        default=1,
        metavar="N",
        help="processes that serve; default 1",
    )
    only_web.add_argument("--production", **_PRODUCTION)
    only_web.set_defaults(command=web)
    only_work = commands.add_parser("worker", help="pay what is owed, beside web elsewhere")
    only_work.add_argument("--production", **_PRODUCTION)
    only_work.set_defaults(command=work)
    commands.add_parser("migrate", help="bring the database up to date").set_defaults(
        command=migrate
    )
    seeder = commands.add_parser("demo", help="put the demo brand into the database")
    seeder.add_argument(
        "--cards",
        type=_number(10_000_000),
        metavar="N",
        help="with so many cards in all, up to 10 million",
    )
    seeder.set_defaults(command=seed)
    founding.add_to(commands)
    design.add_to(commands)
    certificate.add_to(commands)
    google.add_to(commands)
    renewer = commands.add_parser("renew", help="cards show what was changed in a programme")
    renewer.add_argument("brand", metavar="BRAND", help="its slug")
    renewer.add_argument("programme", metavar="PROGRAMME", help="its slug")
    renewer.set_defaults(command=renew)
    examiner = commands.add_parser("doctor", help="look at everything and say what to do")
    examiner.add_argument("--offline", action="store_true", help="do not try the public address")
    answer = examiner.add_mutually_exclusive_group()
    answer.add_argument("--json", action="store_true", help="for programs")
    answer.add_argument("--card", dest="code", metavar="NUMBER", help="then tell of this card too")
    examiner.set_defaults(brand=None, lines=40)
    examiner.set_defaults(command=examine)
    tracer = commands.add_parser("card", help="why a card is, or is not, up to date on its phones")
    tracer.add_argument("code", metavar="NUMBER", help="member number, card id, barcode or serial")
    tracer.add_argument("--brand", metavar="SLUG", help="when several brands have the number")
    tracer.add_argument(
        "--lines", type=_number(5000), default=40, metavar="N", help="steps to show; default 40"
    )
    tracer.set_defaults(command=trace_card)
    auditor = commands.add_parser("check-ledger", help="rebuild every balance from its entries")
    auditor.set_defaults(command=check_ledger)
    saver = commands.add_parser("backup", help="copy the SQLite database while it is in use")
    saver.add_argument("file", type=Path, metavar="FILE", help="where to; replaced if it exists")
    saver.set_defaults(command=back_up)
    return root


if __name__ == "__main__":
    sys.exit(main())
