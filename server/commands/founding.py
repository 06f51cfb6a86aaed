"""`leima brand create`, and the same of a programme, a location, a till, a person and a key.

A secret is printed once, or read from standard input and then not printed.
"""

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Any

from server import config, designs, founding, migrations
from server.db import Database
from server.errors import Refused, SettingsError
from server.programmes import KINDS
from server.services import Services
from server.wallets import identity

Command = Callable[[argparse.Namespace], int]
_SECRETS = {"Password", "PIN", "Key"}
_BRAND: dict[str, Any] = {"metavar": "BRAND", "help": "the brand's slug"}


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    _add_brand(commands)
    _add_programme(commands)
    _add_location(commands)
    _add_till(commands)
    _add_staff(commands)
    _add_key(commands)


def create_brand(options: argparse.Namespace) -> int:
    """A brand with nothing in it."""
    with _services() as services:
        brand = founding.create_brand(
            services,
            slug=options.brand,
            name=options.name,
            contact=options.contact,
            language=options.language,
            timezone=options.timezone,
            country=options.country,
            currency=options.currency,
        )
    _say(
        ("Brand", f"{brand.name} ({brand.slug})"), ("Next", f"leima programme create {brand.slug}")
    )
    return 0


def create_programme(options: argparse.Namespace) -> int:
    """A programme, out of a file or of flags."""
    plan = _plan(options)
    with _services() as services:
        known = identity.load(services.settings, at=services.now())
        if known.is_throwaway and not options.throwaway:
            raise SettingsError(
                "a programme keeps its pass type for good, and the certificate in use is a "
                "throw-away one: set LEIMA_APPLE_CERTIFICATE_FILE (certs.example/README.md), "
                "or add --throwaway to try things out"
            )
        programme = founding.create_programme(
            services,
            options.brand,
            plan,
            pass_type=known.pass_type_identifier,
            team=known.team_identifier,
        )
        join = f"{services.settings.public_url}/join/{options.brand}/{programme.slug}"
    _say(
        ("Programme", f"{programme.name} ({programme.slug})"),
        ("Pass type", programme.pass_type_identifier),
        ("Join", join),
        ("Poster", f"{join}/poster.pdf?size=a4"),
    )
    return 0


def create_location(options: argparse.Namespace) -> int:
    """Where a place is."""
    with _services() as services:
        place = founding.create_location(
            services,
            options.brand,
            name=options.name,
            latitude=options.latitude,
            longitude=options.longitude,
        )
    _say(("Location", place.name), ("At", f"{place.latitude:g}, {place.longitude:g}"))
    return 0


def create_till(options: argparse.Namespace) -> int:
    """A till's login."""
    given = _secret("Password") if options.password_stdin else None
    with _services() as services:
        till = founding.create_till(
            services,
            options.brand,
            location=options.location,
            login=options.login,
            password=given or (made := founding.make_password()),
        )
        page = f"{services.settings.public_url}/till"
    _say(
        ("Till", f"{page} at {options.location}"),
        ("Login", till.login),
        *([] if given else [("Password", made)]),
    )
    return 0


def create_staff(options: argparse.Namespace) -> int:
    """A person at the till."""
    given = _secret("PIN") if options.pin_stdin else None
    with _services() as services:
        person, pin = founding.create_staff(services, options.brand, name=options.name, pin=given)
    _say(("Staff", person.name), *([] if given else [("PIN", pin)]))
    return 0


def create_key(options: argparse.Namespace) -> int:
    """A key for a backend."""
    with _services() as services:
        key = founding.create_key(services, options.brand, name=options.name)
        address = f"{services.settings.public_url}/api/v1"
    _say(("API", address), ("Key", key))
    return 0


@contextmanager
def _services() -> Iterator[Services]:
    settings = config.read()
    database = Database(settings.database_url)
    try:
        migrations.require_current(database.engine)
        yield Services(database, settings)
    finally:
        database.dispose()


