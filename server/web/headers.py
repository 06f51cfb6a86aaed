"""What every answer says in its head, whatever it answers."""

from collections.abc import Mapping
from functools import cache

from flask import Flask, Response

from server.web import services

_CSP = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # Most of what we answer is about somebody: what says nothing of keeping it may not be kept.
    "Cache-Control": "private, no-store",
}
_HSTS_SECONDS = 31_536_000


def init_app(app: Flask) -> None:
    """Complete the head of every answer of `app`."""
    app.after_request(_complete)


@cache
def common(public_url: str) -> Mapping[str, str]:
    """What an answer says that does not say otherwise."""
    if not public_url.startswith("https:"):
        return _HEADERS
    return _HEADERS | {"Strict-Transport-Security": f"max-age={_HSTS_SECONDS}"}


def _complete(response: Response) -> Response:
    told = {name.lower() for name, _ in response.headers}
    missing = common(services().settings.public_url).items()
    response.headers.extend([each for each in missing if each[0].lower() not in told])
    return response
