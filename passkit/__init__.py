"""Apple Wallet passes as a library of its own: no web framework, no database.

Write a `Pass`, make a `Template` of its images, load a `Signer` once, and `build` gives the
.pkpass file; `read` opens one as suspiciously as a phone does. What belongs to one side only is
imported by its module: `passkit.updates` (the rules of the update protocol), `passkit.apns` (push
notifications, needs libcurl) and `passkit.throwaway` (certificates for tests).
"""

from passkit.barcodes import Barcode, BarcodeFormat
from passkit.content import Color, Pass, new_authentication_token, new_serial_number
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
from passkit.fields import (
    DataDetector,
    DateStyle,
    Field,
    NumberStyle,
    StoreCard,
    TextAlignment,
)
from passkit.images import File, Images
from passkit.keys import SigningKey
from passkit.markup import link
from passkit.package import MIME_TYPE, Template, build
from passkit.reader import Opened, read
from passkit.relevance import Location, RelevantDate
from passkit.signing import Signer
from passkit.strings import Strings
from passkit.verification import Signature

__all__ = [
    "MIME_TYPE",
    "Barcode",
    "BarcodeFormat",
    "CertificateError",
    "CertificateExpired",
    "CertificateNotYetValid",
    "Color",
    "ContentError",
    "DataDetector",
    "DateStyle",
    "Field",
    "File",
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
    "PushError",
    "ReaderError",
    "RelevantDate",
    "RequestError",
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
    "WrongIntermediate",
    "build",
    "link",
    "new_authentication_token",
    "new_serial_number",
    "read",
]
