"""Android phones as data for their page."""

import hashlib
from typing import Any

from server.sandbox.android.memory import Kept
from server.sandbox.android.phone import AndroidPhone
from server.sandbox.android.words import WORDS
from server.sandbox.drawing import qr_svg
from server.sandbox.google.drawing import Picture, barcode_of, draw_card

_QR = ("QR_CODE", "qrCode")


def draw_android(phone: AndroidPhone, *, picture: Picture) -> dict[str, Any]:
    """Everything the page shows of one phone; `picture` gives the page's address of a picture."""
    memory = phone.look()
    return {
        "id": phone.id,
        "system": "android",
        "make": phone.make,
        "name": phone.name,
        "language": phone.language,
        "account": {"id": phone.account.id, "name": phone.account.name},
        "is_on": memory.is_on,
        "words": {name: text.get(phone.language) for name, text in WORDS.items()},
        "notifications": [
            {"at": each.at, "title": each.title, "text": each.text} for each in memory.notifications
        ],
        "log": [{"at": line.at, "text": line.text} for line in memory.log],
        "passes": [_draw_pass(phone, kept, picture) for kept in memory.cards.values()],
    }


def code_svg(kept: Kept) -> bytes | None:
    """The pass's code as a picture; None when it has none, or one that is not drawn here."""
    barcode = barcode_of(kept.linked.object_)
    if barcode is None or barcode[0] not in _QR:
        return None
    return qr_svg(barcode[1].encode())


def _draw_pass(phone: AndroidPhone, kept: Kept, picture: Picture) -> dict[str, Any]:
    drawn = draw_card(kept.linked, phone.language, picture=picture, offers=kept.offers)
    if drawn["barcode"]:
        mark = hashlib.sha256(drawn["barcode"]["value"].encode()).hexdigest()[:8]
        is_drawn = code_svg(kept) is not None
        path = f"/google/codes/{phone.id}/{kept.linked.object_id}.svg?{mark}"
        drawn["barcode"]["image"] = path if is_drawn else ""
    return {**drawn, "updated_at": kept.updated_at.isoformat()}
