"""Images: names from Wallet's list and whole PNG files."""

import hashlib
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from passkit import ImageError, Images
from passkit.images import MAX_BYTES, png_size


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    return made_of(width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0]))


def made_of(ihdr: bytes, idat: bytes = b"") -> bytes:
    """A PNG with this header and these pixels, its sums right."""
    parts = [(b"IHDR", ihdr), (b"IDAT", idat), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
        for kind, body in parts
    )


def test_images_are_kept_with_their_sums(png):
    (icon,) = Images({"icon.png": png()})
    assert icon.data == png()
    assert icon.sha1 == hashlib.sha1(png(), usedforsecurity=False).hexdigest()
    assert icon.crc32 == zlib.crc32(png())


@pytest.mark.parametrize(
    "name",
    ["logo@2x.png", "strip@3x.png", "fi.lproj/strip.png", "zh-Hans.lproj/logo.png"],
)
def test_names_on_wallets_list_are_taken(name, png):
    assert name in Images({"icon.png": png(), name: png()}).names


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "/etc/x.png",
        "icon.png\0.txt",
        "icon.png\n",
        "ICON.PNG",
        "Icon.png",
        "fi.lproj/../../a.png",
        "fi.lproj/icon@4x.png",
        "fi.lproj\\icon.png",
        "photo.png",
        "icon.jpg",
        "pass.json",
        "",
    ],
)
def test_other_names_are_refused(name, png):
    with pytest.raises(ImageError):
        Images({"icon.png": png(), name: png()})


@pytest.mark.parametrize(
    "twice", [("logo.png", "logo.png"), ("fi.lproj/logo.png", "FI.lproj/logo.png")]
)
def test_one_name_twice_is_refused(twice, png):
    with pytest.raises(ImageError, match="twice"):
        Images([("icon.png", png()), *((name, png()) for name in twice)])


@pytest.mark.parametrize("name", ["icon.png", "icon@2x.png", "icon@3x.png"])
def test_any_icon_at_the_root_is_enough(name, png):
    assert len(Images({name: png()})) == 1


@pytest.mark.parametrize("name", ["logo.png", "fi.lproj/icon.png"])
def test_a_pass_without_an_icon_is_refused(name, png):
    with pytest.raises(ImageError, match="icon"):
        Images({name: png()})


def test_another_format_called_png_is_refused():
    file = BytesIO()
    Image.new("RGB", (38, 38)).save(file, "JPEG")
    with pytest.raises(ImageError, match="not a PNG"):
        Images({"icon.png": file.getvalue()})


def test_every_cut_of_a_png_is_refused(png):
    for length in range(len(png())):
        with pytest.raises(ImageError):
            png_size(png()[:length], "icon.png")


@given(before=st.binary(max_size=40), body=st.binary(max_size=40), at=st.integers(0, 100))
def test_garbage_is_refused_or_measured_and_nothing_else(before, body, at):
    whole = made_of(before, body)
    for data in (before, whole, whole[:at] + body + whole[at:]):
        try:
            width, height = png_size(data, "icon.png")
        except ImageError:
            continue
        assert width > 0
        assert height > 0


@pytest.mark.parametrize("at", [12, 16, 20, 30, -1])
def test_a_damaged_png_is_refused(at, png):
    data = bytearray(png())
    data[at] ^= 1
    with pytest.raises(ImageError):
        png_size(bytes(data), "icon.png")


def test_more_after_the_end_of_a_png_is_refused(png):
    with pytest.raises(ImageError):
        png_size(png() + b"PK\x03\x04", "icon.png")


def test_the_size_is_read_without_decoding():
    assert png_size(header(375, 144), "strip.png") == (375, 144)


@pytest.fixture
def nothing_is_inflated(monkeypatch):
    def refuse(*_given, **_options):
        raise AssertionError("the pixels were decoded")

    for name in ("decompress", "decompressobj"):
        monkeypatch.setattr(zlib, name, refuse)
    monkeypatch.setattr(Image, "open", refuse)


@pytest.mark.usefixtures("nothing_is_inflated")
def test_one_pixel_that_claims_to_be_2500_million_is_refused_undecoded():
    pixel = zlib.compress(b"\0\0\0\0")
    liar = made_of((50_000).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0]), pixel)
    with pytest.raises(ImageError, match="50000 x 50000"):
        Images({"icon.png": liar})


