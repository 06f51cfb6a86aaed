"""Apple Wallet passes as a library of its own: no web framework, no database.

Write a `Pass`, make a `Template` of its images, load a `Signer` once, and `build` gives the
.pkpass file; `read` opens one as suspiciously as a phone does. What belongs to one side only is
imported by its module: `passkit.linting` (why phones would refuse or degrade anybody's pass),
`passkit.updates` (the rules of the update protocol), `passkit.apns` (push notifications, needs
libcurl) and `passkit.throwaway` (certificates for tests). `python -m passkit --help` lists the
commands.
"""

from passkit.actions import ActionType, FeaturedAction
from passkit.advice import content_warnings
from passkit.barcodes import Barcode, BarcodeFormat
from passkit.colors import Color
from passkit.content import Pass, new_authentication_token, new_serial_number
from passkit.errors import (
    CertificateError,
    CertificateExpired,
    CertificateNotYetValid,
    ContentError,
    ImageError,
    IntermediateExpired,
    KeyMismatch,
    PackageError,
    PasskitError,
    PassTypeMismatch,
    PushError,
    ReaderError,
    RequestError,
    TeamMismatch,
    UnreadableCertificate,
    UnreadableKey,
    WrongIntermediate,
)
from passkit.event_guide import PosterEventTicket
from passkit.fields import (
    DataDetector,
    DateStyle,
    Field,
    NumberStyle,
    TextAlignment,
)
from passkit.images import File, Images
from passkit.keys import SigningKey
from passkit.markup import link
from passkit.nfc import NFC
from passkit.package import BUNDLE_MIME_TYPE, MIME_TYPE, Template, build, bundle, pack
from passkit.parsing import parse_pass
from passkit.reader import Opened, read, read_bundle
from passkit.relevance import Beacon, Location, RelevantDate
from passkit.semantics import (
    CurrencyAmount,
    EventDateInfo,
    EventType,
    Seat,
    Semantics,
    WifiNetwork,
)
from passkit.signing import Signer
from passkit.strings import Strings
from passkit.styles import Coupon, EventTicket, Generic, PosterGeneric, StoreCard
from passkit.verification import Signature

__all__ = [
    "BUNDLE_MIME_TYPE",
    "MIME_TYPE",
    "NFC",
    "ActionType",
    "Barcode",
    "BarcodeFormat",
    "Beacon",
    "CertificateError",
    "CertificateExpired",
    "CertificateNotYetValid",
    "Color",
    "ContentError",
    "Coupon",
    "CurrencyAmount",
    "DataDetector",
    "DateStyle",
    "EventDateInfo",
    "EventTicket",
    "EventType",
    "FeaturedAction",
    "Field",
    "File",
    "Generic",
    "ImageError",
    "Images",
    "IntermediateExpired",
    "KeyMismatch",
    "Location",
    "NumberStyle",
    "Opened",
    "PackageError",
    "Pass",
    "PassTypeMismatch",
    "PasskitError",
    "PosterEventTicket",
    "PosterGeneric",
    "PushError",
    "ReaderError",
    "RelevantDate",
    "RequestError",
    "Seat",
    "Semantics",
    "Signature",
    "Signer",
    "SigningKey",
    "StoreCard",
    "Strings",
    "TeamMismatch",
    "Template",
    "TextAlignment",
    "UnreadableCertificate",
    "UnreadableKey",
    "WifiNetwork",
    "WrongIntermediate",
    "build",
    "bundle",
    "content_warnings",
    "link",
    "new_authentication_token",
    "new_serial_number",
    "pack",
    "parse_pass",
    "read",
    "read_bundle",
]
