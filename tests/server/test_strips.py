"""The strip that shows the stamps collected."""

import io
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image, ImageChops

from server import brands, designs, strips
from server.face import Progress


@pytest.fixture(scope="module")
def design():
    return designs.load("kahvila")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def changed(first: bytes, second: bytes) -> tuple[int, int, int, int] | None:
    """The box of what differs by more than a shade: each strip has a palette of its own."""
    pair = [opened(each).convert("L") for each in (first, second)]
    return ImageChops.difference(*pair).point(lambda shade: 255 * (shade > 24)).getbbox()


def test_a_stamp_more_changes_its_own_place_only(design):
    size, places = strips.layout(design.stamps, 10)
    box = changed(*(strips.draw(design.stamps, Progress(have, 10), 1) for have in (3, 4)))
    left, top = places[3]
    assert box is not None
    assert box[0] >= int(left) - 1
    assert box[1] >= int(top) - 1
    assert box[2] <= left + size + 2
    assert box[3] <= top + size + 2


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_it_is_a_strip_of_few_colours_in_every_scale(design, scale):
    picture = opened(strips.draw(design.stamps, Progress(7, 10), scale))
    assert picture.size == (375 * scale, 144 * scale)
    assert picture.mode == "P"


@pytest.mark.parametrize("need", range(1, 31))
def test_however_many_stamps_they_stand_in_the_area_and_apart(design, need):
    size, places = strips.layout(design.stamps, need)
    left, top, width, height = design.stamps.area
    assert len(places) == need
    assert all(left - 0.01 <= x <= left + width - size + 0.01 for x, _ in places)
    assert all(top - 0.01 <= y <= top + height - size + 0.01 for _, y in places)
    rows = {y: sorted(x for x, other in places if other == y) for _, y in places}
    gaps = [b - a for row in rows.values() for a, b in pairwise(row)]
    assert all(gap >= size + design.stamps.gap - 0.01 for gap in gaps)


def test_the_same_card_has_the_same_bytes_wherever_it_is_drawn(design, tmp_path):
    folders = (tmp_path / "one", tmp_path / "other")
    first, second = (strips.files(design, Progress(2, 5), folder) for folder in folders)
    assert first == second


@pytest.fixture
def warm(design, tmp_path, monkeypatch):
    """A folder where everything is drawn; nothing can be drawn any more."""
    strips.warm([(design, Progress(0, 5))], tmp_path)

    def refuse(*_given):
        raise AssertionError("this was drawn already")

    monkeypatch.setattr(strips, "draw", refuse)
    return tmp_path


@pytest.mark.parametrize("have", range(6))
def test_after_the_start_nothing_is_drawn(design, warm, have):
    assert set(strips.files(design, Progress(have, 5), warm)) == set(strips.SCALES)


def test_a_file_cut_short_is_drawn_again(design, tmp_path):
    whole = strips.files(design, Progress(1, 5), tmp_path)
    for path in tmp_path.glob("*.png"):
        path.write_bytes(path.read_bytes()[:100])
    assert strips.files(design, Progress(1, 5), tmp_path) == whole


WORKER = """
import logging, pathlib, sys
from server import designs, strips
from server.face import Progress
logging.basicConfig(level="INFO")
print("ready", flush=True)
sys.stdin.readline()
strips.warm([(designs.load("kahvila"), Progress(0, 5))], pathlib.Path(sys.argv[1]))
"""


def test_of_two_processes_that_start_together_one_draws_each_strip(tmp_path):
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    workers = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = "".join(worker.communicate(timeout=60)[1] for worker in workers)
    assert [worker.returncode for worker in workers] == [0, 0]
    assert told.count("strips.drawn") == 6


def test_another_version_of_a_design_is_drawn_anew(design, tmp_path):
    strips.files(design, Progress(1, 5), tmp_path)
    strips.files(replace(design, version="another"), Progress(1, 5), tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 2 * len(strips.SCALES)


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        (Progress(3, 10), Progress(3, 10)),
        (Progress(12, 10), Progress(10, 10)),
        (Progress(-1, 10), Progress(0, 10)),
        (Progress(3, 31), None),
        (Progress(0, 0), None),
        (None, None),
    ],
)
def test_only_a_count_that_fits_is_drawn(design, given, drawn):
    assert strips.drawable(design, given) == drawn


def test_a_design_without_stamps_draws_none(design):
    assert strips.drawable(replace(design, stamps=None), Progress(3, 10)) is None


def test_every_programme_is_known_at_the_start(services, house, other_house):
    starts = brands.starts(services.database)
    assert [(design.name, start) for design, start in starts] == [("kahvila", Progress(0, 10))] * 2
