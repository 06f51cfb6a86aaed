"""The REST API for backends, at /api/v1."""

from flask import Blueprint, Response, jsonify
from flask_openapi3.openapi import OpenAPI

from server.web.api import cards, events, members  # noqa: F401  they add their operations
from server.web.api.contract import SECURITY, api, document, invalid
from server.web.api.schemas import Problem

__all__ = ["SECURITY", "Problem", "init_app", "invalid"]

_open = Blueprint("api_document", __name__, url_prefix="/api/v1")


def init_app(app: OpenAPI) -> None:
    """Serve the operations, and the document that describes them to anybody."""
    app.register_api(api)
    app.register_blueprint(_open)


@_open.get("/openapi.json")
def show_document() -> Response:
    """The OpenAPI 3.1 document."""
    return jsonify(document())
