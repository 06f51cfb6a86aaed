"""Reading what a page or a program sent, or saying clearly what is wrong with it."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from server.errors import BadRequest, Refused

Body = TypeVar("Body", bound=BaseModel)


def read_json(model: type[Body]) -> Body:
    """The request's JSON body as `model`.

    Raises:
        BadRequest: `json_invalid`; not JSON at all.
        Refused: `invalid`; the first field that is wrong is named.
    """
    if not request.is_json:
        raise BadRequest("json_expected", "Send JSON with Content-Type: application/json.")
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise BadRequest("json_invalid", f"The body is not JSON: {first['msg']}") from error
        field = ".".join(str(step) for step in first["loc"])
        raise Refused("invalid", f"{field}: {first['msg']}", fields={"field": field}) from error
