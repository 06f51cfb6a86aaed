"""The picture of the stamps collected: the strip of a card, drawn once for each count.

A pure function of the design and the progress. What was drawn is kept in a folder under a name
made of everything it depends on, so that neither a restart nor another process draws it again.
Cards are made of it in a hurry, so all counts of all programmes are drawn before serving.
"""

import fcntl
import hashlib
import io
import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from PIL import Image

from server.designs import Design, Stamps
from server.face import Progress

FOLDER = "images"  # in the data folder
SCALES = {"strip.png": 1, "strip@2x.png": 2, "strip@3x.png": 3}

_LOCK = ".drawing"  # in the same folder
_REVISION = 1  # of the drawing: raise it when the same design would come out otherwise
_TURNS = (-1.0, 0.6, -0.4, 1.0)  # of the design's tilt, by place
_FEWER_ROWS = 0.9  # a row more must make the stamps so much larger
_COLOURS = 128
_PNG_END = b"IEND\xaeB`\x82"

_log = logging.getLogger(__name__)


def drawable(design: Design, progress: Progress | None) -> Progress | None:
    """The progress as the design's strip shows it; None when it does not show it."""
    if design.stamps is None or progress is None or not 1 <= progress.need <= design.stamps.most:
        return None
    return Progress(max(0, min(progress.have, progress.need)), progress.need)


def files(design: Design, progress: Progress, folder: Path) -> dict[str, bytes]:
    """The strip in every scale by file name, from `folder` or, the first time, newly drawn.

    `progress` is one that `drawable` gave.
    """

    def made() -> dict[str, bytes]:
        _log.info("strips.drawn design=%s have=%d need=%d", design.name, *_pair(progress))
        assert design.stamps is not None
        return {name: draw(design.stamps, progress, scale) for name, scale in SCALES.items()}

    content = f"{_REVISION} {design.version} {progress.have} {progress.need}"
    return kept({name: f"{content} {scale}" for name, scale in SCALES.items()}, made, folder)


def kept(
    contents: Mapping[str, str], make: Callable[[], dict[str, bytes]], folder: Path
) -> dict[str, bytes]:
    """Pictures by name, from `folder` or, the first time, newly made.

    `contents` tells for each of them everything that it depends on.
    """
    paths = {name: folder / _file_name(content) for name, content in contents.items()}
    if found := _read(paths):
        return found
    with _alone(folder):  # of several that wait for the same picture the first one makes it
        if found := _read(paths):
            return found
        drawn = make()
        for name, data in drawn.items():
            _write(paths[name], data)
        return drawn


def warm(starts: Iterable[tuple[Design, Progress]], folder: Path) -> None:
    """Have the strips of every count ready, from none to all, for each design and need."""
    for design, start in starts:
        for have in range(start.need + 1):
            if progress := drawable(design, Progress(have, start.need)):
                files(design, progress, folder)


def draw(stamps: Stamps, progress: Progress, scale: int) -> bytes:
    """The strip as a PNG of few colours, `scale` pixels to the point."""
    name = next(name for name, each in SCALES.items() if each == scale)
    strip = _open(stamps.pictures[name]).copy()
    size, places = layout(stamps, progress.need)
    for index, (left, top) in enumerate(places):
        stamp = stamp_at(stamps, progress, index, max(1, round(size * scale)))
        strip.alpha_composite(stamp, (round(left * scale), round(top * scale)))
    return encode(strip)


def encode(picture: Image.Image) -> bytes:
    """The picture as a PNG of few colours."""
    out = io.BytesIO()
    picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def layout(stamps: Stamps, need: int) -> tuple[float, list[tuple[float, float]]]:
    """How wide a stamp is and where each stands: rows of nearly equal length, in the middle."""
    left, top, width, height = stamps.area

    def size_in(rows: int) -> float:
        columns = math.ceil(need / rows)
        across = (width - (columns - 1) * stamps.gap) / columns
        down = (height - (rows - 1) * stamps.gap) / rows
        return min(across, down, stamps.largest)

    rows = max(range(1, need + 1), key=lambda n: size_in(n) * _FEWER_ROWS**n)
    size = max(size_in(rows), 1.0)
    step = size + min(stamps.gap * 2, _spare(width, math.ceil(need / rows), size, stamps.gap))
    middle_x, middle_y = left + width / 2, top + height / 2
    places = []
    for row in range(rows):
        length = need // rows + (row < need % rows)
        y = middle_y + (row - (rows - 1) / 2) * (size + stamps.gap) - size / 2
        start = middle_x - (length - 1) / 2 * step - size / 2
        places += [(start + column * step, y) for column in range(length)]
    return size, places


def _spare(width: float, columns: int, size: float, gap: float) -> float:
    """The gap that would spread a row over the whole width, and never less than the design's."""
    return max(gap, (width - columns * size) / max(1, columns - 1))


def stamp_at(stamps: Stamps, progress: Progress, index: int, pixels: int) -> Image.Image:
    """The picture of the place `index`: a stamp, an empty place or the reward that waits there."""
    if index < progress.have:
        turn = stamps.tilt * _TURNS[index % len(_TURNS)]
        return _made(stamps.pictures["full.png"], turn, pixels)
    is_reward = index == progress.need - 1 and "reward.png" in stamps.pictures
    return _made(stamps.pictures["reward.png" if is_reward else "empty.png"], 0.0, pixels)


@lru_cache(maxsize=32)
def _made(picture: bytes, turn: float, pixels: int) -> Image.Image:
    turned = _open(picture).rotate(turn, resample=Image.Resampling.BICUBIC)
    return turned.resize((pixels, pixels), Image.Resampling.LANCZOS)


@lru_cache(maxsize=8)
def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGBA")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other thread or process draws; of one that is killed, the lock goes with it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a child forked meanwhile has the file open, too


def _file_name(content: str) -> str:
    return f"{hashlib.sha256(content.encode()).hexdigest()[:40]}.png"


def _pair(progress: Progress) -> tuple[int, int]:
    return progress.have, progress.need


def _read(paths: dict[str, Path]) -> dict[str, bytes] | None:
    """What was drawn before; None when a file is missing or was cut short."""
    found = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    is_whole = len(found) == len(paths) and all(f.endswith(_PNG_END) for f in found.values())
    return found if is_whole else None


def _write(path: Path, data: bytes) -> None:
    """In one piece: another process may be reading."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)
