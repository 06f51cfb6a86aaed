"""Posters: the code that leads to a programme's join page, in the brand's look, ready to print.

The code and the ground are vectors and the type is embedded, so that it prints sharp at any size.
Pictures come from the design's `print/`, where there are any: larger than those of the card.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import qrcode
from font_rhd import font_files
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, TextEmphasis
from qrcode.constants import ERROR_CORRECT_M

from server import designs
from server.face import Text

_SCAN = Text("Skannaa kamerallasi", "Skanna med kameran", "Scan with your camera")
_FREE = Text(
    "Kortti tulee puhelimeesi. Sovellusta ei tarvita.",
    "Kortet kommer till din telefon. Ingen app behövs.",
    "The card goes into your phone. No app needed.",
)
_FOLD = Text(
    "Taita viivoja pitkin kolmioksi ja teippaa tämä osa alle.",
    "Vik längs linjerna till en trekant och tejpa den här delen under.",
    "Fold along the lines into a triangle and tape this part underneath.",
)

_FAMILY = "Red Hat Display"
_WEIGHTS = {"": "RedHatDisplayMedium", "B": "RedHatDisplayBlack"}
_A4 = (210.0, 297.0)  # millimetres
_POINT = 25.4 / 72
_QUIET = 4  # modules of white around a code

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says: the name of a design, the brand, the programme and its rule in one
    sentence, the address behind the code, and the language of the words around it."""

    design: str
    brand: str
    programme: str
    sentence: str
    link: str
    language: str


@lru_cache(maxsize=32)
def render(poster: Poster, size: str) -> bytes:
    """The poster as a PDF file of one page; `size` is one of `SIZES`."""
    width, height, draw = SIZES[size]
    pdf = FPDF(unit="mm", format=(width, height))
    for style, weight in _WEIGHTS.items():
        pdf.add_font(_FAMILY, style, font_files[weight])
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_title(f"{poster.programme}, {poster.brand}")
    pdf.set_lang(poster.language)
    pdf.add_page()
    draw(_Sheet(pdf, poster), width)
    return bytes(pdf.output())


class _Sheet:
    """A page and what is drawn on it, all lengths in millimetres, type in points."""

    def __init__(self, pdf: FPDF, poster: Poster) -> None:
        self.pdf = pdf
        self.poster = poster
        self.design = designs.load(poster.design)
        self.background = _colour(self.design.background_color)
        self.foreground = _colour(self.design.foreground_color)
        self.label = _colour(self.design.label_color)

    def fill(self, x: float, y: float, width: float, height: float) -> None:
        """The brand's ground."""
        self.pdf.set_fill_color(*self.background)
        self.pdf.rect(x, y, width, height, style="F")

    def picture(self, name: str, box: tuple[float, float, float, float]) -> None:
        """A picture of the design in a box (x, y, width, height); nothing when it has none."""
        large = self.design.folder / "print" / f"{name}.png"
        data = large.read_bytes() if large.is_file() else self.design.images.get(f"{name}@3x.png")
        if data:
            x, y, width, height = box
            self.pdf.image(io.BytesIO(data), x, y, width, height, keep_aspect_ratio=True)

    def words(
        self,
        text: str,
        at: tuple[float, float],
        box: tuple[float, float],
        *,
        points: float,
        style: str = "",
        colour: Colour | None = None,
        align: Align = Align.L,
    ) -> float:
        """Text in a box (width, height), smaller when it needs to be; how high it came out."""
        lead = 1.12 if style else 1.3
        self.pdf.set_text_color(*(colour or self.foreground))
        while True:
            self.pdf.set_font(_FAMILY, TextEmphasis.coerce(style).style, points)
            line = points * _POINT * lead
            self.pdf.set_xy(*at)
            broken = self.pdf.multi_cell(
                box[0], line, text, align=align, dry_run=True, output=MethodReturnValue.LINES
            )
            lines = cast("list[str]", broken)
            widest = max(map(self.pdf.get_string_width, text.split()), default=0.0)
            if points < 6 or (len(lines) * line <= box[1] and widest <= box[0]):
                break
            points *= 0.94
        self.pdf.multi_cell(box[0], line, text, align=align)
        return len(lines) * line

    def code(self, x: float, y: float, size: float, *, radius: float) -> None:
        """The code on white with round corners, drawn as vectors."""
        code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET)
        code.add_data(self.poster.link)
        rows = code.get_matrix()
        module = size / len(rows)
        self.pdf.set_fill_color(255, 255, 255)
        self.pdf.rect(x, y, size, size, style="F", round_corners=True, corner_radius=radius)
        self.pdf.set_fill_color(0, 0, 0)
        for row, cells in enumerate(rows):
            for start, length in _runs(cells):
                place = x + start * module, y + row * module
                self.pdf.rect(*place, length * module, module * 1.01, style="F")

    def name(self, x: float, y: float, height: float, width: float) -> None:
        """The brand's logo and its name beside it."""
        self.picture("logo", (x, y, height * 0.82, height))
        left = x + height * 0.82 + height * 0.22
        points = height / _POINT * 0.44
        top = y + (height - points * _POINT * 1.12) / 2
        self.words(
            self.poster.brand, (left, top), (width, points * _POINT * 1.2), points=points, style="B"
        )

    def say(self, text: Text) -> str:
        """A text in the poster's language."""
        return text.get(self.poster.language)

    @property
    def address(self) -> str:
        """The link as one types it."""
        return self.poster.link.partition("://")[2]


