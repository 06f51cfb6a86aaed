"""The places for images on a pass, and what size each wants.

Apple: Pass Builder (slots, 2026) and the archived Wallet Developer Guide, Pass Design and Creation
(the sizes of older systems). Wallet scales and crops whatever it is given: sizes are advice.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Size = tuple[int, int]

SCALES = {"": 1, "@2x": 2, "@3x": 3}
MAX_ADVISED_BYTES = 250_000  # a picture that weighs more is slow to fetch outdoors

_NAME = re.compile(
    r"(?P<folder>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\.lproj/)?"
    r"(?P<slot>icon|logo|primaryLogo|secondaryLogo|strip|thumbnail|background|artwork|footer"
    r"|personalizationLogo)(?P<scale>@[23]x)?\.png"
).fullmatch


@dataclass(frozen=True, slots=True)
class Slot:
    """One place for an image. Sizes are in points: pixels are points times the scale.

    `size` is what is wanted, `older` what systems before the newest want and is as good. With
    `is_limit` a smaller image is drawn as small as it is, though none should be below `least`.
    """

    name: str
    size: Size
    older: tuple[Size, ...] = ()
    is_limit: bool = False

    @property
    def least(self) -> Size:
        """What is blurred or lost when smaller; nothing, where an image may be of any size."""
        sizes = self.older if self.is_limit else (self.size, *self.older)
        return min(sizes, default=(0, 0))

    def takes(self, width: int, height: int, scale: int) -> bool:
        """Whether an image of so many pixels suits the slot in this scale."""
        if self.is_limit:
            return width <= self.size[0] * scale and height <= self.size[1] * scale
        return any((width, height) == pixels(each, scale) for each in (self.size, *self.older))

    def wanted(self, scale: int) -> str:
        """The size to make it, in words."""
        width, height = pixels(self.size, scale)
        return f"{'at most ' if self.is_limit else ''}{width} x {height}"


SLOTS: Mapping[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot("icon", (38, 38), older=((29, 29),)),
        Slot("logo", (160, 50), is_limit=True),
        Slot("primaryLogo", (126, 30), is_limit=True),
        Slot("secondaryLogo", (135, 12), is_limit=True),
        Slot("strip", (375, 144), older=((375, 123), (375, 98))),
        Slot("thumbnail", (90, 90), older=((60, 60),), is_limit=True),
        Slot("background", (345, 505), older=((180, 220),)),
        Slot("artwork", (358, 448)),
        Slot("footer", (286, 15), is_limit=True),
        Slot("personalizationLogo", (150, 40)),
    )
}


@dataclass(frozen=True, slots=True)
class ImageName:
    """A file name taken apart: `fi.lproj/strip@2x.png` is folder, slot and scale."""

    folder: str
    slot: Slot
    suffix: str

    @classmethod
    def parse(cls, name: str) -> "ImageName | None":
        """The parts of a name that Wallet knows; None for every other name."""
        if match := _NAME(name):
            return cls(match["folder"] or "", SLOTS[match["slot"]], match["scale"] or "")
        return None

    @property
    def scale(self) -> int:
        """Pixels to the point: 1, 2 or 3."""
        return SCALES[self.suffix]

    def at(self, suffix: str) -> str:
        """The same image's file name in another scale."""
        return f"{self.folder}{self.slot.name}{suffix}.png"


@dataclass(frozen=True, slots=True)
class Measured:
    """An image by its file name, its pixels and its weight."""

    name: str
    width: int
    height: int
    byte_count: int


def pixels(points: Size, scale: int) -> Size:
    """A size in points as pixels."""
    return points[0] * scale, points[1] * scale


def advice(images: Iterable[Measured]) -> tuple[str, ...]:
    """What to do better, a sentence each, with the wanted size: nothing here stops a pass."""
    known = {image.name: image for image in images}
    sentences: list[str] = []
    for image in known.values():
        name = ImageName.parse(image.name)
        if name is not None:
            sentences += _of_size(image, name)
            sentences += _of_scales(image, name, known)
            sentences += _of_folder(name, known)
    return tuple(sentences)


def _of_size(image: Measured, name: ImageName) -> Iterable[str]:
    slot = name.slot
    if not slot.takes(image.width, image.height, name.scale):
        width, height = slot.size
        yield (
            f"{image.name} is {image.width} x {image.height} pixels: make it "
            f"{slot.wanted(name.scale)} ({width} x {height} points, {name.scale} pixels to each)."
        )
    if slot.name == "thumbnail" and not 2 / 3 <= image.width / image.height <= 3 / 2:
        yield f"{image.name} is too narrow: keep its sides between 2 to 3 and 3 to 2."
    if image.byte_count > MAX_ADVISED_BYTES:
        yield (
            f"{image.name} has {image.byte_count:,} bytes: keep it below {MAX_ADVISED_BYTES:,}, "
            "with fewer colours or less detail."
        )


def _of_scales(image: Measured, name: ImageName, known: Mapping[str, Measured]) -> Iterable[str]:
    """An image in three scales is one image: all there, and as large in points."""
    is_sharpest = not any(
        name.at(suffix) in known for suffix, scale in SCALES.items() if scale > name.scale
    )
    least = 1 if name.slot.name == "icon" else name.scale  # Pass Builder asks for every icon
    for suffix, scale in SCALES.items():
        if is_sharpest and scale > least and name.at(suffix) not in known:
            width, height = round(image.width / name.scale), round(image.height / name.scale)
            yield (
                f"{name.at(suffix)} is missing: make it {width * scale} x {height * scale}, "
                "so that screens of that kind draw it sharp."
            )
    base = known.get(name.at(""))
    if base is not None and name.slot.is_limit and name.scale > 1:
        wanted = pixels((base.width, base.height), name.scale)
        if max(abs(image.width - wanted[0]), abs(image.height - wanted[1])) > name.scale:
            yield (
                f"{image.name} is {image.width} x {image.height} pixels and {base.name} "
                f"{base.width} x {base.height}: make it {wanted[0]} x {wanted[1]}."
            )


def _of_folder(name: ImageName, known: Mapping[str, Measured]) -> Iterable[str]:
    """A picture at the top hides those of every language."""
    above = [f"{name.slot.name}{suffix}.png" for suffix in SCALES]
    if name.folder and (hiding := next((each for each in above if each in known), None)):
        yield f"{name.at(name.suffix)} is never shown: {hiding} at the top hides it. Remove one."