@pytest.mark.usefixtures("nothing_is_inflated")
def test_pixels_that_would_fill_the_memory_are_not_inflated():
    bomb = zlib.compress(bytes(100_000_000), 9)
    said = (38).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    assert len(Images({"icon.png": made_of(said, bomb)})) == 1


@pytest.mark.parametrize(("depth", "colours"), [(16, 3), (4, 2), (8, 1), (3, 0), (0, 0), (8, 7)])
def test_a_header_that_no_png_has_is_refused(depth, colours):
    said = (38).to_bytes(4) * 2 + bytes([depth, colours, 0, 0, 0])
    with pytest.raises(ImageError, match="header"):
        Images({"icon.png": made_of(said)})


@pytest.mark.parametrize("size", [(50_000, 50_000), (457, 10), (10, 457), (0, 10)])
def test_far_too_many_pixels_are_refused(size):
    with pytest.raises(ImageError):
        Images({"icon.png": header(*size)})


def test_a_very_large_file_is_refused(png):
    with pytest.raises(ImageError, match="bytes"):
        Images({"icon.png": png() + bytes(MAX_BYTES)})


def warned(images: dict[str, bytes]) -> str:
    return "\n".join(Images(images).warnings)


def in_scales(name: str, width: int, height: int, png) -> dict[str, bytes]:
    return {
        f"{name}{suffix}.png": png(width * scale, height * scale)
        for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3))
    }


@pytest.fixture
def icon(png):
    return in_scales("icon", 38, 38, png)


def test_images_of_the_wanted_sizes_give_no_warning(icon, png):
    sizes = {"strip": (375, 144), "logo": (160, 50), "thumbnail": (60, 90), "footer": (286, 9)}
    for name, size in sizes.items():
        icon |= in_scales(name, *size, png)
    assert warned(icon) == ""


def test_the_sizes_of_older_systems_are_as_good(png):
    images = in_scales("icon", 29, 29, png) | in_scales("strip", 375, 123, png)
    assert warned(images) == ""


@pytest.mark.parametrize(
    ("name", "size", "wanted"),
    [
        ("icon@3x.png", (29, 29), "114 x 114"),
        ("strip@2x.png", (640, 168), "750 x 288"),
        ("logo.png", (200, 50), "at most 160 x 50"),
        ("logo@3x.png", (90, 90), "150 x 150"),
        ("thumbnail@2x.png", (200, 180), "at most 180 x 180"),
        ("background@2x.png", (690, 1000), "690 x 1010"),
    ],
)
def test_another_size_is_told_with_the_wanted_one(name, size, wanted, icon, png):
    icon |= in_scales("logo", 50, 50, png) | {name: png(*size)}
    (sentence,) = (each for each in Images(icon).warnings if each.startswith(name))
    assert f"{size[0]} x {size[1]}" in sentence
    assert wanted in sentence


def test_a_missing_scale_is_told_with_its_size(png):
    sentences = Images({"icon.png": png(38, 38)}).warnings
    assert [each.split(" is ")[0] for each in sentences] == ["icon@2x.png", "icon@3x.png"]
    assert "114 x 114" in sentences[1]


def test_the_sharpest_scale_alone_is_enough_but_for_the_icon(icon, png):
    assert warned(icon | {"strip@3x.png": png(1125, 432)}) == ""
    assert "icon@2x.png is missing" in warned({"icon@3x.png": png(114, 114)})


def test_a_narrow_thumbnail_is_told(icon, png):
    assert "2 to 3" in warned(icon | in_scales("thumbnail", 30, 90, png))


def test_a_picture_at_the_top_that_hides_a_translated_one_is_told(icon, png):
    strip = in_scales("strip", 375, 144, png)
    told = warned(icon | strip | {f"fi.lproj/{name}": data for name, data in strip.items()})
    assert told.count("fi.lproj/strip.png is never shown") == 1
    assert told.count("never shown") == 3


def test_a_heavy_picture_is_told(icon):
    noise = Image.effect_noise((1125, 432), 200).convert("RGB")
    file = BytesIO()
    noise.save(file, "PNG")
    assert "bytes" in warned(icon | {"strip@3x.png": file.getvalue()})
