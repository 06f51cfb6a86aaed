"""The Flask application, put together from its parts."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from server.config import TEMPLATES
from server.errors import Forbidden
from server.face import Text
from server.seals import derive
from server.services import Services
from server.wallets.google import account as google_account
from server.wallets.google.desk import GoogleDesk
from server.wallets.identity import Holder
from server.wallets.pass_files import PassFiles
from server.web import (
    api,
    apple_web_service,
    badges,
    cookie_name,
    google_callbacks,
    headers,
    is_for_programs,
    languages,
    limits,
    observed,
    problems,
    traced,
)
from server.web import services as current_services
from server.web.google_wallet import google_wallet
from server.web.health import health
from server.web.member import member
from server.web.pages import pages
from server.web.poster import poster
from server.web.proxies import TrustedProxies
from server.web.strict_json import StrictJSONProvider
from server.web.till import till

_FOREIGN = Text(
    "Tämä lähetettiin toisen sivuston sivulta.",
    "Det här skickades från en annan webbplats.",
    "This was sent from a page of another site.",
)


class _App(OpenAPI):
    """Flask asks of every hook and view, at each call, whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class _Sessions(SecureCookieSessionInterface):
    """Sessions for pages; programs ask too often to be looked over for one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if is_for_programs():
            return None
        return super().open_session(app, request)


def create_app(
    services: Services,
    *,
    identity: Holder | None = None,
    google: google_account.Holder | None = None,
    sandbox: dict[str, Any] | None = None,
) -> Flask:
    """The application on `services`; it starts no thread and opens no port.

    `identity` signs passes; when it is not given, it is loaded with the first pass. `google` is who
    we are to Google; the settings tell when it is not given. `sandbox` is what the front page tells
    a newcomer to try: addresses and logins.
    """
    app = _App(
        "server",
        info=Info(title="Leima", version="1"),
        template_folder=str(TEMPLATES / "web"),
        static_folder=str(TEMPLATES / "web" / "static"),
        doc_ui=False,
        security_schemes=api.SECURITY,
        validation_error_model=api.Problem,
        validation_error_callback=api.invalid,
    )
    app.json = StrictJSONProvider(app)
    app.config["SECRET_KEY"] = derive(services.settings.secret_key, "sessions")
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    public_url = services.settings.public_url
    app.config["SESSION_COOKIE_SECURE"] = (
        not services.settings.is_loopback or public_url.startswith("https:")
    )
    app.config["SESSION_COOKIE_NAME"] = cookie_name("leima", public_url)
    app.session_interface = _Sessions()
    # Else a picture that any cache may keep would carry the till's cookie.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.url_map.merge_slashes = False  # its redirect would repeat whatever host was asked for
    app.extensions["leima"] = services
    app.extensions["leima_identity"] = identity
    accounts = google or google_account.Accounts(services.settings, services.now)
    app.extensions["leima_google"] = GoogleDesk(services, accounts)
    app.extensions["leima_pass_files"] = PassFiles(services.settings.pass_cache_mb * 1_000_000)
    app.extensions["leima_sandbox"] = sandbox
    observed.init_app(app)
    languages.init_app(app)
    limits.init_app(app)
    app.before_request(_refuse_foreign_pages)
    headers.init_app(app)
    problems.init_app(app)
    api.init_app(app)
    apple_web_service.init_app(app)
    google_callbacks.init_app(app)
    traced.init_app(app)
    badges.init_app(app)
    for blueprint in (pages, member, google_wallet, poster, till, health):
        app.register_blueprint(blueprint)
    trusted = services.settings.trusted_proxies
    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted)  # type: ignore[method-assign]
    return app


def _refuse_foreign_pages() -> None:
    """A page of another site may not send forms or scans in the name of whoever is signed in.

    What the request calls its host counts on this machine only: elsewhere a name that somebody
    makes point here would count as ours.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    settings = current_services().settings
    own = [None, settings.public_url]
    if origin is not None and settings.is_loopback:
        own.append(request.host_url.rstrip("/"))
    if origin not in own or site not in (None, "same-origin", "none"):
        raise Forbidden("foreign_page", _FOREIGN.en, text=_FOREIGN)
