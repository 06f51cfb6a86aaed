"""What is wrong with a design, in plain words: what customers could not read, or phones not show.

Contrast is that of WCAG 2.2 (contrast minimum, and contrast of what is no text). The sizes of
images are Apple's (passkit.image_slots).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path

from PIL import Image, ImageStat

from passkit.colors import Color, color_at
from passkit.errors import ImageError, PasskitError
from passkit.images import Images, png_size
from server import designs, samples
from server.designs import STRIP_SIZE, Design
from server.errors import SettingsError
from server.face import LANGUAGES, CardFace, Progress
from server.samples import Sample
from server.strips import draw, layout
from server.wallets.google import check as google_check
from server.wallets.preview import (
    POSTER_SIZE,
    Drawn,
    Words,
    draw_card,
    draw_poster,
    picture,
)

MOST_BYTES = 400_000  # of all pictures of a pass together
_TEXT, _LARGE_TEXT, _SHAPE = 4.5, 3.0, 3.0
_LARGEST_STAMP = 1024  # pixels
_WANTED = {
    "store_card": {"logo", "strip"},
    "coupon": {"logo", "strip"},
    "event_ticket": {"logo", "strip"},
    "generic": {"logo", "thumbnail"},
}
# The strip is on the join page and on printed posters, too; the others make a poster of the card.
_EVERYWHERE = {"icon", "strip", "background", "primaryLogo", "secondaryLogo"}
_CALM = {"top": (0, 60), "lower half": (250, 505)}  # of a poster in points: here words may stand
_CORNER = (150, 60)  # of a poster in points: here its logo stands
_STAMPS = 10  # a card of so many, half full, shows the stamps as customers see them
_WORST = 2  # percent of the pixels under a word may be anything: an edge, a star


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend; advice, when a card can be used as it is."""

    says: str
    is_advice: bool = False


_Advice = partial(Finding, is_advice=True)


def examine(folder: Path) -> list[Finding]:
    """All that is to be said of the design in a folder and of its sample; nothing when all is well.

    Raises:
        SettingsError: there is no such folder.
    """
    if not folder.is_dir():
        raise SettingsError(f"there is no folder {folder}: docs/designs.md tells how to make one")
    try:
        design = designs.read(folder)
    except SettingsError as error:
        return [Finding(str(error))]
    unfit = [Finding(f"{folder.name}: {each}") for each in _unfit(design)]
    about_sample: list[Finding] = []
    sample = None
    try:
        sample = samples.read(folder)
    except SettingsError as error:
        is_there = (folder / samples.FILE).exists()
        about_sample = [Finding(str(error), is_advice=not is_there)]
    if unfit:
        return unfit + about_sample
    every = (
        _colours(design),
        map(_Advice, Images(design.images).warnings),
        _pictures(design),
        _poster(design),
        _stamps(design),
        _google(design, sample),
        _words(design, sample.face) if sample else about_sample,
    )
    return list(chain.from_iterable(every))


def opened(folder: Path) -> tuple[Design, Sample]:
    """The design and the sample in a folder, both fit to be drawn.

    Raises:
        SettingsError: something is missing, damaged, or no picture or colour that wallets take.
    """
    design, sample = designs.read(folder), samples.read(folder)
    for each in _unfit(design):
        raise SettingsError(f"{folder.name}: {each}")
    return design, sample


def _unfit(design: Design) -> Iterator[str]:
    """What keeps the design from being drawn: colours that are none, pictures that do not open."""
    for key in ("background_color", "foreground_color", "label_color"):
        try:
            color_at(key, getattr(design, key))
        except PasskitError as error:
            yield str(error)
    stamps = design.stamps.pictures if design.stamps else {}
    try:
        Images(design.images)
        for name, data in stamps.items():
            _check_stamp(name, data)
    except PasskitError as error:
        yield str(error)
        return
    for name, data in (design.images | stamps).items():
        try:
            Image.open(BytesIO(data)).load()
        except (OSError, ValueError, SyntaxError):
            yield f"{name} is damaged: export it again."


def contrast(one: Color, other: Color) -> float:
    """From 1 (alike) to 21 (black and white)."""
    return _ratio(_luminance(one), _luminance(other))


