"""`leima run --sandbox`: migrate, seed the demo, then the service and the sandbox side by side."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from googlewallet import throwaway
from googlewallet.errors import GoogleWalletError
from server import clock, config, demo, migrations
from server.config import Settings, make_data_dir
from server.db import Database
from server.errors import SettingsError
from server.services import Services
from server.wallets.identity import Identity, load

_START_SECONDS = 120  # a busy machine; an idle one needs three
_STOP_SECONDS = 10


def run(settings: Settings) -> int:
    """Start everything, say where it is, and wait; 0 when it was told to stop.

    Raises:
        SettingsError: a port is taken, or a part does not start.
    """
    if not settings.is_loopback:
        raise SettingsError("the sandbox runs on this machine only: leave LEIMA_PUBLIC_URL out")
    if settings.tls_cert_file:
        raise SettingsError("the sandbox speaks http: leave LEIMA_TLS_CERT_FILE out")
    _refuse_taken_ports(settings)
    identity = load(settings, at=clock.now())
    access = _prepare(settings, identity)
    google_account = _make_google_account(settings)
    file = _write_file(settings, access)
    stop = _Stop()
    children = [
        _start("server.sandbox", _sandbox_arguments(settings, google_account), {}),
        _start(
            "server.cli", ["run", "--child"], _service_environment(settings, file, google_account)
        ),
    ]
    try:
        _wait_until_up(settings, children, stop)
        _say(settings, access, file, has_androids=google_account is not None)
        return _wait(children, stop)
    finally:
        _end(children)


class _Stop:
    """Ctrl-C and SIGTERM ask everything to end."""

    def __init__(self) -> None:
        self.is_asked = False
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        self.is_asked = True


def _prepare(settings: Settings, identity: Identity) -> demo.Demo:
    make_data_dir(settings)
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    access = demo.seed(
        Services(database, settings),
        pass_type_identifier=identity.pass_type_identifier,
        team_identifier=identity.team_identifier,
    )
    database.dispose()
    return access


def _phones_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.sandbox_port}/"


def _apns_url(settings: Settings) -> str:
    return settings.apns_url or f"https://127.0.0.1:{settings.sandbox_apns_port}"


def _google_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.sandbox_google_port}"


def _make_google_account(settings: Settings) -> Path | None:
    """Who the service is to the stand-in; nobody where the operator named another API."""
    if settings.google_api_url is not None:
        return None
    folder = settings.data_dir / "throwaway-google"
    try:
        return throwaway.load_or_create(folder, token_uri=f"{_google_url(settings)}/token")
    except (GoogleWalletError, OSError) as error:
        raise SettingsError(f"LEIMA_DATA_DIR: {error}") from error


def _root(settings: Settings) -> Path:
    return settings.data_dir / "throwaway" / "root.pem"


def _write_file(settings: Settings, access: demo.Demo) -> Path:
    """Everything a program needs to use the sandbox; what is not served yet is null."""
    base = settings.public_url
    till = {"url": f"{base}/till", "login": access.till_login, "password": access.till_password}
    pins = [{"name": name, "pin": pin} for name, pin in access.pins]
    values: dict[str, Any] = {
        "base_url": base,
        "brand": access.brand,
        "api_key": access.api_key,
        "staff": {**till, "pins": pins},
        "office": None,
        "programmes": [{"slug": access.programme, "kind": access.kind}],
        "phones_url": _phones_url(settings),
        "apns_url": _apns_url(settings),
        "google_url": settings.google_api_url or _google_url(settings),
        "root_certificate": str(_root(settings)),
        "try_it": {
            "join_url": f"/join/{access.brand}/{access.programme}",
            "till_url": "/till",
            "phones_url": _phones_url(settings),
            "till_login": access.till_login,
            "till_password": access.till_password,
            "pins": pins,
            "api_url": f"{base}/api/v1",
            "api_key": access.api_key,
        },
    }
    path = settings.data_dir / "sandbox.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
    return path


def _sandbox_arguments(settings: Settings, google_account: Path | None) -> list[str]:
    folder = settings.data_dir
    google = ["--google-port", "none"]
    if google_account:
        google = ["--google-port", str(settings.sandbox_google_port)]
        google += ["--google-account", str(google_account)]
    apns = "none" if settings.apns_url else str(settings.sandbox_apns_port)
    return [
        *("--state", str(folder / "sandbox"), "--authority", str(folder / "throwaway")),
        *("--port", str(settings.sandbox_port), "--apns-port", apns),
        *google,
        *("--service", settings.public_url),
    ]


def _service_environment(
    settings: Settings, file: Path, google_account: Path | None
) -> dict[str, str]:
    changes = {"LEIMA_SANDBOX_FILE": str(file), "LEIMA_APNS_URL": _apns_url(settings)}
    if settings.apns_ca_file is None and settings.apns_url is None:
        changes["LEIMA_APNS_CA_FILE"] = str(_root(settings))
    if google_account:
        url = _google_url(settings)
        changes |= {
            "LEIMA_GOOGLE_ISSUER_ID": throwaway.ISSUER_ID,
            "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE": str(google_account),
            "LEIMA_GOOGLE_API_URL": f"{url}/walletobjects/v1",
            "LEIMA_GOOGLE_SAVE_URL": f"{url}/gp/v/save",
            "LEIMA_GOOGLE_KEYS_URL": f"{url}/gp/m/issuer/keys",
        }
    return changes


def _start(module: str, arguments: list[str], changes: dict[str, str]) -> subprocess.Popen[bytes]:
    """A child in a session of its own: Ctrl-C reaches this process only, which ends them all.

    Its standard input is a pipe of ours: it closes when we are gone, even before the child looks.
    """
    return subprocess.Popen(  # noqa: S603  our own modules, our own arguments
        [sys.executable, "-m", module, *arguments],
        env=config.child_environment(**changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # what is wrong is said on standard error
        start_new_session=True,
    )


def _refuse_taken_ports(settings: Settings) -> None:
    ports = {"LEIMA_PORT": settings.port, "LEIMA_SANDBOX_PORT": settings.sandbox_port}
    if settings.apns_url is None:
        ports["LEIMA_SANDBOX_APNS_PORT"] = settings.sandbox_apns_port
    if settings.google_api_url is None:
        ports["LEIMA_SANDBOX_GOOGLE_PORT"] = settings.sandbox_google_port
    refuse_taken_ports(ports)


def refuse_taken_ports(ports: dict[str, int]) -> None:
    """Refuse to share a port: two services would each get half of the requests.

    Raises:
        SettingsError: names the port and the setting that moves it.
    """
    for name, port in ports.items():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise SettingsError(f"port {port} is in use: choose another with {name}=…")


def _wait_until_up(
    settings: Settings, children: list[subprocess.Popen[bytes]], stop: _Stop
) -> None:
    wanted = [f"http://127.0.0.1:{settings.port}/healthz", f"{_phones_url(settings)}phones.json"]
    until = time.monotonic() + _START_SECONDS
    while wanted and not stop.is_asked:
        if any(child.poll() is not None for child in children):
            raise SettingsError("a part of the sandbox did not start: its messages stand above")
        if time.monotonic() > until:
            raise SettingsError(
                f"{' and '.join(wanted)} did not answer within {_START_SECONDS} seconds: "
                "is this machine busy? Try again"
            )
        wanted = [url for url in wanted if not _answers(url)]
        time.sleep(0.1)


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=2).ok
        except requests.RequestException:
            return False


def _wait(children: list[subprocess.Popen[bytes]], stop: _Stop) -> int:
    while not stop.is_asked:
        if any(child.poll() is not None for child in children):
            raise SettingsError("a part of the sandbox has ended: its messages stand above")
        time.sleep(0.2)
    return 0


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin:
            child.stdin.close()


def _say(settings: Settings, access: demo.Demo, file: Path, *, has_androids: bool) -> None:
    base = settings.public_url
    pins = ", ".join(f"{name} {pin}" for name, pin in access.pins)
    rows = (
        ("Start here", f"{base}/"),
        ("Join", f"{base}/join/{access.brand}/{access.programme}"),
        ("Phones", _phones_url(settings)),
        ("", "two iPhones and two Android phones" if has_androids else "two iPhones"),
        ("Till", f"{base}/till"),
        ("", f"login {access.till_login}, password {access.till_password}, PIN {pins}"),
        ("For programs", str(file)),
    )
    lines = (f"  {label:<13}{value}" for label, value in rows)
    print("\nLeima is running.\n", *lines, "\n  Ctrl-C stops everything.\n", sep="\n", flush=True)
