"""The two calls that phones make all the time, answered before the framework sees them.

A list and a fetch as phones send them ask for one look at the database; the framework around it
would cost several times that. Everything else is the framework's: what is unusual about an
address, HEAD, and whatever goes wrong, so that errors have one shape. The rules are those of
`server.web.apple_web_service`.
"""

import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask

from server.door import UNKNOWN_LENGTH
from server.errors import attempt
from server.services import Services
from server.wallets import apple_calls
from server.wallets.apple_calls import Answer
from server.wallets.apple_trace import Call, note_call
from server.web import FAILED, headers, limits, observed

_GROUP = "apple_web_service"
_NAME = "[A-Za-z0-9._~-]{1,128}"
_LIST = re.compile(f"/v1/devices/({_NAME})/registrations/({_NAME})").fullmatch
_FETCH = re.compile(f"/v1/passes/({_NAME})/({_NAME})").fullmatch
_SINCE = re.compile("(?:passesUpdatedSince=([0-9]{1,18}))?").fullmatch
_NOTHING = (None, "", "0")
_STATUS = {status: f"{status} {HTTPStatus(status).phrase}" for status in (200, 204, 304)}

_App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Shortcut:
    """WSGI in front of the `wsgi_app` that `app` has so far."""

    def __init__(self, app: Flask) -> None:
        self._otherwise: _App = app.wsgi_app
        self._extensions = app.extensions
        self._services: Services = app.extensions["leima"]
        common = headers.common(self._services.settings.public_url)
        self._headers = list(common.items())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # To write down each request is the framework's, too.
        is_ours = _is_plain(environ) and not observed.is_verbose()
        answer = self._answer(environ) if is_ours else None
        if answer is None:
            return self._otherwise(environ, start_response)
        length = (("Content-Length", str(len(answer.body))),) if answer.body else ()
        start_response(_STATUS[answer.status], [*answer.headers, *length, *self._headers])
        return (answer.body,)

    def _answer(self, environ: dict[str, Any]) -> Answer | None:
        """None: this is for the framework."""
        began = time.perf_counter()
        answer, error = attempt(lambda: self._list(environ) or self._fetch(environ))
        if error is not None:  # the framework makes the answer of it
            environ[FAILED] = error
        if answer is not None:
            observed.count(_GROUP, "GET", answer.status, time.perf_counter() - began)
        return answer

    def _list(self, environ: dict[str, Any]) -> Answer | None:
        match, since = _LIST(environ.get("PATH_INFO", "")), _SINCE(environ.get("QUERY_STRING", ""))
        if not match or not since:
            return None
        device, pass_type = match.groups()
        self._admit(environ, "list_changed", device=device)
        answer = apple_calls.list_changed(
            self._services, device, pass_type, int(since[1]) if since[1] else None
        )
        self._note(environ, answer, "list", pass_type, device=device)
        return answer

    def _fetch(self, environ: dict[str, Any]) -> Answer | None:
        match, holder = _FETCH(environ.get("PATH_INFO", "")), self._extensions["leima_identity"]
        if not match or holder is None:
            return None
        pass_type, serial_number = match.groups()
        self._admit(environ, "fetch", serial_number=serial_number)
        answer = apple_calls.fetch(
            self._services,
            (pass_type, serial_number),
            authorization=environ.get("HTTP_AUTHORIZATION"),
            if_modified_since=environ.get("HTTP_IF_MODIFIED_SINCE"),
            identity=holder.current(),
            files=self._extensions["leima_pass_files"],
        )
        self._note(environ, answer, "fetch", pass_type, serial_number=serial_number)
        return answer

    def _admit(self, environ: dict[str, Any], name: str, **parts: str) -> None:
        buckets, address = self._extensions["leima_buckets"], environ.get("REMOTE_ADDR", "")
        limits.admit(self._services.settings, buckets, f"{_GROUP}.{name}", parts, address)

    def _note(
        self,
        environ: dict[str, Any],
        answer: Answer,
        name: str,
        pass_type: str,
        *,
        serial_number: str | None = None,
        device: str | None = None,
    ) -> None:
        agent = environ.get("HTTP_USER_AGENT", "")
        call = Call(
            name,
            at=self._services.now(),
            status=answer.status,
            caller=f"{environ.get('REMOTE_ADDR', '')} {agent[:80]}",
            pass_type=pass_type,
            serial_number=serial_number,
            device=device,
            told=answer.told,
        )
        note_call(self._services, call)


def _is_plain(environ: dict[str, Any]) -> bool:
    """Whether a phone is asking for something and sends nothing."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("PATH_INFO", "").startswith("/v1/")
        and environ.get("CONTENT_LENGTH") in _NOTHING
        and "HTTP_TRANSFER_ENCODING" not in environ
        and not environ.get(UNKNOWN_LENGTH)
    )
