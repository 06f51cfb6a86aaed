"""What a design shows when nobody's card is at hand: the words and numbers of its `sample.toml`.

The file tells a card of a made-up brand in all languages, so that a design can be looked at and
checked before there is a programme for it. docs/designs.md explains the keys.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.errors import SettingsError
from server.face import LANGUAGES, CardFace, Line, Progress, Text

FILE = "sample.toml"
_BARCODE = "SAMPLE0CODE0SAMPLE0C"


@dataclass(frozen=True, slots=True)
class Sample:
    """A card to look at, and the name of the kind of programme that has such cards."""

    kind: str
    face: CardFace


def read(folder: Path) -> Sample:
    """The sample in a design's folder.

    Raises:
        SettingsError: there is none, or it lacks something, such as a text in one language.
    """
    path = folder / FILE
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        return Sample(kind=_word(values, "kind"), face=_face(values))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: copy one from another design") from error
    except KeyError as error:
        raise SettingsError(f"{path}: {error} is missing; see docs/designs.md") from error
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{path}: {error}; see docs/designs.md") from error


def _face(values: Mapping[str, Any]) -> CardFace:
    progress = values.get("progress")
    return CardFace(
        brand=_word(values, "brand"),
        programme=_word(values, "programme"),
        member_number=_word(values, "member_number"),
        barcode=_BARCODE,
        headline=_line("headline", values["headline"]) if "headline" in values else None,
        corner=_line("corner", values["corner"]) if "corner" in values else None,
        lines=tuple(_lines("line", values.get("lines", ()))),
        details=tuple(_lines("detail", values.get("details", ()))),
        progress=Progress(int(progress["have"]), int(progress["need"])) if progress else None,
        actions=(),
    )


def _lines(key: str, tables: Iterable[Mapping[str, Any]]) -> Iterable[Line]:
    return (_line(f"{key}_{place}", table) for place, table in enumerate(tables, 1))


def _line(key: str, table: Mapping[str, Any]) -> Line:
    changed = Text.read(table["changed"], f"{key}.changed") if "changed" in table else None
    if changed and any("{value}" not in changed.get(language) for language in LANGUAGES):
        raise ValueError(f"{key}.changed has no {{value}} in some language")
    return Line(
        key,
        label=Text.read(table["label"], f"{key}.label"),
        value=Text.read(table["value"], f"{key}.value"),
        changed=changed,
    )


def _word(values: Mapping[str, Any], key: str) -> str:
    word = values[key]
    if not isinstance(word, str) or not word.strip():
        raise ValueError(f"{key} is not a text")
    return word
