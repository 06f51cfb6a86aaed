"""What a till or a reader takes from a pass: barcodes, NFC, and the buttons of iOS 27.

Apple: Wallet Passes, Pass.Barcodes, Pass.NFC, Creating a poster generic pass.
"""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from passkit.linting.findings import Findings, found
from passkit.linting.values import is_address, shown

_PREFIX = "PKBarcodeFormat"
_OLD = {f"{_PREFIX}{name}" for name in ("QR", "PDF417", "Aztec", "Code128")}
_NEW = {f"{_PREFIX}{name}" for name in ("Code39", "Codabar", "EAN13", "I2of5")}
_LONGEST_MESSAGE = 7089  # digits in the largest QR code
_MAX_NFC_BYTES = 64
_MAX_ACTIONS = 2
_ACTIONS = {
    "viewSchedule", "watchTrailer", "listenToMusic", "call", "place", "addToBalance", "order",
    "shop", "membershipBenefits", "bookAppointment", "bookCar", "bookFlight", "bookStay",
    "viewOffersRewards",
}  # fmt: skip
_BY_PLACE = "place"  # names a place of Apple Maps and no address


def codes(written: Mapping[str, Any]) -> Findings:
    """All that is wrong with barcodes, nfc and featured actions."""
    yield from _barcodes(written)
    if isinstance(written.get("nfc"), dict):
        yield from _nfc(written["nfc"])
    actions = written.get("featuredActions")
    if isinstance(actions, list):
        seen = set[str]()
        for index, each in enumerate(actions):
            yield from _action(each, f"featuredActions[{index}]", seen)
        if len(actions) > _MAX_ACTIONS:
            yield found("featured-actions-many", "featuredActions", f"There are {len(actions)}.")


def _barcodes(written: Mapping[str, Any]) -> Findings:
    if "barcode" in written:
        yield from _barcode(written["barcode"], "barcode")
        if "barcodes" not in written:
            yield found("barcode-deprecated", "barcode")
    barcodes = written.get("barcodes")
    if "barcodes" not in written:
        return
    if not isinstance(barcodes, list):
        yield found("barcode-shape", "barcodes", f"barcodes is no array, but {shown(barcodes)}.")
        return
    if not barcodes:
        yield found("barcodes-empty", "barcodes")
    for index, each in enumerate(barcodes):
        yield from _barcode(each, f"barcodes[{index}]")
    formats = {str(each.get("format")) for each in barcodes if isinstance(each, dict)}
    if formats & _NEW and not formats & _OLD and "barcode" not in written:
        yield found("barcode-new-only", "barcodes", f"Only {', '.join(sorted(formats))} is given.")


def _barcode(code: Any, path: str) -> Findings:
    if not isinstance(code, dict):
        yield found("barcode-shape", path, f"A barcode is an object, not {shown(code)}.")
        return
    for key in ("format", "message", "messageEncoding"):
        value = code.get(key)
        if not isinstance(value, str) or not value:
            detail = f"{key} wants a text, not {shown(value)}."
            yield found("barcode-shape", f"{path}.{key}", detail)
    if not isinstance(code.get("altText", ""), str):
        yield found("barcode-shape", f"{path}.altText", "altText wants a text.")
    kind = code.get("format")
    if isinstance(kind, str) and kind and kind not in _OLD | _NEW:
        yield found("barcode-format", f"{path}.format", f"{shown(kind)} is no format of Apple's.")
    yield from _message(code, path)


def _message(code: Mapping[str, Any], path: str) -> Findings:
    kind, message, encoding = (code.get(key) for key in ("format", "message", "messageEncoding"))
    if not (isinstance(message, str) and isinstance(encoding, str) and message and encoding):
        return
    if len(message) > _LONGEST_MESSAGE:
        detail = f"The message has {len(message)} characters: no code holds so many."
        yield found("barcode-content", f"{path}.message", detail)
        return
    yield from _encoded(message, encoding, path)
    if kind == f"{_PREFIX}Code128" and not message.isascii():
        detail = f"{shown(message)} is no Code 128, which has ASCII only."
        yield found("barcode-content", f"{path}.message", detail)


def _encoded(message: str, encoding: str, path: str) -> Findings:
    try:
        message.encode(encoding)
    except (LookupError, ValueError):
        try:
            "".encode(encoding)
        except (LookupError, ValueError):
            yield found(
                "barcode-encoding", f"{path}.messageEncoding", f"{shown(encoding)} is no encoding."
            )
        else:
            detail = f"{shown(message)} cannot be written in {encoding}."
            yield found("barcode-encoding", f"{path}.message", detail)


def _nfc(nfc: Mapping[str, Any]) -> Findings:
    message = nfc.get("message")
    if not isinstance(message, str) or not message:
        yield found("nfc-shape", "nfc.message", f"message wants a text, not {shown(message)}.")
    elif len(message.encode(errors="replace")) > _MAX_NFC_BYTES:
        size = len(message.encode(errors="replace"))
        yield found("nfc-long-message", "nfc.message", f"The message has {size} bytes.")
    if not _is_p256(nfc.get("encryptionPublicKey")):
        yield found("nfc-shape", "nfc.encryptionPublicKey", "It is no P-256 public key in Base64.")
    if not isinstance(nfc.get("requiresAuthentication", False), bool):
        yield found("nfc-shape", "nfc.requiresAuthentication", "It wants true or false.")


def _is_p256(written: Any) -> bool:
    if not isinstance(written, str):
        return False
    try:
        key = load_der_public_key(base64.b64decode(written, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def _action(action: Any, path: str, seen: set[str]) -> Findings:
    if not isinstance(action, dict):
        yield found("featured-action", path, f"An action is an object, not {shown(action)}.")
        return
    identifier, kind = action.get("identifier"), action.get("type")
    if not isinstance(identifier, str) or not identifier:
        detail = f"identifier wants a text, not {shown(identifier)}."
        yield found("featured-action", f"{path}.identifier", detail)
    elif identifier in seen:
        detail = f"{shown(identifier)} is the identifier of another action already."
        yield found("featured-action", f"{path}.identifier", detail)
    else:
        seen.add(identifier)
    if not isinstance(kind, str) or kind not in _ACTIONS:
        detail = f"{shown(kind)} is no type of action."
        yield found("featured-action", f"{path}.type", detail)
    elif kind == _BY_PLACE:
        if not isinstance(action.get("placeIdentifier"), str):
            detail = "An action of type place names a place of Apple Maps."
            yield found("featured-action", f"{path}.placeIdentifier", detail)
    elif not is_address(action.get("url")):
        detail = f"url wants an address, not {shown(action.get('url'))}."
        yield found("featured-action", f"{path}.url", detail)
