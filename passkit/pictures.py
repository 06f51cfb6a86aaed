"""Images of a pass made from one master picture: cut to the slot, in three scales, in sRGB, light.

Apple: Wallet Passes, Creating the Source for a Pass (images); the sizes are in `image_slots`.
Needs Pillow. A master is measured before it is decoded: what claims too many pixels never is.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from passkit.colors import Color
from passkit.errors import ImageError
from passkit.image_slots import SCALES, SLOTS, Size, Slot, pixels
from passkit.images import png_size

MAX_MASTER_BYTES = 32 * 1024 * 1024
MAX_MASTER_PIXELS = 50_000_000
BUDGET_BYTES = 100_000  # for one file

How = Literal["fit", "crop"]

_FORMATS = ("PNG", "JPEG", "WEBP")
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_PALETTES = (256, 128, 64)  # fewer would show, and save little
_RATIO = 3 / 2  # of a thumbnail's sides, at most
_WHITE = Color(255, 255, 255)


@dataclass(frozen=True, slots=True)
class Cut:
    """The files made of a master by name (`strip.png`, `strip@2x.png`, ...), and what to know."""

    files: Mapping[str, bytes] = field(repr=False)
    warnings: tuple[str, ...] = ()


def cut(
    master: bytes,
    slot: str,
    *,
    how: How | None = None,
    focus: tuple[float, float] = (0.5, 0.5),
    background: Color | None = None,
    budget: int = BUDGET_BYTES,
) -> Cut:
    """The images of a slot (`icon`, `logo`, `strip`, ...) in three scales, from one picture.

    `crop` fills the slot and cuts off what is over, around `focus` (0 to 1, from the left and from
    the top); `fit` keeps everything, within the slot where it is a limit and otherwise with
    `background` around it. By default slots of a fixed size are cropped, the others fitted. An icon
    is made opaque on `background` (white if none is given). Each file weighs at most `budget`
    bytes, with fewer colours if need be; what cannot be made so light is left as light as it gets,
    with a warning.

    Raises:
        ImageError: the master is no PNG, JPEG or WebP, is damaged or too large; there is no such
            slot; `how` does not suit it; the focus is outside the picture.
    """
    if slot not in SLOTS:
        raise ImageError(f"{slot!r} is no slot: choose one of {', '.join(SLOTS)}.")
    if not all(0 <= each <= 1 for each in focus):
        raise ImageError(f"the focus {focus} is outside the picture: give two numbers from 0 to 1.")
    place = SLOTS[slot]
    picture = open_master(master, slot)
    if slot == "icon":
        picture = _opaque(picture, background or _WHITE)
    how = how or ("fit" if place.is_limit else "crop")
    files, warnings = {}, []
    for suffix, scale in SCALES.items():
        made, enlarged = _shaped(picture, place, scale, how, focus, background)
        name = f"{slot}{suffix}.png"
        files[name] = encode(made, budget=budget)
        if enlarged > 1:
            warnings.append(
                f"{name} is blurred: the master of {picture.width} x {picture.height} pixels was "
                f"enlarged to {made.width} x {made.height}; {_wanted(picture, enlarged)}."
            )
        if len(files[name]) > budget:
            warnings.append(
                f"{name} has {len(files[name]):,} bytes, more than the {budget:,} it should: "
                "use a picture with less detail."
            )
    return Cut(files, tuple(warnings))


def open_master(data: bytes, name: str) -> Image.Image:
    """The picture in sRGB, upright, with eight bits a channel, as RGB or RGBA.

    Raises ImageError as `cut` does; the header alone decides whether it is decoded.
    """
    if len(data) > MAX_MASTER_BYTES:
        raise ImageError(f"the master of {name} has {len(data):,} bytes: keep it below 32 MB.")
    if data.startswith(b"\x89PNG"):
        _check_size(png_size(data, f"the master of {name}"), name)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            _check_size(picture.size, name)
            return _in_srgb(ImageOps.exif_transpose(picture), name)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"the master of {name} is no picture: give a PNG, JPEG or WebP."
        ) from error
    except _BOMBS as error:
        raise ImageError(f"the master of {name} is far too large.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"the master of {name} is damaged: export it again.") from error


def encode(picture: Image.Image, *, budget: int = BUDGET_BYTES) -> bytes:
    """The picture as PNG, marked as sRGB: in all its colours, or in as many as the budget allows.

    What cannot be made so light comes out as light as it gets.
    """
    best = _png(picture)
    for colours in _PALETTES:
        if len(best) <= budget:
            break
        best = min(best, _png(_quantized(picture, colours)), key=len)
    return best


def _check_size(size: Size, name: str) -> None:
    if size[0] * size[1] > MAX_MASTER_PIXELS:
        raise ImageError(
            f"the master of {name} is {size[0]} x {size[1]} pixels: keep it below "
            f"{MAX_MASTER_PIXELS // 1_000_000} million."
        )


def _in_srgb(picture: Image.Image, name: str) -> Image.Image:
    """Colours by the picture's own profile; one without a profile is taken for sRGB."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip
        picture = picture.point(lambda shade: shade * (1 / 257)).convert("L")
    has_alpha = "A" in picture.mode or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if has_alpha else None
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    if profile:
        picture = _by_profile(picture, profile, name)
    picture = picture.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        picture.putalpha(alpha)
    picture.info.clear()
    return picture


