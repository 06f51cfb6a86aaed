"""Phones as data for their page: what a wallet and a lock screen show, in plain text."""

import hashlib
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote

import qrcode

from server.sandbox.held_pass import GROUPS, HeldPass, grouped_fields
from server.sandbox.pass_text import Reader, folder_for
from server.sandbox.phone import Phone

IMAGES = ("icon", "logo", "strip", "thumbnail", "background")
_SCALES = ("@3x", "@2x", "")
_COLOR = re.compile(r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)")
_QR = "PKBarcodeFormatQR"


def draw_phone(phone: Phone) -> dict[str, Any]:
    """Everything the page shows of one phone."""
    memory = phone.look()
    return {
        "id": phone.id,
        "system": "ios",
        "name": phone.name,
        "language": phone.language,
        "is_on": memory.is_on,
        "notifications": [
            {"at": each.at, "title": each.title, "text": each.text} for each in memory.notifications
        ],
        "log": [{"at": line.at, "text": line.text} for line in memory.log],
        "passes": [draw_pass(phone, held) for held in memory.passes.values()],
    }


def draw_pass(phone: Phone, held: HeldPass) -> dict[str, Any]:
    """One pass as the phone shows it."""
    content = held.opened.content
    reader = Reader.of(phone.language, held.opened.files)
    path = f"/phones/{phone.id}/passes/{quote(held.serial_number, safe='')}"
    groups: dict[str, list[dict[str, str]]] = {group: [] for group in GROUPS}
    for group, each in grouped_fields(content):
        groups[group].append(
            {
                "key": str(each.get("key", "")),
                "label": reader.text(each.get("label")),
                "value": reader.value(each),
            }
        )
    return {
        "serial_number": held.serial_number,
        "pass_type_identifier": held.pass_type_identifier,
        "organization_name": reader.text(content["organizationName"]),
        "logo_text": reader.text(content.get("logoText")),
        "description": reader.text(content["description"]),
        "background_color": _color(content, "backgroundColor", "rgb(255, 255, 255)"),
        "foreground_color": _color(content, "foregroundColor", "rgb(0, 0, 0)"),
        "label_color": _color(content, "labelColor", "rgb(90, 90, 90)"),
        **groups,
        "barcode": _barcode(content, path),
        "images": _image_links(phone, held, path),
        "is_voided": content.get("voided") is True,
        "changed_keys": held.changed_keys,
        "updated_at": held.updated_at.isoformat(),
        "last_modified": held.last_modified,
    }


def image(phone: Phone, held: HeldPass, name: str) -> bytes | None:
    """The sharpest PNG of this name; one at the root hides translated ones, as on iOS."""
    files = held.opened.files
    for folder in ("", folder_for(phone.language, files) or ""):
        for scale in _SCALES:
            if data := files.get(f"{folder}{name}{scale}.png"):
                return data
    return None


def barcode_svg(held: HeldPass) -> bytes | None:
    """The pass's code as a picture; None when it has none, or one that is not drawn here."""
    barcode = _first_barcode(held.opened.content)
    if barcode is None or barcode.get("format") != _QR:
        return None
    encoding = str(barcode.get("messageEncoding", "iso-8859-1"))
    try:
        message = str(barcode.get("message", "")).encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return None
    return qr_svg(message)


def qr_svg(message: bytes) -> bytes:
    """A QR code as a picture of unit squares."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=2)
    code.add_data(message)
    return _svg(code.get_matrix())


def _svg(rows: list[list[bool]]) -> bytes:
    out = BytesIO()
    size = len(rows)
    out.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path d="'.encode()
    )
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                out.write(f"M{x} {y}h1v1h-1z".encode())
    out.write(b'"/></svg>')
    return out.getvalue()


def _first_barcode(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    barcodes = content.get("barcodes")
    first = barcodes[0] if isinstance(barcodes, list) and barcodes else content.get("barcode")
    return first if isinstance(first, dict) else None


def _barcode(content: Mapping[str, Any], path: str) -> dict[str, str] | None:
    barcode = _first_barcode(content)
    if barcode is None:
        return None
    message = str(barcode.get("message", ""))
    mark = hashlib.sha256(message.encode(errors="replace")).hexdigest()[:8]
    return {
        "format": str(barcode.get("format", "")),
        "message": message,
        "alt_text": str(barcode.get("altText", "")),
        "image": f"{path}/barcode.svg?{mark}",
    }


def _image_links(phone: Phone, held: HeldPass, path: str) -> dict[str, str]:
    found = ((name, image(phone, held, name)) for name in IMAGES)
    return {
        name: f"{path}/{name}.png?{hashlib.sha256(data).hexdigest()[:8]}"
        for name, data in found
        if data
    }


def _color(content: Mapping[str, Any], key: str, default: str) -> str:
    """A colour that is safe to put into a style sheet."""
    color = content.get(key)
    return color if isinstance(color, str) and _COLOR.fullmatch(color) else default
