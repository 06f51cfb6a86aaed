"""`leima design check`, `preview` and `cut`, as a designer types them."""

import shutil

import pytest
from PIL import Image

from passkit.colors import Color
from server import cli, config, designs

OURS = config.TEMPLATES / "passes"


@pytest.fixture
def own(tmp_path):
    """A copy of one of our designs."""
    shutil.copytree(OURS / "kirjat", tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def leima(capsys):
    """Runs a command; its exit code and what it said."""

    def run(*words) -> tuple[int, str]:
        code = cli.main([str(word) for word in ("design", *words)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_a_design_that_is_well_is_said_to_be_with_code_0(leima, own):
    assert leima("check", own) == (0, "own: all is well.\n")


def test_one_of_ours_is_known_by_name(leima):
    assert leima("check", "kahvila")[0] == 0


def test_a_fault_is_said_with_code_1(leima, own):
    toml = own / "design.toml"
    text = toml.read_text("utf-8").replace("rgb(251, 243, 228)", "rgb(30, 40, 70)")
    toml.write_text(text, "utf-8")
    code, said = leima("check", own)
    assert code == 1
    assert said.startswith("fault: foreground_color")


def test_advice_alone_is_code_0(leima, own):
    Image.new("RGB", (29, 29)).save(own / "icon@3x.png")
    code, said = leima("check", own)
    assert code == 0
    assert said.startswith("advice: icon@3x.png")


def test_no_folder_is_code_2(leima, tmp_path):
    code, said = leima("check", tmp_path / "none")
    assert code == 2
    assert "no folder" in said


def test_a_preview_is_a_picture_of_three_cards_or_of_one(leima, own, tmp_path):
    assert leima("preview", own, tmp_path / "three.png")[0] == 0
    assert leima("preview", own, tmp_path / "one.png", "--language", "sv")[0] == 0
    with Image.open(tmp_path / "three.png") as three, Image.open(tmp_path / "one.png") as one:
        assert three.width > 2 * one.width


@pytest.mark.parametrize("spoilt", ["design.toml", "icon@3x.png", "sample.toml"])
def test_no_preview_of_what_cannot_be_drawn(leima, own, tmp_path, spoilt):
    (own / spoilt).write_bytes(b"spoilt")
    code, said = leima("preview", own, tmp_path / "card.png")
    assert code == 2
    assert spoilt in said
    assert not (tmp_path / "card.png").exists()


def test_a_preview_that_cannot_be_written_is_told(leima, own, tmp_path):
    code, said = leima("preview", own, tmp_path / "none" / "card.png")
    assert code == 2
    assert "cannot be written" in said


def test_masters_are_cut_to_every_size_around_their_focus(leima, own):
    photo = Image.new("RGB", (3000, 432), (200, 30, 30))
    photo.paste((30, 30, 200), (1500, 0, 3000, 432))
    photo.save(own / "source" / "strip.jpg", quality=95)
    with (own / "design.toml").open("a", encoding="utf-8") as toml:
        toml.write("\n[focus]\nstrip = [1.0, 0.5]\n")
    code, said = leima("cut", own)
    assert code == 0
    assert "strip@3x.png" in said
    for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3)):
        with Image.open(own / f"strip{suffix}.png") as picture:
            strip = picture.convert("RGB")
        assert strip.size == (375 * scale, 144 * scale)
        red, _, blue = strip.getpixel((10, 10))
        assert blue > red


def test_an_icon_becomes_the_logo_that_google_wallet_shows_too(leima, own):
    Image.new("RGBA", (900, 600), (0, 0, 200, 255)).save(own / "source" / "icon.png")
    code, said = leima("cut", own)
    assert code == 0
    assert "google/logo.png" in said
    with Image.open(own / "google" / "logo.png") as logo:
        assert logo.size == (660, 660)
        assert set(logo.convert("RGB").get_flattened_data()) == {(0, 0, 200)}


def test_an_icon_with_clear_places_gets_the_designs_ground_as_logo(leima, own):
    Image.new("RGBA", (600, 600), (0, 0, 0, 0)).save(own / "source" / "icon.png")
    leima("cut", own)
    ground = Color.parse(designs.read(own).background_color)
    with Image.open(own / "google" / "logo.png") as logo:
        shown = set(logo.convert("RGBA").get_flattened_data())
    assert shown == {(ground.red, ground.green, ground.blue, 255)}


def test_a_master_that_is_too_small_is_told(leima, own):
    Image.new("RGB", (40, 40)).save(own / "source" / "icon.png")
    code, said = leima("cut", own)
    assert code == 0
    assert "at least 114 x 114" in said


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("hero.png", b"", "name it after a slot"),
        ("strip.png", b"no picture", "no picture"),
        (None, b"", "there is no picture in"),
    ],
)
def test_a_master_that_cannot_be_cut_is_told_and_nothing_changes(leima, own, name, data, complaint):
    before = {path.name: path.read_bytes() for path in own.glob("*.png")}
    if name:
        (own / "source" / name).write_bytes(data)
    code, said = leima("cut", own)
    assert code == 2
    assert complaint in said
    assert {path.name: path.read_bytes() for path in own.glob("*.png")} == before
