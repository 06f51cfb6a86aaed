"""A card drawn as a phone would show it."""

from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image, ImageChops

from server import designs, samples
from server.face import LANGUAGES, Line, Progress, Text
from server.wallets.preview import (
    POSTER_SIZE,
    SCALE,
    WIDTH,
    draw_card,
    draw_poster,
    picture,
    sheet,
)

STRIP_TOP = 68


def sample(name):
    design = designs.load(name)
    return design, samples.read(design.folder).face


def differs(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The box, in points, of what differs clearly: strips have palettes of their own."""
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    box = difference.point(lambda shade: 255 * (shade > 60)).getbbox()
    return box and tuple(round(each / SCALE) for each in box)


@pytest.mark.parametrize("name", ["kahvila", "aukio", "rieska", "suviyo"])
def test_the_code_on_it_is_read_by_a_scanner(name):
    design, face = sample(name)
    (code,) = zxingcpp.read_barcodes(draw_card(design, face, "fi").picture.convert("RGB"))
    assert code.text == face.barcode


@pytest.mark.parametrize("name", designs.names())
def test_the_code_on_a_poster_is_read_by_a_scanner(name):
    design, face = sample(name)
    poster = draw_poster(design, face, "fi").picture
    (code,) = zxingcpp.read_barcodes(poster.convert("RGB"))
    assert code.text == face.barcode
    assert poster.size == tuple(side * SCALE for side in POSTER_SIZE)


def test_a_posters_fifth_line_is_on_the_back():
    design, face = sample("aukio")
    lines = [Line(f"l{n}", Text.same("x"), Text.same("y")) for n in range(5)]
    four, five = (
        draw_poster(design, replace(face, lines=tuple(lines[:count])), "fi").picture
        for count in (4, 5)
    )
    three = draw_poster(design, replace(face, lines=tuple(lines[:3])), "fi").picture
    assert differs(four, five) is None
    assert differs(three, four) is not None


def test_a_title_that_does_not_fit_a_poster_is_cut_and_told():
    design, face = sample("kirjat")
    long = replace(face.headline, value=Text.same("a value that no poster has any room for at all"))
    assert draw_poster(design, replace(face, headline=long), "en").cut == [long.value.en]


def test_a_design_without_a_background_has_no_poster_in_its_sheet():
    design, face = sample("havu")
    images = {name: data for name, data in design.images.items() if "background" not in name}
    bare = sheet(replace(design, images=images), face, ("fi",))
    assert sheet(design, face, ("fi",)).height - bare.height >= POSTER_SIZE[1] * SCALE


def test_each_language_is_another_picture():
    design, face = sample("kirjat")
    pictures = [draw_card(design, face, language).picture for language in LANGUAGES]
    assert all(differs(pictures[0], other) for other in pictures[1:])


def test_a_stamp_more_is_drawn_in_the_strip():
    design, face = sample("kahvila")
    cards = [
        draw_card(design, replace(face, progress=Progress(have, 10)), "fi").picture
        for have in (3, 4)
    ]
    left, top, right, bottom = differs(*cards)
    assert top >= STRIP_TOP
    assert bottom <= STRIP_TOP + 144
    assert right - left < 80


def test_words_on_the_strip_are_told_with_their_place():
    design, face = sample("kirjat")
    value, label = draw_card(design, face, "en").on_strip
    assert (value.text, label.text) == ("1,248", "points")
    assert value.is_large
    assert not label.is_large
    for words in (value, label):
        left, top, width, height = words.box
        assert left >= 10
        assert top >= 0
        assert left + width <= WIDTH
        assert top + height <= 144


def test_no_word_lies_on_a_strip_that_shows_stamps():
    design, face = sample("kahvila")
    assert draw_card(design, face, "fi").on_strip == []


def test_what_does_not_fit_is_cut_and_told():
    design, face = sample("ulappa")
    long = Line("long", Text.same("x"), Text.same("a value that no front has any room for at all"))
    drawn = draw_card(design, replace(face, lines=(*face.lines, long)), "en")
    assert drawn.cut == [long.value.en]


@pytest.mark.parametrize(
    ("name", "is_clear"), [("rieska", True), ("suviyo", True), ("kirjat", False), ("aukio", False)]
)
def test_coupons_and_tickets_have_an_edge_of_their_own(name, is_clear):
    card = draw_card(*sample(name), "fi").picture
    edge = card.getchannel("A").crop((30 * SCALE, 0, card.width - 30 * SCALE, 2 * SCALE))
    assert (edge.getextrema()[0] == 0) is is_clear


def test_a_generic_card_shows_the_thumbnail_and_no_strip():
    design, face = sample("aukio")
    bare = replace(
        design, images={name: data for name, data in design.images.items() if "thumb" not in name}
    )
    left, top, _, bottom = differs(
        draw_card(design, face, "en").picture, draw_card(bare, face, "en").picture
    )
    assert left > WIDTH / 2
    assert STRIP_TOP <= top < bottom <= STRIP_TOP + 100


def test_a_picture_of_its_language_is_shown_where_there_is_one():
    design, _ = sample("ulappa")
    strip = {name: data for name, data in design.images.items() if name.startswith("strip")}
    others = {name: data for name, data in design.images.items() if name not in strip}
    swedish = replace(
        design, images=others | {f"sv.lproj/{name}": data for name, data in strip.items()}
    )
    assert picture(swedish, "strip", "sv") is not None
    assert picture(swedish, "strip", "fi") is None


def test_a_sheet_shows_every_language_beside_the_other():
    design, face = sample("havu")
    one, three = sheet(design, face, ("fi",)), sheet(design, face, LANGUAGES)
    assert three.height == one.height
    assert three.width > 2.5 * one.width
