"""Designs: how a programme's card looks. One folder each in templates/passes/.

A folder holds `design.toml` (colours, the words beside the logo, where stamps stand), PNG images
under the names that wallets know, in `<language>.lproj/` those that differ by language, and in
`stamps/` the pictures of a stamp; perhaps `google/` with those that Google Wallet alone shows. Its
version is a digest of all of it, so that a changed picture is a changed card. docs/designs.md is
for whoever draws one.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from server.config import TEMPLATES
from server.errors import SettingsError
from server.face import Text

STRIP_SIZE = (375, 144)  # points
STYLES = ("store_card", "coupon", "event_ticket", "generic")
_STAMPS = ("empty.png", "full.png", "strip.png", "strip@2x.png", "strip@3x.png")


@dataclass(frozen=True, slots=True)
class Stamps:
    """How the strip shows the stamps collected, in points of the strip.

    They stand in `area` (left, top, width, height), `gap` apart, no larger than `largest`, and
    turned by up to `tilt` degrees. Above `most` stamps the plain strip is shown. `pictures` by
    file name: the strip behind them in three scales, an `empty` place, a `full` one, and perhaps
    the `reward` that waits in the last place.
    """

    area: tuple[float, float, float, float]
    gap: float
    largest: float
    tilt: float
    most: int
    pictures: dict[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tile:
    """A small card below the card that leads somewhere, such as to a survey."""

    header: Text
    body: Text
    uri: str


@dataclass(frozen=True, slots=True)
class GoogleLook:
    """What Google Wallet alone shows: pictures by file name, a button on the front (its words and
    its address), and tiles below."""

    pictures: dict[str, bytes] = field(default_factory=dict, repr=False)
    button: tuple[Text, str] | None = None
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True, slots=True)
class Design:
    """Colours as `rgb(r,g,b)`, images by file name, and the digest of all of it.

    `style`, one of `STYLES`, is the kind of card it is drawn for; `focus` by image is the point,
    from 0 to 1 across and down, that stays in sight when it is cut from a larger one.
    """

    name: str
    folder: Path
    background_color: str
    foreground_color: str
    label_color: str
    logo_text: str
    images: dict[str, bytes] = field(repr=False)
    version: str
    stamps: Stamps | None = None
    style: str = STYLES[0]
    focus: dict[str, tuple[float, float]] = field(default_factory=dict)
    google: GoogleLook = field(default_factory=GoogleLook)

    @property
    def has_poster(self) -> bool:
        """Whether the design asks for a poster, by bringing a `background` picture to fill it."""
        return any(name.rpartition("/")[2].startswith("background") for name in self.images)


def names() -> list[str]:
    """Every design there is."""
    return sorted(path.parent.name for path in (TEMPLATES / "passes").glob("*/design.toml"))


@cache
def load(name: str) -> Design:
    """The design in the folder `name` of templates/passes/.

    Raises:
        SettingsError: there is no such design, or its design.toml lacks something.
    """
    folder = TEMPLATES / "passes" / name
    if not (folder / "design.toml").is_file():
        raise SettingsError(f"there is no design {name!r}: templates/passes/ lists the designs")
    return read(folder)


def read(folder: Path) -> Design:
    """The design in a folder anywhere.

    Raises:
        SettingsError: there is no design.toml in it, or it lacks something.
    """
    try:
        raw = (folder / "design.toml").read_bytes()
    except OSError as error:
        raise _wrong(folder, "it cannot be read") from error
    images = _pictures(folder, "*.png") | _pictures(folder, "*.lproj/*.png")
    stamps = _pictures(folder / "stamps", "*.png")
    google = _pictures(folder / "google", "*.png")
    digest = hashlib.sha256(raw)
    for part in (images, stamps, google):
        for file_name, content in part.items():
            digest.update(file_name.encode())
            digest.update(hashlib.sha256(content).digest())
    try:
        values = tomllib.loads(raw.decode())
        return Design(
            name=folder.name,
            folder=folder,
            background_color=values["background_color"],
            foreground_color=values["foreground_color"],
            label_color=values["label_color"],
            logo_text=values["logo_text"],
            images=images,
            version=digest.hexdigest(),
            stamps=_stamps(values["stamps"], stamps) if "stamps" in values else None,
            style=_style(values.get("style", STYLES[0])),
            focus={slot: (float(x), float(y)) for slot, (x, y) in values.get("focus", {}).items()},
            google=_google(values.get("google", {}), google),
        )
    except KeyError as error:
        raise _wrong(folder, f"{error} is missing") from error
    except (TypeError, ValueError) as error:  # a TOML error is a ValueError, too
        raise _wrong(folder, str(error)) from error


def _wrong(folder: Path, what: str) -> SettingsError:
    is_ours = folder.parent == TEMPLATES / "passes"
    name = f"templates/passes/{folder.name}" if is_ours else str(folder)
    return SettingsError(f"{name}/design.toml: {what}; see docs/designs.md")


def _pictures(folder: Path, pattern: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.glob(pattern))
    }


def _style(written: str) -> str:
    if written not in STYLES:
        raise ValueError(f"style is {written!r}: choose one of {', '.join(STYLES)}")
    return written


def _google(written: Mapping[str, Any], pictures: dict[str, bytes]) -> GoogleLook:
    values = dict(written)
    button = values.get("button")
    return GoogleLook(
        pictures=pictures,
        button=button and (Text.read(button["text"], "google.button.text"), str(button["uri"])),
        tiles=tuple(
            Tile(
                header=Text.read(tile["header"], "google.tiles.header"),
                body=Text.read(tile["body"], "google.tiles.body"),
                uri=str(tile["uri"]),
            )
            for tile in values.get("tiles", ())
        ),
    )


def _stamps(values: Mapping[str, Any], pictures: dict[str, bytes]) -> Stamps:
    if missing := [name for name in _STAMPS if name not in pictures]:
        raise ValueError(f"[stamps] needs the pictures stamps/{', stamps/'.join(missing)}")
    left, top, width, height = (float(each) for each in values["area"])
    is_inside = left + width <= STRIP_SIZE[0] and top + height <= STRIP_SIZE[1]
    if min(left, top) < 0 or min(width, height) <= 0 or not is_inside:
        raise ValueError("the area of [stamps] is not inside the strip of 375 x 144 points")
    return Stamps(
        area=(left, top, width, height),
        gap=float(values["gap"]),
        largest=float(values["largest"]),
        tilt=float(values["tilt"]),
        most=int(values["most"]),
        pictures=pictures,
    )
