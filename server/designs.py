"""Designs: how a programme's card looks. One folder each in templates/passes/.

A folder holds `design.toml` (colours and the words beside the logo) and PNG images under the
names that wallets know. Its version is a digest of all of it, so that a changed picture is a
changed card.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache

from server.config import TEMPLATES
from server.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Design:
    """Colours as `rgb(r,g,b)`, images by file name, and the digest of all of it."""

    name: str
    background_color: str
    foreground_color: str
    label_color: str
    logo_text: str
    images: dict[str, bytes]
    version: str


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
    images = {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}
    digest = hashlib.sha256(raw)
    for file_name, content in images.items():
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
        )
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"templates/passes/{name}/design.toml: {error}") from error
