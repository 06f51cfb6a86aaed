"""Pictures as answers."""

import hashlib

from flask import Response, request

_FOREVER = "public, max-age=31536000, immutable"


def answer_picture(data: bytes, mimetype: str, *, is_immutable: bool) -> Response:
    """A picture; an immutable one is never asked for again under the same address."""
    answer = Response(data, mimetype=mimetype)
    answer.headers["Cache-Control"] = _FOREVER if is_immutable else "no-cache"
    answer.set_etag(hashlib.sha256(data).hexdigest())
    return answer.make_conditional(request)  # type: ignore[return-value]