def _upright(sheet: _Sheet, width: float) -> None:
    """A poster for the wall or the counter: everything in proportion to its width."""
    u = width / 210
    height = width * _A4[1] / _A4[0]
    sheet.fill(0, 0, width, height)
    strip = width * 144 / 375
    sheet.picture("strip", (0, height - strip, width, strip))
    sheet.name(18 * u, 17 * u, 19 * u, 150 * u)
    top = 51 * u
    top += sheet.words(
        sheet.poster.programme, (18 * u, top), (174 * u, 40 * u), points=76 * u, style="B"
    )
    sheet.words(
        sheet.poster.sentence,
        (18 * u, top + 4 * u),
        (166 * u, 29 * u),
        points=25 * u,
        colour=sheet.label,
    )
    side = 104 * u
    left, code = 18 * u, 126 * u
    sheet.code(left, code, side, radius=6 * u)
    beside, room, top = left + side + 10 * u, 210 * u - left - side - 28 * u, code + 4 * u
    top += sheet.words(sheet.say(_SCAN), (beside, top), (room, 62 * u), points=33 * u, style="B")
    sheet.words(sheet.say(_FREE), (beside, top + 5 * u), (room, 40 * u), points=17 * u)
    sheet.words(
        sheet.address, (left, code + side + 4 * u), (side, 6 * u), points=11 * u, colour=sheet.label
    )


def _tent(sheet: _Sheet, width: float) -> None:
    """A sheet folded in three to stand on a table: two faces, back to back, and a foot."""
    face = _A4[1] / 3
    with sheet.pdf.rotation(180, x=width / 2, y=face / 2):
        _face(sheet, 0, width, face)
    _face(sheet, face, width, face)
    sheet.pdf.set_draw_color(150, 150, 150)
    sheet.pdf.set_dash_pattern(dash=2, gap=2)
    for y in (face, 2 * face):
        sheet.pdf.line(0, y, width, y)
    sheet.words(
        sheet.say(_FOLD),
        (30, 2 * face + 40),
        (width - 60, 30),
        points=14,
        colour=(80, 80, 80),
        align=Align.C,
    )


def _face(sheet: _Sheet, top: float, width: float, height: float) -> None:
    sheet.fill(0, top, width, height)
    side = height - 28
    left = width - side - 14
    room = left - 26
    sheet.name(14, top + 12, 13, room - 14)
    below = top + 34
    below += sheet.words(sheet.poster.programme, (14, below), (room, 18), points=40, style="B")
    below += sheet.words(
        sheet.poster.sentence, (14, below + 2), (room, 17), points=14, colour=sheet.label
    )
    sheet.words(sheet.say(_SCAN), (14, top + height - 27), (room, 8), points=17, style="B")
    sheet.words(sheet.say(_FREE), (14, top + height - 19), (room, 6), points=11)
    sheet.code(left, top + 14, side, radius=4)


def _colour(rgb: str) -> Colour:
    red, green, blue = map(int, re.findall(r"\d+", rgb))
    return red, green, blue


def _runs(cells: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin in a row and how many there are."""
    runs: list[tuple[int, int]] = []
    for index, is_dark in enumerate(cells):
        if is_dark and runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif is_dark:
            runs.append((index, 1))
    return runs


# name -> width and height in millimetres, and how it is drawn
SIZES: dict[str, tuple[float, float, Callable[[_Sheet, float], None]]] = {
    "a4": (*_A4, _upright),
    "a5": (148.5, 210.0, _upright),
    "table": (*_A4, _tent),
}
