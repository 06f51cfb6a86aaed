"""For those who run the service: does it answer, can it work, and what has it counted."""

import hmac
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from server import checks, google_checks, metrics
from server.checks import Check
from server.errors import SignedOut
from server.web import identity, services
from server.web.proxies import IS_FORWARDED

health = Blueprint("health", __name__)


@health.after_request
def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@health.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@health.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    """Whether cards can be stamped and signed: 200 or 503, with each check.

    Strangers learn which check fails, the operator also why. Google, if it is set up, is told of
    and turns nothing red: no other server would do better.
    """
    found = [
        checks.database(services().database),
        checks.certificate(identity, at=services().now()),
    ]
    is_red = any(check.level == checks.FAIL for check in found)
    found += google_checks.ready(services().settings, services().database)
    body = {
        "status": "not_ready" if is_red else "ready",
        "checks": [_shown(check, in_full=_is_operator()) for check in found],
    }
    return body, 503 if is_red else 200


@health.get("/metrics")
def prometheus() -> Response:
    """Counters and gauges for Prometheus; not for the public."""
    if not _is_operator():
        raise SignedOut(
            "metrics_closed",
            "Metrics open with the bearer token of LEIMA_METRICS_TOKEN, or without one to callers "
            "on this machine: docs/operations.md.",
        )
    at = services().now()
    backlog = checks.backlog(services().database)
    metrics.OWED.set(backlog.count if backlog else float("nan"))
    metrics.OLDEST.set(backlog.oldest_seconds(at) if backlog else float("nan"))
    _count_google(at)
    for pass_type, days in checks.days_left(identity, at=at).items():
        metrics.CERTIFICATE.labels(pass_type).set(days)
    return Response(metrics.text(), content_type=metrics.CONTENT_TYPE)


def _count_google(at: datetime) -> None:
    issuer_id = services().settings.google_issuer_id
    if issuer_id is None:
        return
    try:
        queue = google_checks.queue(services().database, issuer_id)
    except SQLAlchemyError:
        queue = None
    unknown = float("nan")
    metrics.GOOGLE_OWED.set(queue.backlog.count if queue else unknown)
    metrics.GOOGLE_OLDEST.set(queue.backlog.oldest_seconds(at) if queue else unknown)
    metrics.GOOGLE_GIVEN_UP.set(queue.given_up if queue else unknown)
    metrics.GOOGLE_PAUSED.set(queue.is_paused if queue else unknown)
    compared_at = queue.issuer.reconciled_at if queue and queue.issuer else None
    since = (at - compared_at).total_seconds() if compared_at else unknown
    metrics.GOOGLE_RECONCILED.set(since)


def _shown(check: Check, *, in_full: bool) -> dict[str, str]:
    shown = {"name": check.name, "level": check.level}
    return {**shown, "says": check.says, "do": check.do} if in_full else shown


def _is_operator() -> bool:
    """A caller with the token; where there is none, a caller on this machine.

    A proxy on this machine makes everybody look local, so being local proves something only where
    no undeclared proxy can be in front.
    """
    settings = services().settings
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.metrics_token}".encode())
    is_relayed = request.environ.get(IS_FORWARDED, False) and not settings.trusted_proxies
    return settings.knows_its_front and not is_relayed and _is_local(request.remote_addr)


def _is_local(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
