"""What can be tried from here as a phone would: the public address, as the world meets it.

Each try has its own time limit, follows no redirect and sends no secret. From this host the way
may be another than a phone's (a name of the house's own, no firewall): the words say "from here".
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from server.checks import FAIL, OK, WARN, Check
from server.config import Settings

TIMEOUT_SECONDS = 5.0
LONGEST_SECONDS = 10.0  # for an answer that comes drop by drop
PATIENCE_SECONDS = 30.0  # for everything
_READ_BYTES = 65_536

_TLS_DAYS = 14
_SKEW = timedelta(minutes=2)
_UNKNOWN = "leimadoctor"
_PHONE = "passd/1.0 CFNetwork/3800 Darwin/27.0.0"
_WALLS = ("captcha", "challenge", "cf-chl", "just a moment", "access denied", "are you human")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the public address said: the status, its headers in lower case, a piece of the body."""

    status: int
    headers: dict[str, str]
    body: str


def look(
    settings: Settings, *, at: datetime, pass_type: str, ca_file: str | None = None
) -> list[Check]:
    """Reach the service as phones do. Nothing is tried when only this machine can reach it.

    `ca_file` holds root certificates to trust instead of the system's.
    """
    if settings.is_loopback:
        return []
    found: list[Check] = []
    url = settings.public_url

    def work() -> None:
        found.extend(try_address(url, at=at, pass_type=pass_type, ca_file=ca_file))

    thread = threading.Thread(target=work, name="outside", daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)  # looking a name up knows no time limit of ours
    if found and not thread.is_alive():
        return found
    says = f"{url}: no answer within {PATIENCE_SECONDS:.0f} s"
    return [Check("reachable", FAIL, says, "check DNS, the proxy and the firewall")]


def try_address(
    url: str, *, at: datetime, pass_type: str, ca_file: str | None = None
) -> list[Check]:
    """The same for any address, also this machine's own."""
    parts = urlsplit(url)
    found = []
    if parts.scheme == "https":
        tls = _tls(parts.hostname or "", parts.port or 443, at=at, ca_file=ca_file)
        found.append(tls)
        if tls.level == FAIL:
            return found
    path = f"/v1/devices/{_UNKNOWN}/registrations/{pass_type}"
    try:
        listed = ask(f"{url}{path}", ca_file)
        fetched = ask(f"{url}/v1/passes/{pass_type}/{_UNKNOWN}", ca_file, authorization="x" * 32)
    except requests.RequestException as error:
        says = f"{url} cannot be reached from here: {cause(error)}"
        return [
            *found,
            Check(
                "reachable",
                FAIL,
                says,
                "check DNS, the proxy and the firewall: phones use port 443",
            ),
        ]
    return [*found, _reachable(url, listed, fetched), *_headers(listed, at)]


def _tls(host: str, port: int, *, at: datetime, ca_file: str | None) -> Check:
    """The chain and the name, checked as strictly as a phone does."""
    context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            certificate = wrapped.getpeercert() or {}
            version = wrapped.version()
    except ssl.SSLCertVerificationError as error:
        return Check("https", FAIL, f"{host}: {error.verify_message}", _mend_tls(error.verify_code))
    except (OSError, ssl.SSLError) as error:
        says = f"{host}:{port} does not speak TLS from here: {error}"
        return Check(
            "https", FAIL, says, "phones need https with TLS 1.2 or newer at the public address"
        )
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (until - at).days
    says = f"{host}: chain and name are right, {version}, until {until:%Y-%m-%d} ({days} days)"
    if days <= _TLS_DAYS:
        return Check("https", WARN, says, "renew it: phones refuse an expired one without a word")
    return Check("https", OK, says)


def _mend_tls(code: int) -> str:
    """What to do, by OpenSSL's number of the fault."""
    if code in (62, 64):  # a name or an address
        return "the certificate is for another name: get one for the host of LEIMA_PUBLIC_URL"
    if code in (9, 10):
        return "the certificate is out of date, or this host's clock is wrong: renew it"
    if code in (18, 19, 20, 21):
        return (
            "serve the whole chain (certificate, then intermediates), issued by an authority that "
            "phones know; browsers mend a missing intermediate, phones do not"
        )
    return "phones trust none but a valid chain of a known authority"


