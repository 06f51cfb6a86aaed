"""What Google Wallet shows of a card, and whether that is what the card is, by the body that Google
took last.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from googlewallet import ContentError, difference
from server import cards
from server.face import Text
from server.services import Services
from server.wallets.google import bodies as google
from server.wallets.google.trace import parts


class ShownLine(NamedTuple):
    """A line of the card as Google was given it last."""

    label: Text
    value: str


def differing(services: Services, card_id: UUID, sent: Mapping[str, Any]) -> list[str]:
    """Which parts of the card as it is now are others than those that were `sent`; none when it
    cannot be told."""
    issuer_id = services.settings.google_issuer_id
    shown = cards.show_card(services.database, card_id, at=services.now())
    if issuer_id is None or shown is None:
        return []
    publisher = google.Publisher(issuer_id, services.settings.public_url)
    try:
        return parts(difference(sent, google.loyalty_object(shown, publisher)))
    except ContentError:
        return []  # said when it was to be sent


def shown_lines(sent: Mapping[str, Any] | None) -> list[ShownLine]:
    """The balances that the wallet shows, by the body that Google took last."""
    points = [(sent or {}).get(name) for name in ("loyaltyPoints", "secondaryLoyaltyPoints")]
    return [ShownLine(_label(given), _value(given["balance"])) for given in points if given]


def _label(points: Mapping[str, Any]) -> Text:
    localized = points.get("localizedLabel")
    if not localized:
        return Text.same(points.get("label", ""))
    first = localized["defaultValue"]["value"]
    texts = {
        each["language"].partition("-")[0]: each["value"]
        for each in (*localized.get("translatedValues", ()), localized["defaultValue"])
    }
    return Text(*(texts.get(language, first) for language in ("fi", "sv", "en")))


def _value(balance: Mapping[str, Any]) -> str:
    """A balance has one form of four."""
    if money := balance.get("money"):
        cents = int(money["micros"]) // 10_000
        sign = "-" if cents < 0 else ""
        return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} {money['currencyCode']}"
    return str(next(iter(balance.values()), ""))
