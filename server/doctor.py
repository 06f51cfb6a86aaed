"""`leima doctor`: everything that can be looked at from here, with what to do about it."""

import json
import sys
import textwrap
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TextIO
from urllib.parse import urlsplit

from cryptography import x509

from server import checks, config, google_checks, google_outside, outside, phone_checks
from server.checks import FAIL, OK, WARN, Check
from server.config import Settings
from server.db import Database
from server.errors import SettingsError
from server.wallets import identity
from server.wallets.identity import Identity
from server.web import badges

_MARKS = {OK: ("✓", "32"), WARN: ("!", "33"), FAIL: ("✗", "31")}
_TLS_DAYS = 14
_WIDTH = 100


def examine(at: datetime, *, is_outside_tried: bool = False) -> list[Check]:
    """Every check there is. Wrong settings are the only finding, since all else builds on them.

    `is_outside_tried`: also reach the public address, as a phone would, and ask Google.
    """
    try:
        settings = config.read()
    except SettingsError as error:
        return [Check("settings", FAIL, str(error), "docs/settings.md lists every setting")]
    load = cache(lambda: identity.load(settings, at=at))
    return [
        *_settings(settings, at),
        checks.origin(load),
        checks.certificate(load, at=at),
        *_database(settings, load, at),
        checks.looks(),
        *(_outside(settings, load, at) if is_outside_tried else ()),
        *_google(settings, at, is_asked=is_outside_tried),
        _badges(settings),
    ]


def report(found: list[Check], out: TextIO | None = None) -> None:
    """One line a check and one for what to do, in colour on a terminal."""
    out = out or sys.stdout
    width = max(len(check.name) for check in found)
    for check in found:
        mark, colour = _MARKS[check.level]
        if out.isatty():
            mark = f"\x1b[{colour}m{mark}\x1b[0m"
        print(f"  {mark} {check.name:<{width}}  {_wrapped(check.says, width + 6)}", file=out)
        if check.do:
            print(f"    {'':<{width}}  → {_wrapped(check.do, width + 8)}", file=out)
    print(f"\n  {_verdict(found)}", file=out)


def as_json(found: list[Check]) -> str:
    """The same for programs."""
    rows = [{"name": c.name, "level": c.level, "says": c.says, "do": c.do} for c in found]
    return json.dumps({"ok": is_well(found), "checks": rows}, indent=2)


def is_well(found: list[Check]) -> bool:
    """Whether nothing failed; warnings are well enough."""
    return all(check.level != FAIL for check in found)


def _wrapped(text: str, indent: int) -> str:
    """Lines below each other; paths and addresses stay in one piece."""
    lines = textwrap.wrap(text, _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def _verdict(found: list[Check]) -> str:
    failed = sum(check.level == FAIL for check in found)
    warned = sum(check.level == WARN for check in found)
    if not failed and not warned:
        return "All is well."
    minor = f"{warned} warning{'' if warned == 1 else 's'}"
    if not failed:
        return f"Nothing to mend; {minor}."
    return f"{failed} to mend" + (f", and {minor}." if warned else ".")


def _settings(settings: Settings, at: datetime) -> list[Check]:
    return [_public_url(settings), _secret_key(settings), _front(settings), *_tls(settings, at)]


def _public_url(settings: Settings) -> Check:
    if settings.is_loopback:
        return Check(
            "address",
            WARN,
            f"{settings.public_url} is this machine only",
            "for phones set LEIMA_PUBLIC_URL to the https address they reach",
        )
    return Check("address", OK, settings.public_url)


def _secret_key(settings: Settings) -> Check:
    if config.is_own_secret_key(settings):
        return Check(
            "secret key",
            WARN,
            f"made here, in {settings.data_dir / 'secret_key'}",
            "for production set LEIMA_SECRET_KEY_FILE, and keep it with the backups",
        )
    return Check("secret key", OK, "given")


def _front(settings: Settings) -> Check:
    """Who ends TLS, and whom we believe about callers."""
    proxies = ", ".join(map(str, settings.trusted_proxies))
    if proxies:
        return Check("front", OK, f"proxies trusted at {proxies}")
    if settings.tls_cert_file:
        return Check("front", OK, "serves https itself; no proxy is trusted")
    if settings.is_loopback:
        return Check("front", OK, "serves http on this machine; no proxy is trusted")
    return Check(
        "front",
        WARN,
        f"{urlsplit(settings.public_url).hostname} is https, but served here as http",
        "name the proxy in front in LEIMA_TRUSTED_PROXIES, or set LEIMA_TLS_CERT_FILE",
    )


def _tls(settings: Settings, at: datetime) -> list[Check]:
    if settings.tls_cert_file is None:
        return []
    certificate = x509.load_pem_x509_certificate(settings.tls_cert_file.read_bytes())
    days = (certificate.not_valid_after_utc - at).days
    says = f"serves until {certificate.not_valid_after_utc:%Y-%m-%d}, {days} days"
    if days < 0 or at < certificate.not_valid_before_utc:
        return [Check("tls", FAIL, says, "renew LEIMA_TLS_CERT_FILE: phones refuse this one")]
    if days <= _TLS_DAYS:
        return [Check("tls", WARN, says, "renew LEIMA_TLS_CERT_FILE and restart")]
    return [Check("tls", OK, says)]


def _outside(settings: Settings, load: Callable[[], Identity], at: datetime) -> list[Check]:
    try:
        pass_type = load().pass_type_identifier
    except SettingsError:
        pass_type = identity.SANDBOX_PASS_TYPE
    return outside.look(settings, at=at, pass_type=pass_type)


def _badges(settings: Settings) -> Check:
    """The official badges, which nobody may hand out but their makers."""
    names = [name for name in badges.NAMES if settings.google_issuer_id or "google" not in name]
    missing = badges.missing(tuple(names))
    if not missing:
        return Check("badges", OK, "the official badges are in place")
    if settings.is_loopback:
        return Check("badges", OK, "plain buttons stand in for the official badges")
    says = f"plain buttons stand in for official badges: {', '.join(missing)}"
    return Check("badges", WARN, says, "templates/web/badges/README.md says where to get them")


def _google(settings: Settings, at: datetime, *, is_asked: bool) -> list[Check]:
    path = checks.sqlite_path(settings)
    if settings.google_issuer_id is None or (path is not None and not path.is_file()):
        return [google_checks.set_up(settings)]
    database = Database(settings.database_url)
    try:
        found = google_checks.look(settings, database, at=at)
        if is_asked:
            known = google_outside.known(database, settings.google_issuer_id)
            found += google_outside.look(settings, known, at=at)
        return found
    finally:
        database.dispose()


def _database(settings: Settings, load: Callable[[], Identity], at: datetime) -> list[Check]:
    storage = checks.storage(settings)
    path = checks.sqlite_path(settings)
    if path is not None and not path.is_file():
        return [storage]  # opening it would make it
    database = Database(settings.database_url)
    try:
        tables = checks.database(database)
        found = [storage, tables, checks.owed(database, at=at), checks.clock(database, at=at)]
        if tables.level == FAIL:
            return found
        found.append(checks.looks_in_use(database))
        return [*found, *phone_checks.look(database, load, at=at)]
    finally:
        database.dispose()