def ask(
    url: str,
    ca_file: str | None = None,
    *,
    authorization: str = "",
    agent: str = _PHONE,
    body: str | None = None,
) -> Answer:
    """The answer to a GET, or with a `body` (JSON) to a POST, by a caller that calls itself
    `agent`; no redirect is followed.

    Raises:
        requests.RequestException: there was none.
    """
    headers = {"User-Agent": agent, "Accept": "*/*"}
    if authorization:
        headers["Authorization"] = f"ApplePass {authorization}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    end = time.monotonic() + LONGEST_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(
            "GET" if body is None else "POST",
            url,
            data=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
            verify=ca_file or True,
        )
        given = b""
        for piece in answer.iter_content(1024):
            given += piece
            if len(given) > _READ_BYTES or time.monotonic() > end:
                break
        answer.close()
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, lowered, given.decode(errors="replace").lower())


_Rule = tuple[Callable[[Answer, Answer], bool], str, str]


def _is_redirect(answer: Answer) -> bool:
    return 300 <= answer.status < 400


def _is_wall(answer: Answer) -> bool:
    return answer.status in (403, 429, 503) or any(word in answer.body for word in _WALLS)


# What is seen of (list, fetch), what it means, what to do: the first that fits.
_RULES: tuple[_Rule, ...] = (
    (
        lambda listed, fetched: _is_redirect(listed) or _is_redirect(fetched),
        "/v1/ is redirected: phones do not follow",
        "set LEIMA_PUBLIC_URL to the address it leads to; cards already given out keep the old "
        "one, so let that answer itself",
    ),
    (
        lambda listed, fetched: _is_wall(listed) or _is_wall(fetched),
        "something in front of /v1/ turns phones away (bot protection, a rate limit, a firewall)",
        "let /v1/ through without challenges, whatever the User-Agent",
    ),
    (
        lambda listed, _: listed.status == 401,
        "the list wants a sign-in: phones send none there",
        "take authentication off /v1/ at the proxy",
    ),
    (
        lambda listed, _: listed.status == 404,
        "/v1/ is not found: another service answers there, or the proxy adds a path",
        "pass /v1/ on unchanged to Leima; is the host in LEIMA_PUBLIC_URL the right one?",
    ),
    (
        lambda listed, _: listed.status >= 500,
        "the proxy answers, Leima does not",
        "is leima run (or leima web) up, and does the proxy know where?",
    ),
    (
        lambda listed, fetched: listed.status != 204 or fetched.status != 401,
        "the answers to a phone are not Leima's",
        "pass /v1/ on to Leima unchanged, with the Authorization header",
    ),
    (
        lambda _, fetched: "pass_not_opened" not in fetched.body,
        "the Authorization header does not reach Leima",
        "let the proxy pass Authorization on for /v1/ (and not ask for one itself)",
    ),
)


def _reachable(url: str, listed: Answer, fetched: Answer) -> Check:
    statuses = f"list {listed.status}, fetch {fetched.status}"
    for is_so, says, do in _RULES:
        if is_so(listed, fetched):
            where = listed.headers.get("location") or fetched.headers.get("location")
            return Check("reachable", FAIL, f"{says} ({where or statuses})", do)
    return Check("reachable", OK, f"{url}/v1/ answers as phones need it, from here")


def _headers(listed: Answer, at: datetime) -> list[Check]:
    """The clock of whoever answers, and that nobody keeps answers meant for one phone."""
    found = []
    if "no-store" not in listed.headers.get("cache-control", ""):
        found.append(
            Check(
                "caching",
                WARN,
                "the answers lost their Cache-Control on the way",
                "keep nothing below /v1/ in a cache, and leave its headers alone",
            )
        )
    try:
        skew = parsedate_to_datetime(listed.headers["date"]) - at
    except (KeyError, ValueError, TypeError):
        return found
    if abs(skew) > _SKEW:
        says = f"the public address is {abs(int(skew.total_seconds()))} s off this host's clock"
        do = "set both clocks (NTP): 304 and certificates depend on them"
        return [*found, Check("skew", WARN, says, do)]
    return found


def cause(error: requests.RequestException) -> str:
    """Why there was no answer, in a few words."""
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    return str(getattr(error.args[0], "reason", error) if error.args else error)[:120]
