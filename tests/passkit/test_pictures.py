"""From one master picture to the images of a slot."""

import io
import random

import pytest
from PIL import Image, ImageCms, ImageFile

from passkit import ImageError, Images
from passkit.colors import Color
from passkit.image_slots import SLOTS
from passkit.pictures import MAX_MASTER_BYTES, cut, open_master

LEFT, RIGHT = (200, 30, 30), (30, 30, 200)


def stored(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new(mode, (width, height), LEFT)
    picture.paste(RIGHT, (width // 2, 0, width, height))
    return picture


def near(colour, wanted, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour[:3], wanted, strict=True))


@pytest.fixture
def no_decoding(monkeypatch):
    def refuse(*_given):
        raise AssertionError("the pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)


@pytest.mark.parametrize("slot", SLOTS)
def test_every_slot_is_made_in_three_scales_that_wallet_wants(slot):
    made = cut(stored(halves(1600, 1600)), slot)
    with_icon = {**cut(stored(halves(200, 200)), "icon").files, **made.files}
    assert len(made.files) == 3
    assert [each for each in Images(with_icon).warnings if slot in each] == []


def test_a_strip_fills_its_slot_around_the_focus():
    master = stored(halves(4000, 432))
    (left, right) = (cut(master, "strip", focus=(x, 0.5)).files["strip@3x.png"] for x in (0, 1))
    assert opened(left).size == opened(right).size == (1125, 432)
    assert near(opened(left).convert("RGB").getpixel((560, 200)), LEFT)
    assert near(opened(right).convert("RGB").getpixel((560, 200)), RIGHT)


def test_a_logo_keeps_its_whole_shape_within_the_slot():
    made = cut(stored(halves(600, 600)), "logo").files
    assert {name: opened(data).size for name, data in made.items()} == {
        "logo.png": (50, 50),
        "logo@2x.png": (100, 100),
        "logo@3x.png": (150, 150),
    }


def test_a_fitted_strip_has_the_ground_around_it():
    made = cut(stored(halves(432, 432)), "strip", how="fit", background=Color(1, 2, 3)).files
    corner = opened(made["strip@3x.png"]).convert("RGB").getpixel((2, 2))
    assert near(corner, (1, 2, 3))


@pytest.mark.parametrize(("size", "shape"), [((900, 300), (90, 60)), ((300, 900), (60, 90))])
def test_a_thumbnail_is_cropped_no_further_than_its_ratio_asks(size, shape):
    assert (
        opened(cut(stored(halves(*size)), "thumbnail", how="crop").files["thumbnail.png"]).size
        == shape
    )


def test_an_icon_is_opaque():
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    icon = opened(cut(stored(clear), "icon", background=Color(9, 90, 200)).files["icon@2x.png"])
    assert icon.mode == "RGB"
    assert near(icon.getpixel((10, 10)), (9, 90, 200))


def test_what_is_clear_stays_clear():
    master = Image.new("RGBA", (480, 150), (0, 0, 0, 0))
    master.paste((255, 0, 0, 255), (0, 0, 240, 150))
    logo = opened(cut(stored(master), "logo").files["logo@3x.png"]).convert("RGBA")
    assert logo.getpixel((400, 75))[3] == 0
    assert logo.getpixel((100, 75)) == (255, 0, 0, 255)


def test_a_small_master_is_told_with_the_size_it_should_have():
    made = cut(stored(halves(375, 144)), "strip")
    assert len(made.warnings) == 2
    assert "at least 1125 x 432" in made.warnings[1]


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(4).randbytes(width * height * 3))


def test_a_file_over_the_budget_loses_colours_not_size():
    master = stored(halves(1125, 432).resize((1125, 432)).rotate(31, Image.Resampling.BICUBIC))
    rich, light = (cut(master, "strip", budget=budget) for budget in (10**6, 6_000))
    assert opened(rich.files["strip@3x.png"]).mode == "RGB"
    picture = opened(light.files["strip@3x.png"])
    assert picture.mode == "P"
    assert picture.size == (1125, 432)


def test_what_cannot_be_made_light_is_told():
    made = cut(stored(noise(1125, 432)), "strip", budget=20_000)
    assert any("strip@3x.png has" in each and "20,000" in each for each in made.warnings)


def swapped() -> bytes:
    """A profile whose red is blue and whose blue is red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"XXXX").replace(b"bXYZ", b"rXYZ").replace(b"XXXX", b"bXYZ")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_colours_are_those_of_the_pictures_profile(form):
    master = Image.new("RGB", (300, 300), RIGHT)
    icon = opened(cut(stored(master, form, icc_profile=swapped()), "icon").files["icon.png"])
    assert near(icon.convert("RGB").getpixel((9, 9)), LEFT)
    assert "icc_profile" not in icon.info


def test_a_clear_picture_with_a_profile_stays_clear():
    master = Image.new("RGBA", (300, 300), (*RIGHT, 0))
    master.paste((*RIGHT, 255), (0, 0, 150, 300))
    picture = open_master(stored(master, icc_profile=swapped()), "logo")
    assert picture.getpixel((290, 9))[3] == 0
    assert near(picture.getpixel((9, 9)), LEFT)


def test_a_profile_that_does_not_suit_the_picture_is_refused():
    master = stored(halves(200, 200), icc_profile=b"no profile at all")
    with pytest.raises(ImageError, match="colour profile"):
        cut(master, "icon")


def test_sixteen_bits_of_grey_are_not_clipped():
    grey = open_master(stored(Image.new("I;16", (40, 40), 65535 // 2)), "icon")
    assert near(grey.getpixel((5, 5)), (127, 127, 127), by=2)


def test_a_photo_taken_sideways_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter clockwise
    photo = stored(halves(400, 200), "JPEG", exif=exif, quality=95)
    picture = open_master(photo, "strip")
    assert picture.size == (200, 400)
    assert near(picture.getpixel((100, 20)), LEFT, by=30)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_photos_and_drawings_are_taken(form):
    assert cut(stored(halves(1125, 432), form), "strip").warnings == ()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_every_kind_of_png_is_taken(mode):
    assert cut(stored(halves(300, 300).convert(mode)), "icon").warnings == ()


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_master_of_too_many_pixels_is_refused_undecoded(form, monkeypatch):
    monkeypatch.setattr("passkit.pictures.MAX_MASTER_PIXELS", 10_000)
    with pytest.raises(ImageError, match="200 x 200"):
        cut(stored(halves(200, 200), form), "icon")


@pytest.mark.usefixtures("no_decoding")
def test_a_bomb_of_a_few_kilobytes_is_refused_undecoded():
    bomb = stored(Image.new("1", (20_000, 20_000)), optimize=True)
    assert len(bomb) < 100_000
    with pytest.raises(ImageError, match="20000 x 20000"):
        cut(bomb, "strip")


@pytest.mark.usefixtures("no_decoding")
def test_a_master_of_too_many_bytes_is_refused_undecoded():
    with pytest.raises(ImageError, match="bytes"):
        cut(stored(halves(10, 10)) + bytes(MAX_MASTER_BYTES), "icon")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(50), b"<svg/>", b"\x89PNG", b"\xff\xd8\xff\xe0JFIF"]
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ImageError):
        cut(data, "icon")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_refused(form, share):
    whole = stored(noise(300, 300), form)
    with pytest.raises(ImageError):
        cut(whole[: int(len(whole) * share)], "icon")


@pytest.mark.parametrize("options", [{"focus": (2, 0)}, {"focus": (0.5, -0.1)}])
def test_a_focus_outside_the_picture_is_refused(options):
    with pytest.raises(ImageError, match="focus"):
        cut(stored(halves(20, 20)), "strip", **options)


def test_an_unknown_slot_is_refused_naming_the_slots():
    with pytest.raises(ImageError, match="strip"):
        cut(stored(halves(20, 20)), "hero")
