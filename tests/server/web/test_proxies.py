"""Who is calling: believed from trusted proxies only."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from server.app import create_app
from server.web.proxies import TrustedProxies

TRUSTED = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))


def seen(peer: str, networks: Any = TRUSTED, **headers: str) -> tuple[str, str]:
    """The caller's address and scheme, as the app sees them."""
    environ: dict[str, Any] = {
        "REMOTE_ADDR": peer,
        "wsgi.url_scheme": "http",
        **{f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()},
    }
    list(TrustedProxies(lambda environ, _: [], networks)(environ, None))
    assert not [name for name in environ if name.startswith("HTTP_X_FORWARDED")]
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]


def test_a_trusted_proxy_says_who_is_calling_and_how():
    assert seen("10.1.2.3", **{"for": "192.0.2.7", "proto": "https"}) == ("192.0.2.7", "https")


def test_a_stranger_says_nothing_about_itself():
    forged = {"for": "127.0.0.1", "proto": "https"}
    assert seen("192.0.2.66", **forged) == ("192.0.2.66", "http")


def test_nobody_is_trusted_unless_named():
    assert seen("127.0.0.1", (), **{"for": "192.0.2.7"}) == ("127.0.0.1", "http")


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        ("1.1.1.1, 192.0.2.7", "192.0.2.7"),  # the caller wrote the first one itself
        ("127.0.0.1, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.9.9.9", "192.0.2.7"),  # two proxies of ours
        ("10.9.9.8, 10.9.9.9", "10.9.9.8"),  # a caller inside our own network
        ("192.0.2.7, garbage", "10.1.2.3"),
        ("garbage, 10.9.9.9", "10.9.9.9"),
        ("", "10.1.2.3"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_chain_is_believed_back_to_the_first_stranger(forwarded: str, caller: str):
    assert seen("10.1.2.3", **{"for": forwarded})[0] == caller


def test_a_peer_on_a_socket_for_both_protocols_is_recognised():
    assert seen("::ffff:10.1.2.3", **{"for": "192.0.2.7"})[0] == "192.0.2.7"


@pytest.mark.parametrize("scheme", ["ftp", "javascript", "", "https, ftp"])
def test_only_a_scheme_of_the_web_is_taken(scheme: str):
    assert seen("10.1.2.3", **{"for": "192.0.2.7", "proto": scheme})[1] == "http"


def test_the_address_behind_a_trusted_proxy_decides_about_the_metrics(services, identity):
    settings = replace(services.settings, trusted_proxies=TRUSTED)
    client = create_app(replace(services, settings=settings), identity=identity).test_client()
    for forwarded, status in (("192.0.2.7", 401), ("127.0.0.1, 192.0.2.7", 401)):
        answer = client.get("/metrics", headers={"X-Forwarded-For": forwarded})
        assert answer.status_code == status
    assert client.get("/metrics").status_code == 200
