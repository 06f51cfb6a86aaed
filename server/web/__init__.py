"""What the service answers over HTTP: one module a group of endpoints."""

from typing import Any, cast

from flask import current_app, request

from server.services import Services
from server.wallets.google.bodies import CALLBACK_PATH
from server.wallets.google.desk import GoogleDesk
from server.wallets.identity import Holder, Identities, Identity
from server.wallets.pass_files import PassFiles

FAILED = "leima.failed"  # in the environ: the error with which the shortcut for phones ended


def is_for_programs() -> bool:
    """Whether a wallet or a backend is asking: it has no session and no language, and reads no
    page."""
    return request.path.startswith(("/v1/", "/api/", CALLBACK_PATH))


def cookie_name(name: str, public_url: str) -> str:
    """Under https no neighbouring host and no plain page can set a cookie of this name."""
    return f"__Host-{name}" if public_url.startswith("https:") else name


def services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions["leima"])


def identity() -> Identity:
    """Who signs the passes at the moment."""
    known = cast("Holder | None", current_app.extensions["leima_identity"])
    if known is None:
        known = Identities(services().settings, services().clock)
        current_app.extensions["leima_identity"] = known
    return known.current()


def google() -> GoogleDesk:
    """Who sends customers into Google Wallet, while it is set up."""
    return cast(GoogleDesk, current_app.extensions["leima_google"])


def pass_files() -> PassFiles:
    """The signed passes that this process keeps."""
    return cast(PassFiles, current_app.extensions["leima_pass_files"])


def sandbox() -> dict[str, Any] | None:
    """Addresses and logins of the sandbox, when it runs beside this app."""
    return cast("dict[str, Any] | None", current_app.extensions["leima_sandbox"])
