"""A card as a phone would show it, drawn as a picture: the front, and its line on the lock screen.

For looking at a design before there is a programme for it. Sizes are those of the archived Wallet
Developer Guide, Pass Design and Creation; the type stands in for the phone's own, which is narrower
or wider by a little. Only a phone shows what a phone shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO

import qrcode
from font_rhd import font_files
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from passkit.colors import Color
from passkit.image_slots import SLOTS
from server import strips
from server.designs import Design
from server.face import CardFace, Line, Progress
from server.wallets.layout import lay_out, lay_out_poster

WIDTH = 375
SCALE = 3  # pixels to the point
POSTER_SIZE = SLOTS["background"].size
STRIP_HEIGHTS = {"store_card": 144, "coupon": 144, "event_ticket": 98}

_GUTTER = 15
_MARGIN = 18  # of a poster
_HEAD = 68
_CODE = 132
_GAP = 14  # between two fields of a row
_LEAST = 0.7  # a text is made smaller to here, and cut then
_LIGHT, _PLAIN, _STRONG = (f"RedHatDisplay{weight}" for weight in ("Light", "Medium", "SemiBold"))
_BACKDROP, _INK, _SOFT = (228, 229, 234), (17, 17, 20), (99, 100, 108)
_SUFFIXES = ("@3x", "@2x", "")

Rgb = tuple[int, int, int]
Box = tuple[float, float, float, float]  # left, top, width, height


@dataclass(frozen=True, slots=True)
class Words:
    """Words that lie on the strip: where, in points of the strip, and whether they are large."""

    text: str
    box: Box
    is_large: bool


@dataclass(slots=True)
class Drawn:
    """A drawn card, the texts that did not fit on it, and the words on its strip."""

    picture: Image.Image
    cut: list[str] = field(default_factory=list)
    on_strip: list[Words] = field(default_factory=list)


def sheet(design: Design, face: CardFace, languages: Iterable[str]) -> Image.Image:
    """The lock screen's line, the card below it, and the poster that newer phones draw in place of
    the card; once in each language, side by side."""
    columns = [
        [
            _notice(design, face, language),
            draw_card(design, face, language).picture,
            *([draw_poster(design, face, language).picture] if design.has_poster else ()),
        ]
        for language in languages
    ]
    margin, between = 28 * SCALE, 18 * SCALE
    width = margin + len(columns) * (WIDTH * SCALE + margin)
    height = max(sum(each.height + between for each in column) for column in columns)
    ground = Image.new("RGB", (width, height - between + 2 * margin), _BACKDROP)
    for place, column in enumerate(columns):
        left, top = margin + place * (WIDTH * SCALE + margin), margin
        for each in column:
            _drop(ground, each, (left + (WIDTH * SCALE - each.width) // 2, top))
            top += each.height + between
    return ground


def draw_card(design: Design, face: CardFace, language: str) -> Drawn:
    """The front of the card in one language, as RGBA in the shape of its style."""
    page = _Page(design, language)
    progress = strips.drawable(design, face.progress)
    placed = lay_out(face, is_drawn=progress is not None)
    _head(page, placed.header)
    if design.style == "generic":
        top = _beside_thumbnail(page, placed.primary)
    else:
        top = _strip(page, placed.primary, progress)
    row = (*placed.secondary, *placed.auxiliary)
    is_one_row = design.style in ("store_card", "coupon")
    for lines in (row,) if is_one_row else (row[:2], row[2:]):
        top = _row(page, lines, top, (_GUTTER, WIDTH - _GUTTER)) if lines else top
    bottom = _code(page, face, max(top + 16, 300), (WIDTH / 2, _CODE))
    card = page.image.crop((0, 0, WIDTH * SCALE, round(bottom * SCALE)))
    return Drawn(_shaped(card, design.style), page.cut, page.on_strip)


def draw_poster(design: Design, face: CardFace, language: str) -> Drawn:
    """The card as iOS 27 draws it: a picture to the edges, and the words on its calm parts."""
    page = _Page(design, language)
    width, height = POSTER_SIZE
    if background := picture(design, "background", language):
        page.paste(background, (0, 0, width, height))
    placed = lay_out_poster(face)
    if logo := picture(design, "primaryLogo", language):
        page.paste(logo, (_MARGIN, 15, *_within(logo.size, (126, 30))))
    right, room = width - _MARGIN, width - 2.0 * _MARGIN
    for line in placed.header:
        small, large = _Type(_STRONG, 11.5, page.label), _Type(_PLAIN, 20, page.foreground)
        page.write(line.label.get(language).upper(), small, (right, 25), 150, "r")
        page.write(line.value.get(language), large, (right, 46), 150, "r")
    for line in placed.title:
        type_ = _Type(_STRONG, 34, page.foreground)
        page.write(line.value.get(language), type_, (_MARGIN, 274), room)
    if placed.primary:
        _row(page, placed.primary, 285, (_MARGIN, right))
    _code(page, face, 343, (width / 2, 100))
    for line in placed.footer:
        text = f"{line.label.get(language)}  {line.value.get(language)}"
        page.write(text, _Type(_PLAIN, 13, page.label), (width / 2, height - 9), room, "m")
    poster = page.image.crop((0, 0, width * SCALE, height * SCALE))
    return Drawn(_rounded(poster, 22 / height), page.cut)


def picture(design: Design, name: str, language: str = "") -> Image.Image | None:
    """An image of the design in its sharpest scale, as phones in `language` see it, as RGBA."""
    for folder in ("", f"{language}.lproj/"):
        for suffix in _SUFFIXES:
            if data := design.images.get(f"{folder}{name}{suffix}.png"):
                return Image.open(BytesIO(data)).convert("RGBA")
    return None


class _Page:
    """The card to draw on, lengths in points. It notes the texts that do not fit."""

    def __init__(self, design: Design, language: str) -> None:
        self.design, self.language = design, language
        self.background, self.foreground, self.label = (
            _rgb(each)
            for each in (design.background_color, design.foreground_color, design.label_color)
        )
        self.image = Image.new("RGB", (WIDTH * SCALE, 700 * SCALE), self.background)
        self.pen = ImageDraw.Draw(self.image)
        self.cut: list[str] = []
        self.on_strip: list[Words] = []

    def paste(self, image: Image.Image, box: Box) -> None:
        """The image, filling the box; what is over is cut off on both sides alike."""
        left, top, width, height = (round(each * SCALE) for each in box)
        ratio = max(width / image.width, height / image.height)
        size = (round(image.width * ratio), round(image.height * ratio))
        made = image.resize(size, Image.Resampling.LANCZOS)
        x, y = (made.width - width) // 2, (made.height - height) // 2
        made = made.crop((x, y, x + width, y + height))
        self.image.paste(made, (left, top), made)

    def write(
        self, text: str, type_: "_Type", at: tuple[float, float], room: float, side: str = "l"
    ) -> Box:
        """A line of text from `at` (its baseline; `side` l, m or r), smaller or cut to fit."""
        shown, size = type_.fitted(text, room)
        if shown != text:
            self.cut.append(text)
        x, y = at[0] * SCALE, at[1] * SCALE
        font = _font(type_.weight, size)
        self.pen.text((x, y), shown, font=font, fill=type_.colour, anchor=f"{side}s")
        left, top, right, bottom = self.pen.textbbox((x, y), shown, font=font, anchor=f"{side}s")
        return left / SCALE, top / SCALE, (right - left) / SCALE, (bottom - top) / SCALE


@dataclass(frozen=True, slots=True)
class _Type:
    """A weight and a size in points, with a colour."""

    weight: str
    size: float
    colour: Rgb

    def fitted(self, text: str, room: float) -> tuple[str, float]:
        """The text and the size that fit into `room`; below the least size letters go."""
        size = self.size * min(1.0, max(_LEAST, room / max(1.0, self.width(text))))
        shown = text
        while shown and _font(self.weight, size).getlength(shown) > room * SCALE + 1:
            shown = shown.rstrip("…")[:-1].rstrip() + "…"
        return shown, size

    def width(self, text: str) -> float:
        """How wide the text is in full size, in points."""
        return _font(self.weight, self.size).getlength(text) / SCALE


@lru_cache(maxsize=256)
def _font(weight: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_files[weight]), size * SCALE)


def _head(page: _Page, header: Sequence[Line]) -> None:
    left, right = float(_GUTTER), float(WIDTH - _GUTTER)
    for line in header:
        label, value = line.label.get(page.language), line.value.get(page.language)
        small, large = _Type(_STRONG, 11.5, page.label), _Type(_PLAIN, 20, page.foreground)
        page.write(label.upper(), small, (right, 27), 120, "r")
        page.write(value, large, (right, 49), 120, "r")
        right -= min(120, max(small.width(label.upper()), large.width(value))) + _GAP
    if logo := picture(page.design, "logo", page.language):
        width, height = _within(logo.size, (160, 50))
        page.paste(logo, (left, (_HEAD - height) / 2, width, height))
        left += width + 9
    if page.design.logo_text:
        type_ = _Type(_STRONG, 18.5, page.foreground)
        page.write(page.design.logo_text, type_, (left, _HEAD / 2 + 6.5), right - left)


def _strip(page: _Page, primary: Sequence[Line], progress: Progress | None) -> float:
    """The strip with the headline on it; how far down it goes."""
    height = STRIP_HEIGHTS[page.design.style]
    if progress is not None and page.design.stamps is not None:
        drawn = strips.draw(page.design.stamps, progress, SCALE)
        strip: Image.Image | None = Image.open(BytesIO(drawn)).convert("RGBA")
    else:
        strip = picture(page.design, "strip", page.language)
    if strip is not None:
        page.paste(strip, (0, _HEAD, WIDTH, height))
    middle = _HEAD + height / 2
    for line in primary:
        label, value = line.label.get(page.language), line.value.get(page.language)
        large = _Type(_LIGHT, 56 if height > 100 else 40, page.foreground)
        small = _Type(_PLAIN, 16, page.foreground)
        room = WIDTH - 2 * _GUTTER
        shift = large.size * 0.22
        for text, type_, y in ((value, large, middle + shift), (label, small, middle + shift + 24)):
            x, top, width, tall = page.write(text, type_, (_GUTTER, y), room)
            box = (x, top - _HEAD + (144 - height) / 2, width, tall)
            page.on_strip.append(Words(text, box, type_ is large))
    return float(_HEAD + height + 10)


def _beside_thumbnail(page: _Page, primary: Sequence[Line]) -> float:
    """The headline with the thumbnail to its right, as on a generic pass."""
    room = WIDTH - 2.0 * _GUTTER
    if thumbnail := picture(page.design, "thumbnail", page.language):
        width, height = _within(thumbnail.size, (90, 90))
        page.paste(thumbnail, (WIDTH - _GUTTER - width, _HEAD + 4, width, height))
        room -= width + _GAP
    for line in primary:
        small, large = _Type(_STRONG, 12, page.label), _Type(_PLAIN, 30, page.foreground)
        page.write(line.label.get(page.language).upper(), small, (_GUTTER, _HEAD + 36), room)
        page.write(line.value.get(page.language), large, (_GUTTER, _HEAD + 68), room)
    return _HEAD + 104.0


def _row(page: _Page, lines: Sequence[Line], top: float, sides: tuple[float, float]) -> float:
    """Fields beside each other between the sides, each as wide as it needs while there is room."""
    small, large = _Type(_STRONG, 12, page.label), _Type(_PLAIN, 20, page.foreground)
    texts = [
        (each.label.get(page.language).upper(), each.value.get(page.language)) for each in lines
    ]
    wanted = [max(small.width(label), large.width(value)) for label, value in texts]
    left, right = sides
    room = right - left - _GAP * (len(lines) - 1)
    widths = _shared(wanted, room)
    spare = max(0.0, room - sum(wanted)) / max(1, len(lines) - 1)
    for place, ((label, value), width) in enumerate(zip(texts, widths, strict=True)):
        is_last = place == len(texts) - 1 and place > 0
        x, side = (right, "r") if is_last else (left, "l")
        page.write(label, small, (x, top + 15), width, side)
        page.write(value, large, (x, top + 38), width, side)
        left += width + _GAP + spare
    return top + 52


def _shared(wanted: Sequence[float], room: float) -> list[float]:
    """As wide as wanted while there is room; those that want most share what the others leave."""
    widths = list(wanted)
    rest = sorted(range(len(wanted)), key=wanted.__getitem__)
    for place, index in enumerate(rest):
        widths[index] = min(wanted[index], room / (len(rest) - place))
        room -= widths[index]
    return widths


def _code(page: _Page, face: CardFace, top: float, place: tuple[float, int]) -> float:
    """The square code with the member number below it; its `place` is its middle and its width."""
    middle, side = place
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(face.barcode)
    rows = code.get_matrix()
    matrix = Image.new("1", (len(rows), len(rows)), 1)
    matrix.putdata([not cell for row in rows for cell in row])
    width, height = side + 24.0, side + 38.0
    left = middle - width / 2
    box = [each * SCALE for each in (left, top, left + width, top + height)]
    page.pen.rounded_rectangle(box, 9 * SCALE, fill=(255, 255, 255))
    size = (side * SCALE, side * SCALE)
    square = matrix.convert("RGB").resize(size, Image.Resampling.NEAREST)
    page.image.paste(square, (round((left + 12) * SCALE), round((top + 12) * SCALE)))
    type_ = _Type(_PLAIN, 13.5, _INK)
    page.write(face.member_number, type_, (middle, top + side + 29), width, "m")
    return top + height + 18


def _shaped(card: Image.Image, style: str) -> Image.Image:
    """Round corners, the torn edges of a coupon, the notch of a ticket; drawn fine, then shrunk."""
    fine = 2
    unit = SCALE * fine
    mask = Image.new("L", (card.width * fine, card.height * fine), 0)
    pen, (width, height) = ImageDraw.Draw(mask), mask.size
    if style == "coupon":
        pen.rectangle((0, 3 * unit, width, height - 3 * unit), fill=255)
        step = width / 60
        for place in range(60):
            for y in (3 * unit, height - 3 * unit):
                x = place * step
                pen.ellipse((x, y - step / 2, x + step, y + step / 2), fill=255)
    else:
        pen.rounded_rectangle((0, 0, width - 1, height - 1), 13 * unit, fill=255)
    if style == "event_ticket":
        middle, radius = width / 2, 21 * unit
        circle = (middle - radius, -radius * 1.3, middle + radius, radius * 0.7)
        pen.ellipse(circle, fill=0)
    card.putalpha(mask.resize(card.size, Image.Resampling.LANCZOS))
    return card


def _notice(design: Design, face: CardFace, language: str) -> Image.Image:
    """What the lock screen says when a value of the card changes, with the icon."""
    lines = [line for line in (face.headline, face.corner, *face.lines) if line and line.changed]
    text = face.programme
    for line in lines[:1]:
        assert line.changed is not None
        text = line.changed.get(language).replace("{value}", line.value.get(language))
    page = _Page(design, language)
    page.pen.rectangle((0, 0, WIDTH * SCALE, 66 * SCALE), fill=(250, 250, 252))
    left = 14.0
    if icon := picture(design, "icon", language):
        page.paste(_rounded(icon, 9.5 / 38), (left, 14, 38, 38))
        left += 50
    page.write(face.brand, _Type(_STRONG, 14.5, _INK), (left, 30), WIDTH - left - 60)
    page.write(text, _Type(_PLAIN, 14.5, _SOFT), (left, 49), WIDTH - left - _GUTTER)
    return _rounded(page.image.crop((0, 0, WIDTH * SCALE, 66 * SCALE)), 20 / 66)


def _rounded(image: Image.Image, share: float) -> Image.Image:
    """With corners of that share of its height."""
    mask = Image.new("L", (image.width * 4, image.height * 4), 0)
    box = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, mask.height * share, fill=255)
    made = image.convert("RGBA")
    made.putalpha(mask.resize(image.size, Image.Resampling.LANCZOS))
    return made


def _drop(ground: Image.Image, card: Image.Image, at: tuple[int, int]) -> None:
    """Lay the card down with a soft shadow."""
    shadow = Image.new("L", ground.size, 0)
    shadow.paste(card.getchannel("A").point(lambda shade: shade * 0.3), (at[0], at[1] + 5 * SCALE))
    ground.paste((40, 42, 54), mask=shadow.filter(ImageFilter.GaussianBlur(7 * SCALE)))
    ground.paste(card, at, card)


def _within(size: tuple[int, int], box: tuple[float, float]) -> tuple[float, float]:
    """An image's size in points: as large as it is, but within the box."""
    width, height = size[0] / SCALE, size[1] / SCALE
    ratio = min(1.0, box[0] / width, box[1] / height)
    return width * ratio, height * ratio


def _rgb(written: str) -> Rgb:
    color = Color.parse(written)
    return color.red, color.green, color.blue
