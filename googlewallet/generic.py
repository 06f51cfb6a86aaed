"""Generic passes, for what is neither card nor offer. They cannot announce a change.

Google: Wallet API reference, genericclass and genericobject. A stamp card is a loyalty card.
"""

from enum import StrEnum

from googlewallet.content import Content
from googlewallet.resources import State, WalletClass, WalletObject
from googlewallet.values import Choice, Color, Image, LocalizedString


class GenericType(StrEnum):
    """What sort of pass it is."""

    GENERIC_SEASON_PASS = "GENERIC_SEASON_PASS"
    GENERIC_UTILITY_BILLS = "GENERIC_UTILITY_BILLS"
    GENERIC_PARKING_PASS = "GENERIC_PARKING_PASS"
    GENERIC_VOUCHER = "GENERIC_VOUCHER"
    GENERIC_GYM_MEMBERSHIP = "GENERIC_GYM_MEMBERSHIP"
    GENERIC_LIBRARY_MEMBERSHIP = "GENERIC_LIBRARY_MEMBERSHIP"
    GENERIC_RESERVATIONS = "GENERIC_RESERVATIONS"
    GENERIC_AUTO_INSURANCE = "GENERIC_AUTO_INSURANCE"
    GENERIC_HOME_INSURANCE = "GENERIC_HOME_INSURANCE"
    GENERIC_ENTRY_TICKET = "GENERIC_ENTRY_TICKET"
    GENERIC_RECEIPT = "GENERIC_RECEIPT"
    GENERIC_LOYALTY_CARD = "GENERIC_LOYALTY_CARD"
    GENERIC_BUSINESS_CARD = "GENERIC_BUSINESS_CARD"
    GENERIC_BARCODE_PASS = "GENERIC_BARCODE_PASS"
    GENERIC_MEMBERSHIP_CARD = "GENERIC_MEMBERSHIP_CARD"
    GENERIC_STUDENT_CARD = "GENERIC_STUDENT_CARD"
    GENERIC_TRANSIT_PASS = "GENERIC_TRANSIT_PASS"
    GENERIC_VEHICLE_REGISTRATION = "GENERIC_VEHICLE_REGISTRATION"
    GENERIC_OTHER = "GENERIC_OTHER"


class ExpiryNotification(Content):
    """Whether the phone tells two days before the end."""

    enable_notification: bool


class UpcomingNotification(Content):
    """Whether the phone tells the day before the start."""

    enable_notification: bool


class Notifications(Content):
    """What the phone tells by itself; with both, the end wins."""

    expiry_notification: ExpiryNotification | None = None
    upcoming_notification: UpcomingNotification | None = None


class GenericObject(WalletObject):
    """One generic pass. Without a state it is ACTIVE."""

    card_title: LocalizedString
    header: LocalizedString
    subheader: LocalizedString | None = None
    state: Choice[State] | None = None
    generic_type: Choice[GenericType] | None = None
    hex_background_color: Color | None = None
    logo: Image | None = None
    wide_logo: Image | None = None
    notifications: Notifications | None = None


class GenericClass(WalletClass):
    """What generic passes share; their looks are each object's own. Google does not review it."""

    object_type = GenericObject
