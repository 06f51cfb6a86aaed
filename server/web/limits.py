"""How much one caller may ask of the service: how often, and how large a body.

Real phones never meet these. One that adds a card may register hundreds of times within minutes,
under another device identifier each time; a change of all cards brings every phone back once, many
of them through one address of their operator. A loop does meet them, and is told to wait. What
opens something (logins, PINs) is counted in the database instead: `server.throttle`.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any

from flask import Flask, current_app, request
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from server import throttle
from server.buckets import Buckets, Rate
from server.config import Settings
from server.door import UNKNOWN_LENGTH
from server.errors import SignedOut, TooMany
from server.face import Text
from server.web import FAILED, services

_DEVICE = Rate(1000, 5)
_FETCH = Rate(1000, 5)
_REGISTER = Rate(2000, 1)  # by pass: device identifiers may change, and each makes a row
_LOG = Rate(600, 10)
_CLICK = Rate(100, 0.5)  # each may ask Google something
_JOIN = Rate(300, 0.5)  # a full house joins through one wireless network
_ADDRESS = Rate(10_000, 100)
_WRONG_KEY = Rate(30, 0.1)

# endpoint -> what is counted by which part of the address
_BY_PART: dict[str, tuple[tuple[str, Rate], ...]] = {
    "apple_web_service.register": (("device", _DEVICE), ("serial_number", _REGISTER)),
    "apple_web_service.unregister": (("device", _DEVICE), ("serial_number", _REGISTER)),
    "apple_web_service.list_changed": (("device", _DEVICE),),
    "apple_web_service.fetch": (("serial_number", _FETCH),),
    "google_wallet.look": (("link_token", _CLICK),),
    "google_wallet.add": (("link_token", _CLICK),),
}
# endpoint -> what is counted by where the caller is
_BY_ADDRESS: dict[str, Rate] = {
    **dict.fromkeys(_BY_PART, _ADDRESS),
    "apple_web_service.log": _LOG,
    "member.join": _JOIN,
}

_PAGE_BODY = 64 * 1024
_BODIES = {"api": 512 * 1024, "apple_web_service": 512 * 1024}
MOST_BYTES = max(_BODIES.values())
_ENDPOINT_BODIES = {
    "apple_web_service.register": 8 * 1024,
    "google_callbacks.take": 16 * 1024,  # ten times what Google sends
}


def init_app(app: Flask) -> None:
    """Refuse what is too much, before anything is read or looked up."""
    app.extensions["leima_buckets"] = Buckets()
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.before_request(_refuse_loops)
    app.before_request(_refuse_large_bodies)


def body_limit(endpoint: str | None) -> int:
    """The largest body that `endpoint` takes, in bytes."""
    name = endpoint or ""
    limit = _BODIES.get(name.partition(".")[0], _PAGE_BODY)
    return _ENDPOINT_BODIES.get(name, limit)


@contextmanager
def counting_wrong_keys() -> Iterator[None]:
    """Around the look at an API key: who sent too many wrong ones is not looked at.

    Raises:
        TooMany: thirty wrong keys from this address, and one more each ten seconds.
    """
    factor = services().settings.rate_limit_factor
    address = request.remote_addr or ""
    if not factor or not _is_known(services().settings, address):
        yield
        return
    key, rate = ("wrong key", throttle.network_of(address)), _scaled(_WRONG_KEY, factor)
    _refuse(_buckets().wait(key, rate))
    try:
        yield
    except SignedOut:
        _buckets().take(key, rate)
        raise


def admit(
    settings: Settings, buckets: Buckets, endpoint: str, parts: Mapping[str, Any], address: str
) -> None:
    """Count a request for `endpoint`, `parts` being those of its address, from a caller's address.

    Raises:
        TooMany: it is one too many.
    """
    factor = settings.rate_limit_factor
    if not factor:
        return
    for part, rate in _BY_PART.get(endpoint, ()):
        _refuse(buckets.take((endpoint, part, hash(parts.get(part))), _scaled(rate, factor)))
    if _is_known(settings, address):
        rate = _BY_ADDRESS[endpoint]
        _refuse(buckets.take((rate, throttle.network_of(address)), _scaled(rate, factor)))


def _refuse_large_bodies() -> None:
    """By what the caller says, so that nothing is read, also where nobody would have read it.

    A body without a length would be cut at the limit and read as if that were all.
    """
    limit = body_limit(request.endpoint)
    request.max_content_length = limit
    is_untold = "Transfer-Encoding" in request.headers or request.environ.get(UNKNOWN_LENGTH)
    if request.content_length is None and is_untold:
        raise LengthRequired("Send the body with a Content-Length.")
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"The body is larger than {limit // 1024} KiB.")


def _refuse_loops() -> None:
    endpoint = request.endpoint or ""
    if endpoint in _BY_ADDRESS and FAILED not in request.environ:
        address, parts = request.remote_addr or "", request.view_args or {}
        admit(services().settings, _buckets(), endpoint, parts, address)


def _is_known(settings: Settings, address: str) -> bool:
    """Behind a proxy that we do not know of all phones have one address; and programs on this
    machine are ours."""
    return settings.knows_its_front and _is_remote(address)


@lru_cache(maxsize=4096)
def _is_remote(address: str) -> bool:
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return False


def _buckets() -> Buckets:
    buckets: Buckets = current_app.extensions["leima_buckets"]
    return buckets


@cache
def _scaled(rate: Rate, factor: float) -> Rate:
    return Rate(max(1, int(rate.burst * factor)), rate.per_second * factor)


def _refuse(wait: float) -> None:
    if wait:
        seconds = math.ceil(wait)
        raise TooMany(
            "too_many_requests",
            f"Too many requests: wait {seconds} seconds.",
            text=Text(
                f"Liian monta pyyntöä: odota {seconds} s.",
                f"För många förfrågningar: vänta {seconds} s.",
                f"Too many requests: wait {seconds} s.",
            ),
            fields={"retry_after": seconds},
        )
