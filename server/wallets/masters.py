"""The pictures of a design, cut from larger ones: source/strip.jpg becomes strip.png, @2x, @3x.

An icon becomes the logo that Google Wallet shows, too.
"""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from passkit.colors import Color
from passkit.errors import ContentError, ImageError
from passkit.image_slots import SLOTS
from passkit.pictures import cut, encode, open_master
from server import designs
from server.errors import SettingsError
from server.google_pictures import LOGO, draw_logo

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def cut_all(folder: Path) -> Iterator[str]:
    """Cut every picture in `source/` to its slot and write the files; a sentence for each.

    Raises:
        SettingsError: there is no picture, one is damaged or not named after a slot, or design.toml
            lacks something.
    """
    design = designs.read(folder)
    masters = sorted(
        path for path in (folder / "source").glob("*") if path.suffix.lower() in SUFFIXES
    )
    if not masters:
        raise SettingsError(
            f"there is no picture in {folder / 'source'}: put one there that is called "
            f"{', '.join(f'{slot}.png' for slot in ('icon', 'logo', 'strip'))} or .jpg"
        )
    for path in masters:
        if path.stem not in SLOTS:
            raise SettingsError(f"{path.name}: name it after a slot, one of {', '.join(SLOTS)}")
        try:
            made = cut(
                path.read_bytes(),
                path.stem,
                focus=design.focus.get(path.stem, (0.5, 0.5)),
                background=Color.parse(design.background_color),
            )
        except (ImageError, ContentError) as error:
            raise SettingsError(f"{path}: {error}") from error
        for name, data in made.files.items():
            (folder / name).write_bytes(data)
            yield f"{name}: {len(data):,} bytes"
        yield from made.warnings
        if path.stem == "icon":
            data = encode(draw_logo(_square(path, design)))
            (folder / "google").mkdir(exist_ok=True)
            (folder / "google" / LOGO).write_bytes(data)
            yield f"google/{LOGO}: {len(data):,} bytes"


def _square(path: Path, design: designs.Design) -> Image.Image:
    """The middle of a picture, or what it is about, on the design's ground."""
    picture = open_master(path.read_bytes(), path.stem).convert("RGBA")
    side = min(picture.size)
    focus = design.focus.get(path.stem, (0.5, 0.5))
    square = ImageOps.fit(picture, (side, side), centering=focus)
    ground = Image.new("RGBA", square.size, design.background_color)
    ground.alpha_composite(square)
    return ground
