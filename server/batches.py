"""Many events in one call: each with a result of its own, and a refused one stops no other."""

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from server import events
from server.errors import LeimaError, ServiceError
from server.events import Answer, Origin, Report
from server.services import Services

Seen = tuple[Origin, Report]


def record(services: Services, seen: Sequence[Seen]) -> list[Answer | ServiceError]:
    """What became of each, in order: as `events.record` does it.

    Where a writer has the database to itself, a few share a transaction, so that the disk is not
    waited for at every one. If anything but a rule stands in their way, each has its own again.
    """
    results: list[Answer | ServiceError] = []
    at_once = services.database.cards_at_once
    for start in range(0, len(seen), at_once):
        some = seen[start : start + at_once]
        together = _together(services, some) if len(some) > 1 else None
        results += together or [_alone(services, *each) for each in some]
    return results


def _together(services: Services, some: Sequence[Seen]) -> list[Answer | ServiceError] | None:
    results: list[Answer | ServiceError] = []
    try:
        with services.database.writing() as pen:
            for origin, report in some:
                try:
                    results.append(events.record_in(services, pen, origin, report))
                except ServiceError as error:  # it has written nothing
                    results.append(error)
    except (LeimaError, SQLAlchemyError):
        return None
    for (_, report), result in zip(some, results, strict=True):
        events.count(report.name, result)
    return results


def _alone(services: Services, origin: Origin, report: Report) -> Answer | ServiceError:
    try:
        return events.record(services, origin, report)
    except ServiceError as error:
        return error