def _luminance(color: Color) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in (color.red, color.green, color.blue))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _check_stamp(name: str, data: bytes) -> None:
    size = png_size(data, f"stamps/{name}")
    most = STRIP_SIZE[0] * 3 if name.startswith("strip") else _LARGEST_STAMP
    if max(size) > most:
        raise ImageError(f"stamps/{name} is {size[0]} x {size[1]} pixels: keep it below {most}.")


def _colours(design: Design) -> Iterator[Finding]:
    ground = Color.parse(design.background_color)
    for key in ("foreground_color", "label_color"):
        ratio = contrast(Color.parse(getattr(design, key)), ground)
        if ratio < _TEXT:
            yield Finding(
                f"{key} on background_color has a contrast of {ratio:.1f} : 1, and small words "
                f"need {_TEXT} : 1. Make one of them {_way(design, key)}."
            )


def _way(design: Design, key: str) -> str:
    words, ground = (
        _luminance(Color.parse(each)) for each in (getattr(design, key), design.background_color)
    )
    return "lighter or the other darker" if words >= ground else "darker or the other lighter"


def _pictures(design: Design) -> Iterator[Finding]:
    there = {name.split("/")[-1].partition(".")[0].partition("@")[0] for name in design.images}
    for name in sorted(_WANTED[design.style] - there):
        yield _Advice(
            f"there is no {name}.png: a {_words_of(design.style)} looks bare without one."
        )
    for name in sorted(there - _WANTED[design.style] - _EVERYWHERE):
        yield _Advice(f"{name}.png is never shown on a {_words_of(design.style)}: remove it.")
    icon = picture(design, "icon")
    if icon is not None and icon.getchannel("A").getextrema() != (255, 255):
        yield _Advice("the icon has clear places, which phones show black: give it a ground.")
    if (weight := sum(map(len, design.images.values()))) > MOST_BYTES:
        yield _Advice(
            f"the pictures have {weight:,} bytes together: below {MOST_BYTES:,} a card comes "
            "quickly over a slow network. Use less detail or fewer colours."
        )
    yield from _logo(design, "logo", _luminance(Color.parse(design.background_color)))


def _poster(design: Design) -> Iterator[Finding]:
    """Nobody knows quite where words stand on a poster: wherever they may, it is calm."""
    every = [picture(design, "background", language) for language in LANGUAGES]
    if not any(every):
        yield _Advice("there is no background.png: iOS 27 shows no poster of this card.")
        return
    if not all(every):
        yield _Advice("not every language has a background.png: the others show a bare poster.")
    found: dict[Finding, None] = {}
    for background in filter(None, every):
        ground = Image.new("RGBA", POSTER_SIZE, design.background_color)
        ground.alpha_composite(background.resize(POSTER_SIZE, Image.Resampling.BOX))
        found |= dict.fromkeys(_on_poster(design, ground))
        corner = ground.crop((0, 0, *_CORNER))
        most = max(_colours_of(corner))[1]
        found |= dict.fromkeys(_logo(design, "primaryLogo", _of_pixel(most)))
    yield from found
    if picture(design, "primaryLogo") is None:
        yield _Advice("there is no primaryLogo.png: nobody would know whose poster it is.")


def _on_poster(design: Design, ground: Image.Image) -> Iterator[Finding]:
    for part, (top, bottom) in _CALM.items():
        place = ground.crop((0, top, ground.width, bottom))
        for key in ("foreground_color", "label_color"):
            own = _luminance(Color.parse(getattr(design, key)))
            if (ratio := _lowest_ratio(place, own)) < _TEXT:
                yield Finding(
                    f"{key} in the {part} of the poster has a contrast of {ratio:.1f} : 1, and "
                    f"small words need {_TEXT} : 1. Make the background calmer and "
                    f"{'darker' if own > 0.4 else 'lighter'} there."
                )


def _logo(design: Design, name: str, ground: float) -> Iterator[Finding]:
    """A logo is seen when enough of it differs from what it lies on."""
    if (logo := picture(design, name)) is None:
        return
    solid = [pixel for pixel in _colours_of(logo) if pixel[1][3] > 127]
    total = sum(count for count, _ in solid)
    seen = sum(count for count, pixel in solid if _ratio(_of_pixel(pixel), ground) >= _SHAPE)
    if seen < 0.15 * total or not total:
        ground_name = "background_color" if name == "logo" else "the poster"
        yield Finding(f"the {name} cannot be told from {ground_name}: draw it lighter or darker.")


