"""Colours."""

import pytest

from passkit import Color, ContentError


@pytest.mark.parametrize("written_color", ["rgb(1, 20, 255)", "rgb(1,20,255)", "#0114ff"])
def test_colours_are_read_as_designers_write_them(written_color):
    assert Color.parse(written_color) == Color(1, 20, 255)


@pytest.mark.parametrize(
    "written_color", ["rgb(1, 2, 256)", "rgb(1, 2)", "#12345", "red", "", None]
)
def test_other_colours_are_refused(written_color):
    with pytest.raises(ContentError):
        Color.parse(written_color)


@pytest.mark.parametrize("part", [-1, 256, 1.0, True, "1"])
def test_a_colour_part_is_a_byte(part):
    with pytest.raises(ContentError):
        Color(0, part, 0)


@pytest.mark.parametrize(
    ("one", "other", "contrast"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1.0)],
)
def test_contrast_is_that_of_wcag(one, other, contrast):
    colors = Color.parse(one), Color.parse(other)
    assert colors[0].contrast(colors[1]) == pytest.approx(contrast, abs=0.01)
    assert colors[1].contrast(colors[0]) == pytest.approx(contrast, abs=0.01)
