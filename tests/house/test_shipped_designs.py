"""Every design that comes with the service is one to be proud of."""

import re

import pytest

from server import designs, samples
from server.config import TEMPLATES
from server.face import LANGUAGES
from server.wallets import design_check, preview

EVERY = pytest.mark.parametrize("name", designs.names())


@EVERY
def test_it_has_no_finding_not_even_advice(name):
    assert design_check.examine(TEMPLATES / "passes" / name) == []


@EVERY
def test_every_picture_has_its_drawing(name):
    folder = designs.load(name).folder
    drawn = {re.sub(r"@[23]x", "", path.stem) for path in folder.glob("*.png")}
    assert drawn == {path.stem for path in (folder / "source").glob("*.svg")}


@EVERY
def test_its_sample_can_be_looked_at_in_every_language(name):
    design = designs.load(name)
    face = samples.read(design.folder).face
    assert preview.sheet(design, face, LANGUAGES).width > 3 * preview.WIDTH * preview.SCALE
    assert any(line.changed for line in (face.headline, *face.lines) if line)


@EVERY
def test_no_foreign_address_is_in_its_drawings(name):
    for path in designs.load(name).folder.rglob("*.svg"):
        assert not re.search(r"(href|src)=(?!\"#)|url\((?!#)", path.read_text("utf-8"))


def test_there_is_one_for_each_kind_of_programme():
    kinds = {samples.read(designs.load(name).folder).kind for name in designs.names()}
    assert kinds >= {
        "stamp_card",
        "points",
        "tier",
        "membership",
        "coupon",
        "visit_counter",
        "event",
    }
