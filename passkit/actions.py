"""Featured actions: the buttons below a pass, from iOS 27 on.

Apple: Wallet Passes, Creating a poster generic pass (featured actions).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from passkit.errors import ContentError
from passkit.values import address, text


class ActionType(StrEnum):
    """What a button does; Wallet gives it its symbol and its words in the phone's language."""

    VIEW_SCHEDULE = "viewSchedule"
    WATCH_TRAILER = "watchTrailer"
    LISTEN_TO_MUSIC = "listenToMusic"
    CALL = "call"
    PLACE = "place"
    ADD_TO_BALANCE = "addToBalance"
    ORDER = "order"
    SHOP = "shop"
    MEMBERSHIP_BENEFITS = "membershipBenefits"
    BOOK_APPOINTMENT = "bookAppointment"
    BOOK_CAR = "bookCar"
    BOOK_FLIGHT = "bookFlight"
    BOOK_STAY = "bookStay"
    VIEW_OFFERS_REWARDS = "viewOffersRewards"


@dataclass(frozen=True, kw_only=True, slots=True)
class FeaturedAction:
    """One button. The first two of a pass are drawn.

    `identifier` is unique on the pass. `url` is https, and a `tel:` address for `CALL`; for
    `PLACE` give `place_identifier`, the identifier of a place in Apple Maps, in its stead (the
    name of this key is passkit-generator's: no page of Apple's spells it).

    Raises ContentError with a path such as `featuredActions.url`.
    """

    identifier: str
    type: ActionType
    url: str | None = None
    place_identifier: str | None = None

    def __post_init__(self) -> None:
        text(self.identifier, "featuredActions.identifier")
        if not isinstance(self.type, ActionType):
            raise ContentError(
                "featuredActions.type",
                f"{self.type!r} is no action of Wallet: use one of ActionType.",
            )
        is_place = self.type is ActionType.PLACE
        wanted, other = ("placeIdentifier", "url") if is_place else ("url", "placeIdentifier")
        given = {"url": self.url, "placeIdentifier": self.place_identifier}
        if given[wanted] is None:
            raise ContentError(f"featuredActions.{wanted}", f"is missing: {self.type} needs it.")
        if given[other] is not None:
            raise ContentError(f"featuredActions.{other}", f"{self.type} has none: leave it out.")
        self._check_target(is_place)

    def _check_target(self, is_place: bool) -> None:
        if is_place:
            text(self.place_identifier or "", "featuredActions.placeIdentifier")
            return
        scheme = "tel" if self.type is ActionType.CALL else "https"
        address(self.url or "", "featuredActions.url", (scheme,))

    def to_dict(self) -> dict[str, Any]:
        """The action as it stands in pass.json."""
        written: dict[str, Any] = {"identifier": self.identifier, "type": self.type}
        if self.url is not None:
            written["url"] = self.url
        if self.place_identifier is not None:
            written["placeIdentifier"] = self.place_identifier
        return written
