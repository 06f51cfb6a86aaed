"""The images of a pass: names from Wallet's list, and PNG bytes looked over but never decoded.

Apple: Wallet Passes, Creating the Source for a Pass (image files); Pass Design and Creation.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from passkit.errors import ImageError
from passkit.image_slots import SCALES, ImageName, Measured, advice

MAX_BYTES = 2 * 1024 * 1024

_ICONS = {"icon.png", "icon@2x.png", "icon@3x.png"}
_TOLERANCE = 4  # Wallet scales down; beyond this an image is a mistake or a trap
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_AT = len(_SIGNATURE) + 8  # the first chunk's body, after its length and kind
_LARGEST_CHUNK = 2**31
# By colour type, the bits a channel may have (PNG specification, table of colour types).
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def sha1(data: bytes) -> str:
    """The sum Apple's manifest format asks for; what is signed over it is SHA-256."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class File:
    """One file of a pass with its sums, taken once."""

    name: str
    data: bytes
    sha1: str
    crc32: int

    @classmethod
    def of(cls, name: str, data: bytes) -> "File":
        """The file with the SHA-1 that the manifest wants and the CRC-32 that zip wants."""
        return cls(name, data, sha1(data), zlib.crc32(data))


class Images:
    """The images of a pass or of a design, checked; iterating gives a `File` each, by name.

    Takes names such as `icon@2x.png` or `fi.lproj/strip.png` and their PNG bytes. One icon is
    required. Raises ImageError for a name outside Wallet's list, two names that differ in case
    only, bytes that are no whole PNG, more than 2 MB, or far more pixels than the slot has.
    """

    def __init__(self, images: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> None:
        pairs = images.items() if isinstance(images, Mapping) else images
        checked: dict[str, File] = {}
        for name, data in pairs:
            _check_image(name, data)
            if name.casefold() in checked:
                raise ImageError(f"{name!r} is given twice: keep one of them.")
            checked[name.casefold()] = File.of(name, bytes(data))
        self._files = tuple(sorted(checked.values(), key=lambda file: file.name))
        if _ICONS.isdisjoint(self.names):
            raise ImageError("There is no icon: add icon.png, icon@2x.png or icon@3x.png.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(file.name for file in self._files)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What Wallet would show worse than it could, a sentence each, with the wanted size."""
        return advice(
            Measured(file.name, *_size(file.data[_HEADER_AT:]), len(file.data))
            for file in self._files
        )

    def __iter__(self) -> Iterator[File]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _check_image(name: str, data: bytes) -> None:
    known = ImageName.parse(name)
    if known is None:
        raise ImageError(
            f"{name!r} is no image of a pass: names are like icon@2x.png or fi.lproj/strip.png."
        )
    if len(data) > MAX_BYTES:
        raise ImageError(f"{name} has {len(data)} bytes: keep an image below {MAX_BYTES}.")
    width, height = png_size(data, name)
    limits = [each * max(SCALES.values()) * _TOLERANCE for each in known.slot.size]
    if width > limits[0] or height > limits[1]:
        raise ImageError(
            f"{name} is {width} x {height} pixels: at most {limits[0]} x {limits[1]} make sense."
        )


def png_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in pixels of a whole PNG file, from its chunks alone.

    Raises ImageError when it is another format, is cut short, or its header is damaged.
    """
    if not data.startswith(_SIGNATURE):
        raise ImageError(f"{name} is not a PNG file: export it as PNG.")
    chunks = list(_chunks(data, name))
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1] != b"IEND" or b"IDAT" not in kinds:
        raise ImageError(f"{name} is not a whole PNG file: export it again.")
    header = chunks[0][1]
    if len(header) != 13 or not all(_size(header)) or header[8] not in _DEPTHS.get(header[9], ()):
        raise ImageError(f"{name} has a damaged PNG header: export it again.")
    return _size(header)


def _size(header: bytes) -> tuple[int, int]:
    return int.from_bytes(header[:4]), int.from_bytes(header[4:8])


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The chunks up to the end of the file; each has a length, a kind, a body and a checksum."""
    at = len(_SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        end = at + 12 + length
        if length >= _LARGEST_CHUNK or end > len(data):
            raise ImageError(f"{name} is cut short or damaged: export it again.")
        kind, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise ImageError(f"{name} has a wrong checksum: export it again.")
        yield kind, body
        at = end
