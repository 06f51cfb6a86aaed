"""Looking at all cards of a programme anew, after its wording, rules or design were changed.

A card is due by its `wake_at`, as one is from which something runs out; the worker comes to it in
its own time. Only a card that now shows something else gets a new version, and a push in the lane
that nobody waits for.
"""

from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import select as select_models

from server import events
from server.bulk import table_of
from server.db import connection_of, owe
from server.errors import NotFound
from server.models import Brand, Card
from server.services import Services

_BATCH = 2000  # cards in one transaction: tills wait for it
_FIRST = UUID(int=0)

_CARD = table_of(Card)
_NEXT = (
    select(_CARD.c.member_id)
    .where(_CARD.c.programme_id == bindparam("programme_id"))
    .where(_CARD.c.member_id > bindparam("after"))
    .order_by(_CARD.c.member_id)
    .limit(_BATCH)
)
_WAKE = (
    update(_CARD)
    .where(_CARD.c.programme_id == bindparam("programme"))
    .where(_CARD.c.member_id > bindparam("after"), _CARD.c.member_id <= bindparam("last"))
    .where(or_(_CARD.c.wake_at.is_(None), _CARD.c.wake_at > bindparam("now")))
    .values(wake_at=bindparam("now"))
)


def ask(services: Services, brand_slug: str, programme_slug: str) -> int:
    """Have every card of the programme looked at anew; how many that are.

    Interrupted, it may be asked again: what is due already stays as it is.

    Raises:
        NotFound: `programme_unknown`; there is no such programme, or no such brand.
    """
    with services.database.reading() as session:
        brand = session.exec(select_models(Brand).where(Brand.slug == brand_slug)).first()
        if brand is None:
            raise NotFound("programme_unknown", f"There is no brand {brand_slug!r}.")
        programme_id = events.find_programme(session, brand.id, programme_slug).id
    at, after, count = services.now(), _FIRST, 0
    while True:
        with services.database.transaction() as session:
            connection = connection_of(session)
            given = {"programme_id": programme_id, "after": after}
            members = connection.execute(_NEXT, given).scalars().all()
            if members:
                between = {"programme": programme_id, "after": after, "last": members[-1]}
                connection.execute(_WAKE, {**between, "now": at})
                owe(session)
        count += len(members)
        if len(members) < _BATCH:
            return count
        after = members[-1]
