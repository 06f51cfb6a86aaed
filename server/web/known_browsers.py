"""Browsers that were signed in at a till: strangers' wrong tries do not keep them out.

A signed cookie names the login, as a digest, and the browser. It opens nothing: it only gives its
holder tries of its own.
"""

from uuid import uuid4

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from server import staff
from server.web import cookie_name, services

_SECONDS = 365 * 24 * 3600


def name_at(login: str) -> str | None:
    """The name of the browser that asks, if it was signed in at `login` within a year."""
    cookie = request.cookies.get(_name(), "")
    try:
        digest, name = _sealer().loads(cookie, max_age=_SECONDS)
    except (BadData, ValueError, TypeError):
        return None
    return str(name) if digest == staff.login_digest(login) else None


def remember(response: Response, login: str) -> None:
    """The browser that gets `response` is signed in at `login`."""
    response.set_cookie(
        _name(),
        str(_sealer().dumps([staff.login_digest(login), uuid4().hex])),
        max_age=_SECONDS,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )


def _name() -> str:
    return cookie_name("leima-known", services().settings.public_url)


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="known browsers")
