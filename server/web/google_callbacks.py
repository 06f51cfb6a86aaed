"""What Google calls back: somebody put a card into a wallet, or took it out.

Google Wallet, Use callbacks. A callback is a hint: it may come late, twice or never, so all it
does is to have the worker ask Google how the card stands.
"""

from flask import Blueprint, Flask, Response, request

from googlewallet.errors import CallbackRefused
from server.wallets.google.bodies import CALLBACK_PATH
from server.web import google, problems

google_callbacks = Blueprint("google_callbacks", __name__)

_AGAIN_SECONDS = 60


def init_app(app: Flask) -> None:
    """Take callbacks."""
    app.register_blueprint(google_callbacks)
    app.register_error_handler(CallbackRefused, _refuse)


@google_callbacks.post(CALLBACK_PATH)
def take() -> Response:
    """200 for what is proven to be Google's and about a card of ours, also when it comes again."""
    google().take(request.get_data())
    response = Response(status=200)
    del response.headers["Content-Type"]
    return response


def _refuse(error: CallbackRefused) -> Response:
    """What is not proven has no effect; 503 when the same may be proven later."""
    if error.is_temporary:
        return problems.problem(503, error.code, str(error), {"retry_after": _AGAIN_SECONDS})
    return problems.problem(400, error.code, str(error))
