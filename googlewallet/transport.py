"""How requests reach Google, and the access token that goes with them."""

import re
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from googlewallet import answers
from googlewallet.answers import Answer
from googlewallet.credentials import ServiceAccount, is_loopback
from googlewallet.errors import ApiError

_CONNECTIONS = 32  # kept open to each host
_MOST_BYTES = 32_000_000  # a list of a thousand large objects has a third of it
_SILENCES = 6  # so many times what it may say nothing is how long an answer may take
_AT_ONCE = 65_536
_is_token = re.compile(r"[\x21-\x7e]+").fullmatch  # RFC 6750, 2.1, and a little more


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nothing of Google's lies elsewhere, so nobody looks where an answer points to."""


class Transport:
    """Sends requests over connections that stay open. Safe to share between threads."""

    def __init__(self, *, connect_seconds: float, read_seconds: float) -> None:
        """`read_seconds` is how long the other side may say nothing; the body of an answer has
        six times as long, so that one that drips does not hold a thread forever.
        """
        self._timeout = connect_seconds, read_seconds
        self._session = _Session()
        # Out of the environment come proxies alone: a .netrc would replace our access token, and
        # a bundle of roots for other programs would decide whom we trust.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        self._proxies: dict[str, dict[str, str]] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        data: bytes | str | None,
        headers: Mapping[str, str],
        query: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """The whole answer, whatever its status; raises ApiError UNREACHABLE without one."""
        try:
            with self._session.request(
                method,
                url,
                data=data,
                headers=dict(headers),
                params=query,
                timeout=self._timeout,
                allow_redirects=False,
                proxies=self._proxies_to(url),
                stream=True,
            ) as response:
                return Answer(response.status_code, response.headers, self._whole(response))
        # A ValueError is what some addresses and headers are to the libraries below.
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise answers.failure_of(error) from error

    def close(self) -> None:
        """Ends the connections."""
        self._session.close()

    def _whole(self, response: requests.Response) -> bytes:
        until = time.monotonic() + _SILENCES * self._timeout[1]
        body = bytearray()
        while part := response.raw.read1(_AT_ONCE, decode_content=True):
            body += part
            if len(body) > _MOST_BYTES:
                raise requests.RequestException(f"It has more than {_MOST_BYTES} bytes.")
            if time.monotonic() > until:
                raise requests.ReadTimeout("It came too slowly.")
        return bytes(body)

    def _proxies_to(self, url: str) -> dict[str, str]:
        """Looked up once for each host, since it takes as long as all else together."""
        host = urlsplit(url).hostname or ""
        if host not in self._proxies:
            self._proxies[host] = {} if is_loopback(host) else get_environ_proxies(url)
        return self._proxies[host]


class AccessTokens:
    """The access token of a service account: one for all threads, and one of them renews it.

    google-auth's AuthorizedSession is not used: it lets each thread fetch a token of its own, waits
    seconds in between by itself, and asks another service of Google's about regions.
    """

    def __init__(self, account: ServiceAccount, transport: Transport) -> None:
        self._credentials = account.credentials()
        self._transport = transport
        self._lock = threading.Lock()
        self._rounds = 0
        self._error: ApiError | None = None

    def current(self) -> str:
        """A token that is good for minutes still; raises ApiError when there is none to be had."""
        return self.instead_of(None)

    def instead_of(self, refused: str | None) -> str:
        """Another token than the one that Google refused, unless it is replaced already."""
        if self._is_good(refused):
            return self._token
        seen = self._rounds
        with self._lock:
            if self._rounds == seen and not self._is_good(refused):
                self._renew()  # else another thread did while this one waited
            if self._error is not None and not self._is_good(refused):
                raise self._error
            return self._token

    @property
    def _token(self) -> str:
        return str(self._credentials.token)

    def _is_good(self, refused: str | None) -> bool:
        return bool(self._credentials.valid) and self._credentials.token != refused

    def _renew(self) -> None:
        self._error = None
        try:
            self._credentials.refresh(self._ask)  # type: ignore[no-untyped-call]
            token = self._credentials.token
            if not isinstance(token, str) or not _is_token(token):
                self._credentials.token = None
                self._error = answers.not_google(200)
        except ApiError as error:
            self._error = error
        # What no token endpoint says.
        except (GoogleAuthError, ValueError, TypeError, OverflowError, RecursionError):
            self._error = answers.not_google(200)
        finally:
            self._rounds += 1

    def _ask(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Answer:
        """google-auth's `transport.Request`. It never sees a bad answer, so it never waits."""
        answer = self._transport.request(method, url, data=body, headers=headers or {})
        if answer.status != 200:
            raise answers.token_error_of(answer)
        return answer
