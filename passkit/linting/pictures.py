"""The images of a package and their names; pixels are never decoded.

Apple: Wallet Passes, Creating the Source for a Pass; Pass Design and Creation.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from passkit.errors import ImageError
from passkit.image_slots import SLOTS, pixels
from passkit.images import MAX_BYTES, png_size
from passkit.linting.findings import Findings, found

_TOLERANCE = 4 * 3  # times the largest size at @1x
_CARRIERS = {
    "strip": {"storeCard", "coupon", "eventTicket"},
    "thumbnail": {"generic", "eventTicket"},
    "background": {"eventTicket", "posterGeneric"},
    "artwork": {"eventTicket"},
    "footer": {"boardingPass"},
    "primaryLogo": {"eventTicket", "boardingPass", "posterGeneric"},
    "secondaryLogo": {"eventTicket", "boardingPass", "posterGeneric"},
}
_NAME = re.compile(
    r"(?:(?P<folder>[^/]+\.lproj)/)?(?P<slot>[A-Za-z]+)(?P<scale>@[23]x)?\.png"
).fullmatch
_LOOSE = re.compile(
    r"(?:[^/]+\.lproj/)?(?P<slot>[a-z]+?)(?P<scale>[@_-]?[23]x)?\.(png|jpe?g|gif|webp|svg|heic)",
    re.IGNORECASE,
).fullmatch
_BY_LOWER = {slot.lower(): slot for slot in SLOTS}


def image_slot(name: str) -> str | None:
    """The slot of an image that is named as Wallet wants, such as `icon` for `icon@2x.png`."""
    match = _NAME(name)
    return match["slot"] if match and match["slot"] in SLOTS else None


def misnamed_slot(name: str) -> str | None:
    """The slot that a name was meant for, which differs in capitals or in its ending."""
    match = None if image_slot(name) else _LOOSE(name)
    return _BY_LOWER.get(match["slot"].lower()) if match else None


def pictures(files: Mapping[str, bytes], written: Mapping[str, Any]) -> Findings:
    """All that is wrong with the images of a package."""
    yield from _icons(files)
    for name, data in files.items():
        if image_slot(name):
            yield from _image(name, data)
        elif slot := misnamed_slot(name):
            yield found(
                "image-name", name, f"Wallet looks for {slot}.png, {slot}@2x.png and so on."
            )
    yield from _styled(files, written)
    yield from _localized(files)


def _icons(files: Mapping[str, bytes]) -> Findings:
    icons = {name.rpartition("/")[2] for name in files if image_slot(name) == "icon"}
    if not icons:
        yield found("icon-missing", "icon.png")
    elif absent := sorted({"icon@2x.png", "icon@3x.png"} - icons):
        yield found("icon-scales", absent[0], f"There is no {' and no '.join(absent)}.")


def _image(name: str, data: bytes) -> Findings:
    match = _NAME(name)
    assert match is not None
    if len(data) > MAX_BYTES:
        yield found("image-huge", name, f"It has {len(data)} bytes; {MAX_BYTES} are enough.")
        return
    try:
        width, height = png_size(data, name)
    except ImageError as error:
        yield found("image-damaged", name, str(error))
        return
    slot, scale = SLOTS[match["slot"]], int((match["scale"] or "@1x")[1])
    most = pixels(slot.size, _TOLERANCE)
    if width > most[0] or height > most[1]:
        enough = " x ".join(map(str, pixels(slot.size, scale)))
        yield found("image-huge", name, f"It is {width} x {height} pixels; {enough} is enough.")
    least = pixels(slot.least, scale)
    if width < least[0] or height < least[1]:
        detail = f"It is {width} x {height} pixels; {least[0]} x {least[1]} is the least."
        yield found("image-small", name, detail)


def _styled(files: Mapping[str, bytes], written: Mapping[str, Any]) -> Findings:
    slots = {slot: name for name in sorted(files, reverse=True) if (slot := image_slot(name))}
    for slot, name in sorted(slots.items()):
        if slot in _CARRIERS and _CARRIERS[slot].isdisjoint(written):
            drawn = " and ".join(sorted(_CARRIERS[slot]))
            yield found("image-of-other-style", name, f"Only {drawn} draw a {slot}.")
    is_plain_ticket = "eventTicket" in written and "posterEventTicket" not in str(
        written.get("preferredStyleSchemes")
    )
    if is_plain_ticket and "posterGeneric" not in written and "strip" in slots:
        for slot in ("background", "thumbnail"):
            if slot in slots:
                yield found("image-strip-and-background", slots[slot])


def _localized(files: Mapping[str, bytes]) -> Findings:
    """Images of single languages: what the root hides, and what one language lacks."""
    by_folder: dict[str, set[str]] = defaultdict(set)
    for name in files:
        if image_slot(name) and "/" in name:
            folder, _, image = name.partition("/")
            by_folder[folder].add(image)
    localized = set().union(*by_folder.values())
    for image in sorted(localized & files.keys()):
        folders = ", ".join(sorted(each for each in by_folder if image in by_folder[each]))
        yield found("image-overrides-localized", image, f"It hides the one in {folders}.")
    for folder in sorted(by_folder):
        slots = {image_slot(image) for image in by_folder[folder]}
        for image in sorted(localized - by_folder[folder]):
            if image_slot(image) in slots:
                detail = f"Another language has {image}, {folder} has not."
                yield found("image-scales-differ", f"{folder}/{image}", detail)
