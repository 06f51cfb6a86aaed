"""Designs: how a programme's card looks. One folder each in templates/passes/.

A folder holds `design.toml` (colours, the words beside the logo, where stamps stand), PNG images
under the names that wallets know, and in `stamps/` the pictures of a stamp. Its version is a digest
of all of it, so that a changed picture is a changed card. docs/designs.md is for whoever draws one.
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

STRIP_SIZE = (375, 144)  # points
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
class Design:
    """Colours as `rgb(r,g,b)`, images by file name, and the digest of all of it."""

    name: str
    background_color: str
    foreground_color: str
    label_color: str
    logo_text: str
    images: dict[str, bytes] = field(repr=False)
    version: str
    stamps: Stamps | None = None

    @property
    def folder(self) -> Path:
        """Where the design's files are."""
        return TEMPLATES / "passes" / self.name


def names() -> list[str]:
    """Every design there is."""
    return sorted(path.parent.name for path in (TEMPLATES / "passes").glob("*/design.toml"))


@cache
def load(name: str) -> Design:
    """The design in the folder `name`.

    Raises:
        SettingsError: there is no such design, or its design.toml lacks something.
    """
    folder = TEMPLATES / "passes" / name
    if not (folder / "design.toml").is_file():
        raise SettingsError(f"there is no design {name!r}: templates/passes/ lists the designs")
    raw = (folder / "design.toml").read_bytes()
    images = _pictures(folder)
    stamps = _pictures(folder / "stamps")
    digest = hashlib.sha256(raw)
    for part in (images, stamps):
        for file_name, content in part.items():
            digest.update(file_name.encode())
            digest.update(hashlib.sha256(content).digest())
    try:
        values = tomllib.loads(raw.decode())
        return Design(
            name=name,
            background_color=values["background_color"],
            foreground_color=values["foreground_color"],
            label_color=values["label_color"],
            logo_text=values["logo_text"],
            images=images,
            version=digest.hexdigest(),
            stamps=_stamps(values["stamps"], stamps) if "stamps" in values else None,
        )
    except KeyError as error:
        raise _wrong(name, f"{error} is missing") from error
    except (TypeError, ValueError) as error:  # a TOML error is a ValueError, too
        raise _wrong(name, str(error)) from error


def _wrong(name: str, what: str) -> SettingsError:
    return SettingsError(f"templates/passes/{name}/design.toml: {what}; see docs/designs.md")


def _pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


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