def _words_of(style: str) -> str:
    return style.replace("_", " ")


def _stamps(design: Design) -> Iterator[Finding]:
    """Stamps and empty places differ in brightness: some customers see no red."""
    if design.stamps is None:
        return
    need = min(_STAMPS, design.stamps.most)
    size, places = layout(design.stamps, need)
    strips = [
        Image.open(BytesIO(draw(design.stamps, Progress(have, need), 1))) for have in (0, need)
    ]
    left, top = places[0]
    box = (round(left), round(top), round(left + size), round(top + size))
    empty, full = (ImageStat.Stat(each.convert("L").crop(box)).mean[0] for each in strips)
    shades = [_luminance(Color(*(round(shade),) * 3)) for shade in (empty, full)]
    if (ratio := _ratio(*shades)) < _SHAPE:
        yield Finding(
            f"a stamp and an empty place have a contrast of {ratio:.1f} : 1, and customers who see "
            f"no colours need {_SHAPE} : 1. Make full.png lighter or darker than empty.png."
        )


def _google(design: Design, sample: Sample | None) -> Iterator[Finding]:
    face = sample.face if sample else None
    found = [Finding(each) for each in google_check.faults(design, face)]
    yield from found or map(_Advice, google_check.advice(design))


def _words(design: Design, face: CardFace) -> Iterator[Finding]:
    """In every language the words fit, and can be read where they lie on the strip."""
    strip = picture(design, "strip")
    is_plain = face.progress is None and design.style != "generic"
    for language in LANGUAGES:
        drawn = draw_card(design, face, language)
        cut = draw_poster(design, face, language).cut if design.has_poster else []
        for text in dict.fromkeys((*drawn.cut, *cut)):
            yield _Advice(f"{text!r} ({language}) does not fit on the front: say it shorter.")
        if strip is not None:
            on_plain = drawn if is_plain else _on_plain_strip(design, face, language)
            for words in on_plain.on_strip:
                yield from _on_strip(design, strip, words, language)


def _on_plain_strip(design: Design, face: CardFace, language: str) -> Drawn:
    """The card as it is when there are too many stamps to draw; the service makes store cards."""
    style = "store_card" if design.style == "generic" else design.style
    return draw_card(replace(design, style=style), replace(face, progress=None), language)


def _on_strip(design: Design, strip: Image.Image, words: Words, language: str) -> Iterator[Finding]:
    """Phones draw the words above a number in one colour or the other: both are to be read."""
    scale = strip.width / STRIP_SIZE[0]
    left, top, width, height = (each * scale for each in words.box)
    ground = Image.new("RGBA", strip.size, design.background_color)
    ground.alpha_composite(strip)
    place = ground.crop((int(left), int(top), int(left + width) + 1, int(top + height) + 1))
    need = _LARGE_TEXT if words.is_large else _TEXT
    for key in ("foreground_color",) if words.is_large else ("foreground_color", "label_color"):
        own = _luminance(Color.parse(getattr(design, key)))
        if (ratio := _lowest_ratio(place, own)) < need:
            yield Finding(
                f"{words.text!r} ({language}) lies on the strip with a contrast of {ratio:.1f} : 1 "
                f"({key}), and needs {need} : 1. Make the strip calmer and "
                f"{'darker' if own > 0.4 else 'lighter'} there."
            )


def _lowest_ratio(place: Image.Image, own: float) -> float:
    """The contrast that all but the worst few of the pixels have."""
    found = sorted((_ratio(own, _of_pixel(pixel)), count) for count, pixel in _colours_of(place))
    left = place.width * place.height * _WORST // 100
    for ratio, count in found:
        if count > left:
            return ratio
        left -= count
    return found[-1][0]


def _colours_of(image: Image.Image) -> list[tuple[int, tuple[int, int, int, int]]]:
    """Every colour of an RGBA image with how often it is there."""
    return image.getcolors(image.width * image.height) or []  # type: ignore[return-value]


def _of_pixel(pixel: tuple[int, int, int, int]) -> float:
    return _luminance(Color(*pixel[:3]))
