"""The pictures that Google Wallet fetches from us: a logo for its circle, and a wide picture at the
foot of the card, which shows the stamps collected.

Google: Wallet brand guidelines for passes (the logo, the hero image). Each has an address of its
own that changes with everything it depends on, since Google keeps what it once fetched. The wide
ones are drawn once for each count and kept beside the strips (`server.strips`).
"""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from server import strips
from server.designs import STRIP_SIZE, Design, Stamps
from server.face import Progress

HERO_SIZE = (1032, 336)  # pixels
LOGO_SIDE = 660
LOGO, HERO = "logo.png", "hero.png"

_REVISION = 1  # of the drawing: raise it when the same design would come out otherwise
_ICON_SHARE = 0.86  # of the logo: an icon's margin and this keep its art inside the circle
_SCALE = HERO_SIZE[0] / STRIP_SIZE[0]
_CUT = (STRIP_SIZE[1] - HERO_SIZE[1] / _SCALE) / 2  # points of a strip, at the top and the bottom
_RIM = 7  # points that stay free of stamps at the top and the bottom: phones round the corners
_COUNT = re.compile(r"hero-([0-9]{1,3})-([0-9]{1,3})\.png")
_SHARPEST = ("@3x", "@2x", "")


def path(design: Design, name: str) -> str:
    """Where the picture called `name` is served, from the root of the service."""
    return f"/designs/{design.name}/{edition(design)}/google/{name}"


def edition(design: Design) -> str:
    """A name for all that the pictures of the design depend on."""
    return f"{design.version[:12]}-{_REVISION}"


def hero_name(design: Design, progress: Progress | None) -> str | None:
    """The picture at the foot of a card that stands at `progress`; None when the design has none.

    A design without stamps, or with too many of them to draw, shows its strip.
    """
    if shown := strips.drawable(design, progress):
        return f"hero-{shown.have}-{shown.need}.png"
    return HERO if HERO in design.google.pictures or _sharpest(design, "strip") else None


def picture(design: Design, name: str, folder: Path) -> bytes | None:
    """The picture of this name as a PNG, from `folder` or newly made; None when there is none."""
    if name == LOGO or name == hero_name(design, None):
        return design.google.pictures.get(name) or _kept(design, name, folder)
    if counted := _COUNT.fullmatch(name):
        progress = Progress(*map(int, counted.groups()))
        if name == hero_name(design, progress):  # as it is written in addresses
            return _kept(design, name, folder)
    return None


def warm(starts: Iterable[tuple[Design, Progress]], folder: Path) -> None:
    """Have the pictures of every count ready, from none to all, for each design and need."""
    for design, start in starts:
        for have in range(start.need + 1):
            if name := hero_name(design, Progress(have, start.need)):
                picture(design, name, folder)


def draw_hero(stamps: Stamps, progress: Progress) -> Image.Image:
    """The stamps collected: as on the strip, which is a little higher and loses what is over."""
    hero = _cut_out(Image.open(io.BytesIO(stamps.pictures["strip@3x.png"])))
    left, top, width, height = stamps.area
    low = max(top, _CUT + _RIM)
    inside = max(min(top + height, STRIP_SIZE[1] - _CUT - _RIM) - low, 1.0)
    size, places = strips.layout(replace(stamps, area=(left, low, width, inside)), progress.need)
    for index, (x, y) in enumerate(places):
        stamp = strips.stamp_at(stamps, progress, index, max(1, round(size * _SCALE)))
        hero.alpha_composite(stamp, (round(x * _SCALE), round((y - _CUT) * _SCALE)))
    return hero


def draw_logo(icon: Image.Image) -> Image.Image:
    """A square for a round hole: the icon in the middle, its edges drawn out to the rim."""
    side = round(LOGO_SIDE * _ICON_SHARE)
    art = icon.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    margin = (LOGO_SIDE - side) // 2
    logo = Image.new("RGB", (LOGO_SIDE, LOGO_SIDE))
    for y, top, tall in _bands(side, margin):
        for x, left, wide in _bands(side, margin):
            patch = art.crop((left[0], top[0], left[1], top[1]))
            logo.paste(patch.resize((wide, tall), Image.Resampling.NEAREST), (x, y))
    return logo


def _bands(side: int, margin: int) -> list[tuple[int, tuple[int, int], int]]:
    """Before, on and after the icon: where it begins, what of the icon fills it, how long it is."""
    rest = LOGO_SIDE - margin - side
    return [
        (0, (0, 1), margin),
        (margin, (0, side), side),
        (margin + side, (side - 1, side), rest),
    ]


def _kept(design: Design, name: str, folder: Path) -> bytes:
    def make() -> dict[str, bytes]:
        return {name: _drawn(design, name)}

    return strips.kept({name: f"google {edition(design)} {design.version} {name}"}, make, folder)[
        name
    ]


def _drawn(design: Design, name: str) -> bytes:
    if name == LOGO:
        icon = _sharpest(design, "icon")
        blank = Image.new("RGB", (1, 1), design.background_color)
        return _png(draw_logo(Image.open(io.BytesIO(icon)) if icon else blank))
    if counted := _COUNT.fullmatch(name):
        assert design.stamps is not None
        return strips.encode(draw_hero(design.stamps, Progress(*map(int, counted.groups()))))
    strip = _sharpest(design, "strip")
    assert strip is not None
    return _png(_cut_out(Image.open(io.BytesIO(strip))))


def _cut_out(strip: Image.Image) -> Image.Image:
    """The middle of a strip in the shape of the wide picture."""
    points = strip.width / STRIP_SIZE[0]
    box = (0.0, _CUT * points, float(strip.width), strip.height - _CUT * points)
    return strip.convert("RGBA").resize(HERO_SIZE, Image.Resampling.LANCZOS, box)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG", optimize=True)
    return out.getvalue()


def _sharpest(design: Design, slot: str) -> bytes | None:
    """The design's picture for all languages in its largest scale."""
    found = (design.images.get(f"{slot}{suffix}.png") for suffix in _SHARPEST)
    return next((data for data in found if data), None)
