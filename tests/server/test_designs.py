"""The folders of templates/passes."""

import shutil
from pathlib import Path

import pytest

from server import config, designs
from server.errors import SettingsError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch):
    """A design of one's own, to be spoilt."""
    shutil.copytree(config.TEMPLATES / "passes" / "kahvila", tmp_path / "passes" / "own")
    monkeypatch.setattr(designs, "TEMPLATES", tmp_path)
    designs.load.cache_clear()
    yield tmp_path / "passes" / "own"
    designs.load.cache_clear()


def change(folder: Path, old: str, new: str) -> None:
    toml = folder / "design.toml"
    text = toml.read_text("utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), "utf-8")


def test_a_design_knows_how_to_show_stamps(folder):
    stamps = designs.load("own").stamps
    assert stamps is not None
    assert "full.png" in stamps.pictures


def test_the_pictures_of_a_stamp_are_no_pictures_of_the_pass(folder):
    assert set(designs.load("own").images) == {
        f"{name}{scale}.png"
        for name in ("icon", "logo", "strip", "background", "primaryLogo")
        for scale in ("", "@2x", "@3x")
    }


def test_a_picture_of_one_language_belongs_to_the_pass(folder):
    before = designs.load("own").version
    (folder / "sv.lproj").mkdir()
    (folder / "strip.png").rename(folder / "sv.lproj" / "strip.png")
    designs.load.cache_clear()
    design = designs.load("own")
    assert "sv.lproj/strip.png" in design.images
    assert design.version != before


def test_a_design_is_read_from_anywhere(folder, tmp_path):
    moved = folder.rename(tmp_path / "elsewhere")
    assert designs.read(moved).name == "elsewhere"
    assert designs.read(moved).folder == moved


@pytest.mark.parametrize("picture", ["strip@2x.png", "stamps/full.png"])
def test_another_picture_is_another_version(folder, picture):
    before = designs.load("own").version
    (folder / picture).write_bytes((folder / "icon.png").read_bytes())
    designs.load.cache_clear()
    assert designs.load("own").version != before


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("logo_text", "logo_txt", "logo_text"),
        ("gap = 9", "gab = 9", "gap"),
        ("[stamps]", "[focus]\nstrip = [1]\n[stamps]", "not enough values"),
        ("[stamps]", "style = 'poster'\n[stamps]", "'poster'"),
        ("[14, 13, 347, 118]", "[14, 13, 347, 200]", "not inside the strip"),
        ("[14, 13, 347, 118]", "[14, 13]", "not enough values"),
        ("[14, 13, 347, 118]", "14", "not iterable"),
        ("most = 30", "most = ", "Invalid value"),
        ("[stamps]", "google = 3\n[stamps]", "not iterable"),
        ("[stamps]", "[google.button]\nuri = 'x'\n[stamps]", "text"),
        ("[stamps]", "[[google.tiles]]\nheader = { fi = 'x' }\n[stamps]", "nothing in sv, en"),
    ],
)
def test_a_wrong_design_says_what_is_wrong_and_where_to_read(folder, old, new, complaint):
    change(folder, old, new)
    with pytest.raises(SettingsError, match=complaint) as raised:
        designs.load("own")
    assert "templates/passes/own/design.toml" in str(raised.value)
    assert "docs/designs.md" in str(raised.value)


def test_a_picture_that_google_alone_shows_is_no_picture_of_a_pass(folder):
    before = designs.load("own").version
    (folder / "google" / "hero.png").write_bytes((folder / "icon.png").read_bytes())
    designs.load.cache_clear()
    design = designs.load("own")
    assert design.version != before
    assert set(design.google.pictures) == {"hero.png", "logo.png"}
    assert "hero.png" not in design.images


def test_a_missing_picture_of_a_stamp_is_named(folder):
    (folder / "stamps" / "full.png").unlink()
    with pytest.raises(SettingsError, match=r"stamps/full\.png"):
        designs.load("own")


def test_a_design_may_do_without_stamps(folder):
    text = (folder / "design.toml").read_text("utf-8")
    (folder / "design.toml").write_text(text[: text.index("[stamps]")], "utf-8")
    assert designs.load("own").stamps is None
