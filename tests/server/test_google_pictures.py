"""The pictures that Google Wallet fetches."""

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from server import designs, google_pictures, strips
from server.face import Progress
from server.google_pictures import HERO_SIZE, LOGO_SIDE

EVERY = pytest.mark.parametrize("name", designs.names())
MARGIN = round(LOGO_SIDE * 0.15)  # that Google wants free of a logo's art, on each side


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def design():
    return designs.load("kahvila")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int]:
    """The box of what differs."""
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    return difference.point(lambda shade: 255 * (shade > 24)).getbbox()


def hero(design, have: int, need: int) -> Image.Image:
    return google_pictures.draw_hero(design.stamps, Progress(have, need))


@EVERY
def test_its_logo_is_a_square_without_clear_places(name, folder):
    logo = opened(google_pictures.picture(designs.load(name), "logo.png", folder))
    assert logo.size == (LOGO_SIDE, LOGO_SIDE)
    assert logo.convert("RGBA").getextrema()[3] == (255, 255)


@EVERY
def test_nothing_of_its_logo_is_lost_in_the_circle(name, folder):
    """What a circle cuts off is the ground alone: row by row of one colour (or nearly)."""
    logo = opened(google_pictures.picture(designs.load(name), "logo.png", folder)).convert("RGB")
    ground = logo.crop((0, 0, 1, LOGO_SIDE)).resize(logo.size, Image.Resampling.NEAREST)
    art = ImageChops.difference(logo, ground).convert("L").point(lambda shade: 255 * (shade > 40))
    left, top, right, bottom = art.getbbox()
    assert min(left, top) >= MARGIN
    assert max(right, bottom) <= LOGO_SIDE - MARGIN
    ImageDraw.Draw(art).ellipse((0, 0, LOGO_SIDE - 1, LOGO_SIDE - 1), fill=0)
    assert art.getbbox() is None


@EVERY
def test_every_design_has_a_wide_picture_also_without_stamps(name, folder):
    design = designs.load(name)
    wide = google_pictures.hero_name(design, None)
    assert opened(google_pictures.picture(design, wide, folder)).size == HERO_SIZE


def test_a_stamp_more_changes_its_own_place_only(design):
    left, top, right, bottom = changed(hero(design, 3, 10), hero(design, 4, 10))
    assert right - left < HERO_SIZE[0] / 5
    assert bottom - top < HERO_SIZE[1] / 2


@pytest.mark.parametrize("need", range(1, 31))
def test_however_many_stamps_there_are_none_touches_an_edge(design, need):
    left, top, right, bottom = changed(hero(design, 0, need), hero(design, need, need))
    assert min(left, top) > 8
    assert right < HERO_SIZE[0] - 8
    assert bottom < HERO_SIZE[1] - 8


def test_more_stamps_than_the_design_draws_are_the_plain_picture(design):
    assert google_pictures.hero_name(design, Progress(3, design.stamps.most + 1)) == "hero.png"


def test_a_design_without_strip_has_no_wide_picture(design, folder):
    bare = replace(design, stamps=None, images={"icon.png": design.images["icon.png"]})
    assert google_pictures.hero_name(bare, Progress(3, 10)) is None
    assert google_pictures.picture(bare, "hero.png", folder) is None


def test_a_design_without_a_logo_of_its_own_shows_its_icon(design, folder):
    bare = replace(design, google=designs.GoogleLook(), version="0" * 64)
    drawn = opened(google_pictures.picture(bare, "logo.png", folder)).convert("L")
    own = opened(design.google.pictures["logo.png"]).convert("L")
    difference = ImageChops.difference(drawn, own).point(lambda shade: shade > 64 and 1)
    assert drawn.size == (LOGO_SIDE, LOGO_SIDE)
    assert sum(difference.get_flattened_data()) < 0.02 * LOGO_SIDE**2


@pytest.mark.parametrize(
    "name",
    [
        "hero-11-10.png",
        "hero-07-10.png",
        "hero-0-0.png",
        "hero-1-31.png",
        "hero-1-999.png",
        "hero-1.png",
        "strip.png",
        "../secret_key",
    ],
)
def test_a_picture_that_no_card_shows_is_not_drawn(design, name, tmp_path):
    assert google_pictures.picture(design, name, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_ready_before_they_are_asked_for(design, tmp_path, monkeypatch):
    google_pictures.warm([(design, Progress(0, 4))], tmp_path)
    monkeypatch.setattr(google_pictures, "draw_hero", None)
    names = [f"hero-{have}-4.png" for have in range(5)]
    assert all(google_pictures.picture(design, name, tmp_path) for name in names)


@pytest.mark.parametrize("have", [0, 3, 10])
def test_the_picture_of_a_count_shows_that_count(design, folder, have):
    served = opened(google_pictures.picture(design, f"hero-{have}-10.png", folder)).convert("L")

    def distance(count: int) -> float:
        drawn = hero(design, count, 10).convert("L")
        return ImageStat.Stat(ImageChops.difference(served, drawn)).mean[0]

    assert served.size == HERO_SIZE
    assert min(range(11), key=distance) == have


def test_a_changed_design_has_other_addresses(design):
    other = replace(design, version="f" * 64)
    assert google_pictures.path(design, "logo.png") != google_pictures.path(other, "logo.png")


def test_the_strips_of_a_design_are_not_its_wide_pictures(design, tmp_path):
    google_pictures.warm([(design, Progress(0, 2))], tmp_path)
    strip = strips.files(design, Progress(1, 2), tmp_path)["strip.png"]
    assert opened(strip).size == (375, 144)
