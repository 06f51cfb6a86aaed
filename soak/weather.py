"""What goes wrong in a storm: every switch of the push service's stand-in, read from its model."""

import random
import types
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from server.sandbox.faults import AnswerFault, Faults

# What the service may answer instead of the truth (Apple: Handling notification responses from
# APNs), to any push. The two about a token mean single phones, which then get another one.
_ANSWERS = (
    (429, "TooManyRequests"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (403, "InvalidProviderToken"),
)
DEAD_TOKEN = ((410, "Unregistered"), (400, "BadDeviceToken"))
_LONGEST_DELAY_SECONDS = 3.0  # below the push client's patience, mostly
_LARGEST = 20  # of a number without a limit
_TRIES = 20  # until a choice is another than what is anyway


def switches() -> list[str]:
    """The names of everything that can be made to go wrong, in the stand-in's order."""
    names = [name for name in Faults.model_fields if name != "answers"]
    return [*(f"{status} {reason}" for status, reason in (*_ANSWERS, *DEAD_TOKEN)), *names]


def faults(name: str, choice: random.Random, *, tokens: Sequence[str]) -> Faults | None:
    """The stand-in with this one thing wrong; None when we do not know how to set the switch.

    `tokens` are those that an answer about a token means, each once.
    """
    status, _, reason = name.partition(" ")
    if (int(status) if status.isdigit() else 0, reason) in DEAD_TOKEN:
        answers = [AnswerFault(status=int(status), reason=reason, token=each) for each in tokens]
        return Faults(answers=answers[:1000])
    if status.isdigit():
        count = None if choice.random() < 0.5 else choice.randint(1, 50)
        return Faults(answers=[AnswerFault(status=int(status), reason=reason, count=count)])
    field = Faults.model_fields[name]
    for _ in range(_TRIES):
        values = [value for value in _values(field, choice) if value != field.default]
        if values:
            return Faults.model_validate({name: values[0]})
    return None


def _values(field: FieldInfo, choice: random.Random) -> Iterator[Any]:
    """A value for the switch by its type and its limits."""
    limits: dict[type, Any] = {type(limit): limit for limit in field.metadata}
    least = int(limits[Ge].ge) if Ge in limits else 0
    most = float(limits[Le].le) if Le in limits else _LARGEST
    for kind in _kinds(field.annotation):
        if kind is bool:
            yield True
        elif kind is int:
            yield choice.randint(least, max(least, min(int(most), _LARGEST)))
        elif kind is float:
            yield choice.uniform(0.0, min(most, _LONGEST_DELAY_SECONDS))
        elif get_origin(kind) is Literal:
            yield choice.choice([each for each in get_args(kind) if each])


def _kinds(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)
