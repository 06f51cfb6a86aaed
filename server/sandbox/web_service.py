"""A phone's side of the pass web service: the five calls, sent as iOS sends them.

Apple: Wallet Passes, Adding a Web Service to Update Passes. Retries follow the archived Wallet
reference: a failed call is repeated a few times with growing waits and then given up.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from server.sandbox.errors import PassRefused, ServiceTrouble
from server.sandbox.held_pass import HeldPass

MIME_TYPE = "application/vnd.apple.pkpass"
RETRY_WAITS = (1.0, 3.0, 9.0)
_TIMEOUT_SECONDS = 10.0
_PASS_LIMIT = 50 * 1024 * 1024
_BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
_DAEMON = "passd/1.0 CFNetwork/1568.100.1 Darwin/24.0.0"


@dataclass(frozen=True, kw_only=True)
class Download:
    """A pass file as a server gave it; `last_modified` is empty when the server did not say."""

    pkpass: bytes
    last_modified: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The answer to what changed: serial numbers, and the tag to ask with next time."""

    serial_numbers: list[str]
    tag: str


class WebServiceClient:
    """The calls of one device. Not for two threads at once."""

    def __init__(
        self,
        device_library_identifier: str,
        *,
        stopping: threading.Event,
        retry_waits: Sequence[float] = RETRY_WAITS,
    ) -> None:
        """`stopping` cuts the waits between tries short."""
        self._device = device_library_identifier
        self._stopping = stopping
        self._retry_waits = retry_waits
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy in the environment is not the phone's

    def download(self, url: str) -> Download:
        """The pass behind a link, as Safari gets it. Raises PassRefused."""
        try:
            answer = self._session.get(
                url,
                headers={"User-Agent": _BROWSER, "Accept": "*/*"},
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PassRefused(f"Safari cannot open the link: {_named(error)}.") from error
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        if answer.status_code != 200:
            raise PassRefused(f"Safari cannot open the link: the answer is {answer.status_code}.")
        if kind != MIME_TYPE:
            raise PassRefused(f"This is not a pass: its type is {kind or 'not given'}.")
        return _download(answer)

    def register(self, held: HeldPass, push_token: str) -> int:
        """Ask for pushes about a pass: 201 when this is new, 200 else. Raises ServiceTrouble."""
        answer = self._call(
            f"Register task ({self._about(held)})",
            "POST",
            self._registration_url(held),
            headers=_authorization(held),
            json={"pushToken": push_token},
        )
        return self._expect(answer, f"Register task ({self._about(held)})", 200, 201)

    def unregister(self, held: HeldPass) -> int:
        """No more pushes about a pass. Raises ServiceTrouble."""
        task = f"Unregister task ({self._about(held)})"
        answer = self._call(
            task, "DELETE", self._registration_url(held), headers=_authorization(held)
        )
        return self._expect(answer, task, 200)

    def ask_changed(self, service_url: str, pass_type: str, tag: str) -> Changed | None:
        """Which passes changed since `tag` (empty: all of this device); None when none did.

        Raises ServiceTrouble.
        """
        task = (
            f"Get serial #s task (for device {self._device}, pass type {pass_type},"
            f" last updated {tag or '(null)'}; with web service url {service_url})"
        )
        answer = self._call(
            task,
            "GET",
            f"{service_url}/v1/devices/{self._device}/registrations/{_segment(pass_type)}",
            params={"passesUpdatedSince": tag} if tag else None,
        )
        if self._expect(answer, task, 200, 204) == 204:
            return None
        return _changed(answer, task)

    def fetch(self, held: HeldPass) -> Download | None:
        """The pass as it is now; None when it has not changed (304). Raises ServiceTrouble."""
        task = f"Get pass task ({self._about(held)})"
        headers = _authorization(held)
        if held.last_modified:
            headers["If-Modified-Since"] = held.last_modified
        answer = self._call(task, "GET", self._pass_url(held), headers=headers)
        if self._expect(answer, task, 200, 304) == 304:
            return None
        return _download(answer)

    def log(self, service_url: str, lines: Sequence[str]) -> None:
        """Tell the service what went wrong; when that fails too, nobody hears it."""
        try:
            self._session.post(
                f"{service_url}/v1/log",
                json={"logs": list(lines)},
                headers={"User-Agent": _DAEMON},
                timeout=_TIMEOUT_SECONDS,
            )
        except requests.RequestException:
            return

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _call(
        self,
        task: str,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        **parts: Any,
    ) -> requests.Response:
        """One call with its retries: the first answer that is final."""
        reason = ""
        for wait in (0.0, *self._retry_waits):
            if wait and self._stopping.wait(wait):
                break
            try:
                answer = self._session.request(
                    method,
                    url,
                    headers={"User-Agent": _DAEMON, **(headers or {})},
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                    **parts,
                )
            except requests.RequestException as error:
                reason = _named(error)
                continue
            if answer.status_code != 429 and answer.status_code < 500:
                return answer
            reason = f"Unexpected response code {answer.status_code}"
        raise ServiceTrouble(task, reason or "The phone is shutting down")

    def _expect(self, answer: requests.Response, task: str, *statuses: int) -> int:
        status = answer.status_code
        if status in statuses:
            return status
        reason = "Authentication failure" if status == 401 else f"Unexpected response code {status}"
        raise ServiceTrouble(task, reason)

    def _about(self, held: HeldPass) -> str:
        return (
            f"for device {self._device}, pass type {held.pass_type_identifier}, serial number"
            f" {held.serial_number}; with web service url {held.web_service_url}"
        )

    def _registration_url(self, held: HeldPass) -> str:
        return (
            f"{held.web_service_url}/v1/devices/{self._device}/registrations/"
            f"{_segment(held.pass_type_identifier)}/{_segment(held.serial_number)}"
        )

    def _pass_url(self, held: HeldPass) -> str:
        return (
            f"{held.web_service_url}/v1/passes/"
            f"{_segment(held.pass_type_identifier)}/{_segment(held.serial_number)}"
        )


def _authorization(held: HeldPass) -> dict[str, str]:
    return {"Authorization": f"ApplePass {held.authentication_token}"}


def _segment(text: str) -> str:
    return quote(text, safe="")


def _download(answer: requests.Response) -> Download:
    return Download(
        pkpass=answer.content[:_PASS_LIMIT], last_modified=answer.headers.get("Last-Modified", "")
    )


def _changed(answer: requests.Response, task: str) -> Changed:
    try:
        data = answer.json()
    except ValueError as error:
        raise ServiceTrouble(task, "The response is not JSON") from error
    serials = data.get("serialNumbers") if isinstance(data, dict) else None
    tag = data.get("lastUpdated") if isinstance(data, dict) else None
    if not isinstance(tag, str) or not isinstance(serials, list):
        raise ServiceTrouble(task, "The response has no serialNumbers or no lastUpdated text")
    return Changed(serial_numbers=[str(each) for each in serials], tag=tag)


def _named(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "The request timed out"
    if isinstance(error, requests.ConnectionError):
        return "Could not connect to the server"
    return f"The request failed ({type(error).__name__})"
