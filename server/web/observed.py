"""Every request is counted, timed and logged: by its route, never by its address.

A route is the pattern (`/c/<link_token>`), so that no token, device or search word of an address
can reach the log. Of its parts only those on a short list are written down as ids.
"""

import logging
import time
from functools import cache
from types import TracebackType
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Histogram

from server import metrics

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_IDS = ("pass_type", "serial_number", "card_id", "member_id", "event_id")
# Asked for all the time, and of no interest when all is well.
_QUIET = ("apple_web_service", "health", "static")

_log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Look at every request of `app`. Call it first: the time runs from here."""
    app.before_request(_start)
    app.after_request(_finish)
    # Flask's own line on an exception holds the whole address.
    app.log_exception = _failed  # type: ignore[method-assign]


def route() -> str:
    """The pattern of the address, `-` when it has none."""
    return request.url_rule.rule if request.url_rule else "-"


def count(group: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _histogram(group, method, status).observe(seconds)


def is_verbose() -> bool:
    """Whether every request is logged, also the many in which all is well."""
    return _log.isEnabledFor(logging.DEBUG)


def _group() -> str:
    rule = request.url_rule
    return str(rule.endpoint).partition(".")[0] if rule else "unknown"


def _ids() -> str:
    """Those parts of the address that name something and open nothing."""
    given = request.view_args or {}
    return ",".join(f"{name}:{given[name]}" for name in _IDS if given.get(name)) or "-"


def _start() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    method = request.method if request.method in _METHODS else "other"
    group = _group()
    count(group, method, response.status_code, seconds)
    is_quiet = group in _QUIET and response.status_code < _worth_a_line(group)
    level = logging.DEBUG if is_quiet else logging.INFO
    if not _log.isEnabledFor(level):
        return response
    _log.log(
        level,
        "http.request method=%s route=%s ids=%s status=%d ms=%.1f",
        method,
        route(),
        _ids(),
        response.status_code,
        seconds * 1000,
    )
    return response


@cache
def _histogram(group: str, method: str, status: int) -> Histogram:
    return metrics.REQUESTS.labels(group, method, str(status))


def _worth_a_line(group: str) -> int:
    """From which status on. What a phone is refused is what somebody will ask about."""
    return 400 if group == "apple_web_service" else 500


def _failed(
    exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
) -> Any:
    _log.error(
        "http.failed method=%s route=%s ids=%s", request.method, route(), _ids(), exc_info=exc_info
    )
