"""Preparing the push service's stand-in over HTTP: for services that are tested against it."""

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from server import clock
from server.sandbox.apns import ApnsStandIn

_MOST_TOKENS = 100_000


class TokenChanges(BaseModel):
    """Push tokens that phones have got and lost; `accept_any` takes every well-formed one."""

    model_config = ConfigDict(extra="forbid")

    add: list[str] = Field(default=[], max_length=_MOST_TOKENS)
    retire: list[str] = Field(default=[], max_length=_MOST_TOKENS)
    accept_any: bool | None = None


class Holder(BaseModel):
    """Who a certificate is for."""

    model_config = ConfigDict(extra="forbid")

    pass_type_identifier: str = Field(pattern=r"^pass\.[A-Za-z0-9.-]{1,120}$")
    team_identifier: str = Field(default="SANDBOX001", pattern=r"^[A-Z0-9]{10}$")


def init_app(app: Flask, apns: ApnsStandIn) -> None:
    """Add the calls; both take JSON."""

    @app.post("/apns/tokens")
    def tokens() -> Response:
        changes = TokenChanges.model_validate(request.get_json())
        for token in changes.add:
            apns.tokens.add(token)
        for token in changes.retire:
            apns.tokens.retire(token, at=clock.now())
        if changes.accept_any is not None:
            apns.tokens.accept_any = changes.accept_any
        return jsonify({})

    @app.post("/apns/certificate")
    def certificate() -> Response:
        """A throw-away pass certificate that the stand-in lets in."""
        holder = Holder.model_validate(request.get_json())
        issued = apns.authority.issue_pass_certificate(
            holder.pass_type_identifier, holder.team_identifier, at=clock.now()
        )
        return jsonify(
            certificate_pem=issued.certificate_pem.decode(), key_pem=issued.key_pem.decode()
        )
