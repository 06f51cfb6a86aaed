"""What is answered to an event: one JSON text, kept with the event and repeated as it is."""

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from server.face import CardFace
from server.holds import Hold
from server.journal import Recorded
from server.ledger import Entry
from server.programmes.base import Notice, Standing


def text(
    event: Recorded,
    hold: Hold,
    shown: tuple[Standing, CardFace],
    entries: Iterable[Entry],
    notice: Notice | None,
) -> str:
    """What came of `event`: its `entries`, how the card stands and what it shows now."""
    standing, face = shown
    answer = {
        "id": event.id,
        "name": event.name,
        "card": str(hold.card_id),
        "at": event.at.isoformat(),
        "reverses": event.reverses_event_id,
        "posted": _posted(entries),
        "standing": hold.balances(standing),
        "notice": notice and _told(notice),
        "shows": face.in_language(hold.row.language),
    }
    return json.dumps(answer, ensure_ascii=False)


def _told(notice: Notice) -> dict[str, Any]:
    return {
        "code": notice.code,
        "level": notice.level,
        "text": notice.text.as_dict(),
        "again_at": notice.again_at and notice.again_at.astimezone(UTC).isoformat(),
    }


def _posted(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The entries by type and unit: which lots they touched is the ledger's own business."""
    sums: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.type, entry.unit)
        sums[key] = sums.get(key, 0) + entry.delta
    return [
        {"type": kind, "unit": unit, "delta": delta}
        for (kind, unit), delta in sums.items()
        if delta
    ]
