"""Images: names from Wallet's list and whole PNG files."""

import hashlib
import zlib
from io import BytesIO

import pytest
from PIL import Image

from passkit import ImageError, Images
from passkit.images import MAX_BYTES, png_size


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    parts = [(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0]))]
    parts += [(b"IDAT", b""), (b"IEND", b"")]
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


@pytest.mark.parametrize("size", [(50_000, 50_000), (457, 10), (10, 457), (0, 10)])
def test_far_too_many_pixels_are_refused(size):
    with pytest.raises(ImageError):
        Images({"icon.png": header(*size)})


def test_a_very_large_file_is_refused(png):
    with pytest.raises(ImageError, match="bytes"):
        Images({"icon.png": png() + bytes(MAX_BYTES)})