def _by_profile(picture: Image.Image, profile: bytes, name: str) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        done = ImageCms.profileToProfile(
            picture,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ImageError(
            f"the master of {name} has a colour profile that does not suit it: export it in sRGB."
        ) from error
    assert done is not None  # only where the picture is changed in place
    return done


def _opaque(picture: Image.Image, background: Color) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, (background.red, background.green, background.blue))
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _shaped(
    picture: Image.Image,
    slot: Slot,
    scale: int,
    how: How,
    focus: tuple[float, float],
    background: Color | None,
) -> tuple[Image.Image, float]:
    """The picture in the slot's shape, and how much it was enlarged."""
    box = pixels(slot.size, scale)
    if how == "crop":
        if slot.name == "thumbnail":
            picture = _within_ratio(picture, focus)
        size = _fitted(picture.size, box) if slot.is_limit else box
        enlarged = max(size[0] / picture.width, size[1] / picture.height)
        made = ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=focus)
        return made, enlarged
    size = _fitted(picture.size, box)
    enlarged = size[0] / picture.width
    made = picture.resize(size, Image.Resampling.LANCZOS)
    return (made if slot.is_limit else _padded(made, box, background)), enlarged


def _fitted(size: Size, box: Size) -> Size:
    ratio = min(box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def _within_ratio(picture: Image.Image, focus: tuple[float, float]) -> Image.Image:
    width, height = picture.size
    size = (min(width, int(height * _RATIO)), min(height, int(width * _RATIO)))
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=focus)


def _padded(picture: Image.Image, box: Size, background: Color | None) -> Image.Image:
    ground = (background.red, background.green, background.blue, 255) if background else (0,) * 4
    made = Image.new("RGBA", box, ground)
    at = ((box[0] - picture.width) // 2, (box[1] - picture.height) // 2)
    made.alpha_composite(picture.convert("RGBA"), at)
    return made.convert("RGB") if background else made


def _wanted(picture: Image.Image, enlarged: float) -> str:
    width, height = (round(side * enlarged + 0.49) for side in picture.size)
    return f"give one of at least {width} x {height}"


def _quantized(picture: Image.Image, colours: int) -> Image.Image:
    """Few colours. Gradients are dithered, which Pillow does for a palette that it is given."""
    if picture.mode == "RGBA":
        return picture.quantize(colours, method=Image.Quantize.FASTOCTREE)
    palette = picture.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _png(picture: Image.Image) -> bytes:
    marks = PngInfo()
    marks.add(b"sRGB", b"\x01")  # relative colorimetric
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True, pnginfo=marks)
    return out.getvalue()
