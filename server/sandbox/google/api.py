"""The calls of the Wallet API at the Google stand-in: from a request to its answer.

Answers and refusals have Google's form (`error.code`, `error.errors[].reason`); `error.status` is
left out, as Google does now and then.
"""

import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from googlewallet.client import Kind
from server.clock import Clock
from server.sandbox.errors import BodyRefused, CallRefused, SaveRefused
from server.sandbox.google.door import Door
from server.sandbox.google.faults import AnswerFault, Faults
from server.sandbox.google.links import Links
from server.sandbox.google.resources import Resources
from server.sandbox.google.shapes import Shapes

API = "/walletobjects/v1/"
TOKEN = "/token"  # noqa: S105 - a path
_KEPT = 50_000
_RESOURCE = re.compile(r"(?P<kind>[a-zA-Z]+)(/(?P<id>[^/]+)(/(?P<action>[a-zA-Z]+))?)?")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")

Action = Callable[["Call"], dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class Call:
    """A call, as it came and was answered.

    `at` is the stand-in's time, `started` and `ended` are on the monotonic clock, in seconds;
    `status` 0: the connection ended without an answer. `body` is None unless JSON came.
    """

    at: datetime
    started: float
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    ended: float = 0.0
    status: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: JSON, unless the fault that made it says otherwise."""

    status: int
    body: bytes
    retry_after_seconds: int | None = None


class Dropped(Exception):
    """The connection is to end without an answer."""


class Limiter:
    """So many calls in each second, and no more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def is_full(self, per_second: float) -> bool:
        """Whether this call is one too many; takes its place otherwise."""
        now = time.monotonic()
        with self._lock:
            while self._times and self._times[0] <= now - 1:
                self._times.popleft()
            if len(self._times) >= per_second:
                return True
            self._times.append(now)
        return False


class Api:
    """Answers calls. Safe to share between threads."""

    def __init__(
        self,
        resources: Resources,
        links: Links,
        door: Door,
        *,
        issuer_id: str,
        save_link: Callable[[dict[str, Any]], str],
        faults: Callable[[], Faults],
        shapes: Shapes,
        now: Clock,
        on_change: Callable[[], None],
    ) -> None:
        """`save_link` makes a short link for a payload; `on_change` follows each change."""
        self.calls: deque[Call] = deque(maxlen=_KEPT)
        self.answers: Counter[str] = Counter()
        self._resources = resources
        self._links = links
        self._door = door
        self._issuer_id = issuer_id
        self._save_link = save_link
        self._faults = faults
        self._now = now
        self._on_change = on_change
        self._limiter = Limiter()
        self._shapes = shapes
        self._actions: dict[tuple[str, str], Action] = {
            ("POST", "jwt"): self._insert_jwt,
            ("POST", "jwt/validate"): self._validate_jwt,
            ("GET", f"issuer/{issuer_id}"): self._issuer,
        }

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> Answer:
        """The answer to a request for `target`, a path with its query. Raises Dropped."""
        parts = urlsplit(target)
        call = Call(at=self._now(), started=time.monotonic(), method=method, path=parts.path)
        call.query = dict(parse_qsl(parts.query))
        if method in ("POST", "PUT", "PATCH") and parts.path != TOKEN:
            call.body = _read(body)
        faults = self._faults()
        fault = faults.take(method, parts.path)
        try:
            answer = self._faulty(call, faults, fault, authorization, body)
            call.status = answer.status
        finally:
            call.ended = time.monotonic()
            self.calls.append(call)
            self.answers[f"{call.status} {call.reason}".rstrip()] += 1
        return answer

    def _faulty(
        self,
        call: Call,
        faults: Faults,
        fault: AnswerFault | None,
        authorization: str,
        body: bytes,
    ) -> Answer:
        if delay := faults.delay_seconds + (fault.delay_seconds if fault else 0):
            time.sleep(delay)
        if fault and fault.drop == "before_commit":
            raise Dropped
        if fault and fault.status:
            return _fault_answer(call, fault)
        answer = self._true(call, faults, authorization, body)
        if fault and fault.drop:
            raise Dropped
        return answer

    def _true(self, call: Call, faults: Faults, authorization: str, body: bytes) -> Answer:
        """The answer when nothing is made to go wrong."""
        try:
            if call.path == TOKEN:
                return _json(200, self._door.grant(dict(parse_qsl(body.decode("latin-1")))))
            self._door.require(authorization)
            limit = faults.requests_per_second
            if limit is not None and self._limiter.is_full(limit):
                raise CallRefused(429, "rateLimitExceeded", "Too many requests.")
            if call.method in ("POST", "PUT", "PATCH") and not isinstance(call.body, dict):
                raise BodyRefused("", "the body must be a JSON object")
            found = self._carry_out(call)
        except CallRefused as error:
            call.reason = error.reason
            return _refusal(call, error.status, error.reason, str(error))
        except (BodyRefused, SaveRefused) as error:
            call.reason = "invalid"
            return _refusal(call, 400, "invalid", str(error))
        if call.method != "GET":
            self._on_change()
        return _json(200, found)

    def _carry_out(self, call: Call) -> dict[str, Any]:
        rest = call.path.removeprefix(API)
        if special := self._actions.get((call.method, rest)):
            return special(call)
        match = _RESOURCE.fullmatch(rest)
        kind = match["kind"] if match else ""
        if match is None or not call.path.startswith(API) or kind not in set(Kind):
            raise CallRefused(404, "notFound", "Not Found")
        return self._on_resource(call, Kind(kind), unquote(match["id"] or ""), match["action"])

    def _on_resource(self, call: Call, kind: Kind, id: str, action: str | None) -> dict[str, Any]:
        resources = self._resources
        match (call.method, bool(id), action):
            case ("POST", False, None):
                return resources.insert(kind, call.body)
            case ("GET", False, None):
                return self._list(call, kind)
            case ("GET", True, None):
                return resources.get(kind, id)
            case ("PUT", True, None):
                return resources.update(kind, id, call.body)
            case ("PATCH", True, None):
                return resources.patch(kind, id, call.body)
            case ("POST", True, "addMessage"):
                return resources.add_message(kind, id, call.body)
            case ("POST", True, "modifyLinkedOfferObjects") if kind is Kind.LOYALTY_OBJECT:
                return resources.modify_linked_offers(id, call.body)
        raise CallRefused(404, "notFound", "Not Found")

    def _list(self, call: Call, kind: Kind) -> dict[str, Any]:
        owner = call.query.get("issuerId" if kind.is_class else "classId", "")
        most = call.query.get("maxResults")
        if most is not None and not _COUNT.fullmatch(most):
            raise CallRefused(400, "invalidParameter", "maxResults must be a positive number.")
        return self._resources.list(
            kind,
            owner,
            most=None if most is None else int(most),
            token=call.query.get("token", ""),
        )

    def _insert_jwt(self, call: Call) -> dict[str, Any]:
        self._shapes.require_request("JwtResource", call.body)
        payload = self._links.payload(call.body.get("jwt", ""))
        self._links.check(payload)
        link = self._save_link(payload)
        resources: dict[str, list[Any]] = {}
        for kind, body in self._links.make(payload):
            resources.setdefault(f"{kind}es" if kind.is_class else f"{kind}s", []).append(body)
        return {"saveUri": link, "resources": resources}

    def _validate_jwt(self, call: Call) -> dict[str, Any]:
        self._shapes.require_request("JwtValidateRequest", call.body)
        if len(call.body) != 1:
            raise BodyRefused("", "give exactly one of jwtResource and jsonResource")
        if "jwtResource" in call.body:
            payload = self._links.payload(call.body["jwtResource"].get("jwt", ""))
        else:
            whole = _read(call.body["jsonResource"].get("json", "").encode())
            if not isinstance(whole, dict):
                raise BodyRefused("jsonResource.json", "must be a JSON object")
            payload = whole.get("payload", whole)
            if not isinstance(payload, dict):
                raise BodyRefused("jsonResource.json", "its payload must be a JSON object")
        self._links.check(payload)
        return {}

    def _issuer(self, _: Call) -> dict[str, Any]:
        return {"issuerId": self._issuer_id, "name": "Sandbox"}


def _read(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _fault_answer(call: Call, fault: AnswerFault) -> Answer:
    call.reason = fault.told_reason
    status = fault.status or 500
    answer = _refusal(call, status, fault.told_reason, "The stand-in was told to say so.")
    body = answer.body if fault.body is None else fault.body.encode()
    return Answer(status, body, fault.retry_after_seconds)


def _refusal(call: Call, status: int, reason: str, message: str) -> Answer:
    if call.path == TOKEN:
        return _json(status, {"error": reason, "error_description": message})
    domain = "global" if status == 401 else "walletobjects"
    error = {"message": message, "domain": domain, "reason": reason}
    return _json(status, {"error": {"code": status, "message": message, "errors": [error]}})


def _json(status: int, data: Any) -> Answer:
    return Answer(status, json.dumps(data).encode())
