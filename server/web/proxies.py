"""Who is really calling, when proxies of ours stand in front.

Anybody can send `X-Forwarded-For`, so it is believed only from the networks in
LEIMA_TRUSTED_PROXIES, and only back to the first address outside them. Everywhere else the
headers are taken away: nothing behind this room can believe them by mistake.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from server.config import Network

_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
IS_FORWARDED = "leima.is_forwarded"  # in the environ: the request came through some proxy


class TrustedProxies:
    """Puts the caller's address and scheme into the request, as a trusted proxy reports them."""

    def __init__(
        self, app: Callable[..., Iterable[bytes]], networks: Sequence[Network] = ()
    ) -> None:
        self._app = app
        self._networks = networks

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = {name: environ.pop(name) for name in _HEADERS if name in environ}
        environ[IS_FORWARDED] = bool(given)
        if self._networks and self._is_trusted(_address(environ.get("REMOTE_ADDR", ""))):
            self._believe(environ, given)
        return self._app(environ, start_response)

    def _believe(self, environ: dict[str, Any], given: dict[str, str]) -> None:
        hops = given.get("HTTP_X_FORWARDED_FOR", "").split(",")
        for hop in reversed(hops):
            if (address := _address(hop)) is None:
                break  # what stands further left was not written by a proxy of ours
            environ["REMOTE_ADDR"] = str(address)
            if not self._is_trusted(address):
                break
        scheme = given.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # how a socket for both shows IPv4
    return mapped or address
