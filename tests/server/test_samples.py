"""What a design shows when nobody's card is at hand."""

import pytest

from server import samples
from server.errors import SettingsError
from server.face import Progress

SAMPLE = """
kind = "stamp_card"
brand = "Aalto"
programme = "Passi"
member_number = "1234"
progress = { have = 3, need = 10 }
[headline]
label = { fi = "Leimat", sv = "Stämplar", en = "Stamps" }
value = "3"
changed = { fi = "Leimoja {value}", sv = "{value} stämplar", en = "{value} stamps" }
[[lines]]
label = "A"
value = "1"
[[lines]]
label = "B"
value = "2"
"""


@pytest.fixture
def read(tmp_path):
    def of(text: str):
        (tmp_path / "sample.toml").write_text(text, "utf-8")
        return samples.read(tmp_path)

    return of


def test_a_sample_is_a_face_in_every_language(read):
    sample = read(SAMPLE)
    assert sample.kind == "stamp_card"
    assert sample.face.progress == Progress(3, 10)
    assert [sample.face.headline.label.get(each) for each in ("fi", "sv", "en")] == [
        "Leimat",
        "Stämplar",
        "Stamps",
    ]
    assert sample.face.headline.value.get("sv") == "3"


def test_its_lines_have_keys_of_their_own(read):
    assert len({line.key for line in read(SAMPLE).face.lines}) == 2


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('brand = "Aalto"', "", "brand"),
        ('brand = "Aalto"', "brand = 3", "brand is not a text"),
        ('sv = "Stämplar", ', "", "headline.label says nothing in sv"),
        ('sv = "Stämplar"', 'sv = ""', "headline.label says nothing in sv"),
        ('sv = "{value} stämplar"', 'sv = "fler stämplar"', "no {value}"),
        ("need = 10", "needs = 10", "need"),
        ('label = "A"', "", "label"),
        ("[headline]", "[headline", "sample.toml"),
    ],
)
def test_a_wrong_sample_says_what_is_wrong_and_where_to_read(read, old, new, complaint):
    assert old in SAMPLE
    with pytest.raises(SettingsError, match=complaint) as raised:
        read(SAMPLE.replace(old, new, 1))
    assert "docs/designs.md" in str(raised.value)


def test_no_sample_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"sample\.toml cannot be read"):
        samples.read(tmp_path)
