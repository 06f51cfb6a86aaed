"""The tables. docs of each column that is not obvious stand at its class."""

from server.models.brand import ApiKey, Brand, Location, Staff, Till, TillSession
from server.models.google import GoogleCallback, GoogleClass, GoogleIssuer, GoogleObject
from server.models.ledger import Event, LedgerEntry, Lot
from server.models.member import Card, Consent, Member, Pass
from server.models.programme import PassType, Programme, ProgrammePart
from server.models.trace import Trace
from server.models.wallet import Delivery, Device, Registration, Throttle

__all__ = [
    "ApiKey",
    "Brand",
    "Card",
    "Consent",
    "Delivery",
    "Device",
    "Event",
    "GoogleCallback",
    "GoogleClass",
    "GoogleIssuer",
    "GoogleObject",
    "LedgerEntry",
    "Location",
    "Lot",
    "Member",
    "Pass",
    "PassType",
    "Programme",
    "ProgrammePart",
    "Registration",
    "Staff",
    "Throttle",
    "Till",
    "TillSession",
    "Trace",
]