def _plan(options: argparse.Namespace) -> founding.Plan:
    flags = (options.slug, options.name, options.design, *options.rule)
    if options.file and any(flags):
        raise Refused("plan_invalid", "Give the plan in --file or in flags, not in both.")
    if options.file:
        return founding.read_plan(options.file)
    if not (options.slug and options.name and options.design):
        raise Refused("plan_invalid", "Give --file, or a slug, --name, --design and --rule.")
    lines = tuple(_rule(rule) for rule in options.rule)
    try:
        rules = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise Refused("plan_invalid", f"--rule {'; '.join(lines)}: {error}") from error
    values = {
        "slug": options.slug,
        "name": options.name,
        "design": options.design,
        "parts": {options.kind: rules},
    }
    return founding.plan(values, source="the flags")


def _rule(given: str) -> str:
    """A line of TOML; a value that is none is a text, so that a shell need not quote twice."""
    name, is_there, value = given.partition("=")
    if not is_there:
        raise Refused("plan_invalid", f"--rule {given}: give NAME=VALUE, such as max_per_day=3.")
    line = f"{name.strip()} = {value}"
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name.strip()} = "{quoted}"'
    return line


def _secret(name: str) -> str:
    """A line of standard input, unseen when somebody types it."""
    typed = getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise Refused("secret_missing", f"Standard input holds no {name}.")
    return typed


def _say(*rows: tuple[str, str]) -> None:
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        print(f"  {label:<{width}}  {value}")
    if _SECRETS & {label for label, _ in rows}:
        print("\n  Keep it now: it is not shown again.")


def _group(commands: Any, name: str, about: str, command: Command) -> argparse.ArgumentParser:
    group = commands.add_parser(name, help=about)
    verbs = group.add_subparsers(required=True, metavar="create")
    create: argparse.ArgumentParser = verbs.add_parser("create", help=about)
    create.set_defaults(command=command)
    return create


def _add_brand(commands: Any) -> None:
    create = _group(commands, "brand", "a new brand", create_brand)
    create.add_argument("brand", metavar="SLUG", help="its name in addresses: a-z, 0-9, hyphens")
    create.add_argument("--name", required=True, help="as customers know it")
    create.add_argument("--contact", required=True, help="address and mail, on the card's back")
    create.add_argument("--language", default="fi", help="fi, sv or en; default fi")
    create.add_argument("--timezone", default="Europe/Helsinki", help="default Europe/Helsinki")
    create.add_argument("--country", default="FI", help="of phone numbers; default FI")
    create.add_argument("--currency", default="EUR", help="of amounts; default EUR")


def _add_programme(commands: Any) -> None:
    create = _group(commands, "programme", "a new programme of a brand", create_programme)
    create.add_argument("brand", **_BRAND)
    create.add_argument("slug", nargs="?", metavar="SLUG", help="its name in addresses")
    create.add_argument("--file", type=Path, metavar="TOML", help="the whole plan in a file")
    create.add_argument("--name", help="as customers know it")
    create.add_argument("--design", help=f"one of {', '.join(designs.names())}")
    create.add_argument("--kind", default=next(iter(KINDS)), help=f"one of {', '.join(KINDS)}")
    create.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a rule of the kind, such as stamps_required=8 or reward.en=Coffee; repeat it",
    )
    create.add_argument(
        "--throwaway", action="store_true", help="issue cards that no real phone takes"
    )


def _add_location(commands: Any) -> None:
    create = _group(commands, "location", "where a place of a brand is", create_location)
    create.add_argument("brand", **_BRAND)
    create.add_argument("--name", required=True, help="the place; made when it is new")
    create.add_argument("--latitude", required=True, type=float, help="degrees north: 60.1841")
    create.add_argument("--longitude", required=True, type=float, help="degrees east: 24.9496")


def _add_till(commands: Any) -> None:
    create = _group(commands, "till", "a new till of a brand", create_till)
    create.add_argument("brand", **_BRAND)
    create.add_argument("--location", required=True, help="the place; made when it is new")
    create.add_argument("--login", required=True, help="unique in the whole service")
    create.add_argument("--password-stdin", action="store_true", help="instead of making one")


def _add_staff(commands: Any) -> None:
    create = _group(commands, "staff", "a new person at the tills of a brand", create_staff)
    create.add_argument("brand", **_BRAND)
    create.add_argument("--name", required=True, help="as it stands beside what they do")
    create.add_argument("--pin-stdin", action="store_true", help="instead of making one")


def _add_key(commands: Any) -> None:
    create = _group(commands, "key", "a new API key of a brand", create_key)
    create.add_argument("brand", **_BRAND)
    create.add_argument("--name", required=True, help="what it is for")
