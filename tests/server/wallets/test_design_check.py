"""What is said of a design that has a fault."""

import io
import re
import shutil
import zlib
from pathlib import Path

import pytest
from PIL import Image

from passkit.colors import Color
from server import config, designs
from server.errors import SettingsError
from server.wallets.design_check import contrast, examine


@pytest.fixture
def folder(tmp_path: Path):
    """Copies one of our designs, to be spoilt."""

    def copy(name: str = "ulappa") -> Path:
        shutil.copytree(config.TEMPLATES / "passes" / name, tmp_path / "own")
        return tmp_path / "own"

    return copy


def change(folder: Path, old: str, new: str, file: str = "design.toml") -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")


def put(folder: Path, name: str, picture: Image.Image) -> None:
    picture.save(folder / name, "PNG")


def put_all(folder: Path, slot: str, size: tuple[int, int], colour) -> None:
    for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3)):
        mode = "RGBA" if len(colour) == 4 else "RGB"
        picture = Image.new(mode, (size[0] * scale, size[1] * scale), colour)
        put(folder, f"{slot}{suffix}.png", picture)


def faults(folder: Path) -> list[str]:
    return [finding.says for finding in examine(folder) if not finding.is_advice]


def advice(folder: Path) -> list[str]:
    return [finding.says for finding in examine(folder) if finding.is_advice]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_contrast_is_that_of_the_accessibility_guidelines(one, other, ratio):
    first, second = Color.parse(one), Color.parse(other)
    assert contrast(first, second) == contrast(second, first) == pytest.approx(ratio, abs=0.01)


def test_a_design_as_it_should_be_has_no_finding(folder):
    assert examine(folder()) == []


def test_every_fault_is_told_at_once_with_the_key_of_a_colour(folder):
    own = folder()
    for key in ("background_color", "label_color"):
        toml = (own / "design.toml").read_text("utf-8")
        written = re.sub(rf'(?m)^{key} = ".*"', f'{key} = "red"', toml)
        (own / "design.toml").write_text(written, "utf-8")
    (own / "icon.png").write_bytes(b"no picture")
    change(own, "kind", "kinds", "sample.toml")
    told = faults(own)
    assert len(told) == 4
    for each in ("background_color: 'red'", "label_color: 'red'", "icon.png", "sample.toml"):
        assert sum(each in says for says in told) == 1


def test_without_a_sample_the_design_itself_is_checked(folder):
    own = folder()
    (own / "sample.toml").unlink()
    assert faults(own) == []
    (own / "strip.png").write_bytes(b"no picture")
    assert any("strip.png" in says for says in faults(own))


@pytest.mark.parametrize("key", ["foreground_color", "label_color"])
def test_words_that_fade_into_the_ground_are_a_fault(folder, key):
    own = folder("aukio")
    before = getattr(designs.read(own), key)
    change(own, f'{key} = "{before}"', f'{key} = "rgb(190, 180, 170)"')
    fault, *elsewhere = faults(own)
    assert fault.startswith(key)
    assert "4.5 : 1" in fault
    assert "darker" in fault
    assert all("lies on the strip" in each or "of the poster" in each for each in elsewhere)


def test_words_that_cannot_be_read_on_the_strip_are_a_fault_in_every_language(folder):
    own = folder()
    put_all(own, "strip", (375, 144), (250, 250, 250))
    told = faults(own)
    assert [word for word in ("(fi)", "(sv)", "(en)") if any(word in each for each in told)] == [
        "(fi)",
        "(sv)",
        "(en)",
    ]
    assert all("darker there" in each for each in told)


def test_a_bright_spot_beside_the_words_is_no_fault(folder):
    own = folder()
    for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3)):
        strip = Image.new("RGB", (375 * scale, 144 * scale), (4, 58, 79))
        strip.paste((255, 255, 255), (260 * scale, 0, 375 * scale, 144 * scale))
        put(own, f"strip{suffix}.png", strip)
    assert faults(own) == []


def test_stamps_that_differ_in_colour_alone_are_a_fault(folder):
    own = folder("kahvila")
    for name, colour in (("empty", (200, 60, 60, 255)), ("full", (40, 130, 60, 255))):
        put(own / "stamps", f"{name}.png", Image.new("RGBA", (96, 96), colour))
    (own / "stamps" / "reward.png").unlink()
    (fault,) = faults(own)
    assert "see no colours" in fault


def test_a_number_too_large_to_draw_is_checked_on_the_plain_strip(folder):
    own = folder("kahvila")
    put_all(own, "strip", (375, 144), (255, 246, 232))
    assert any("lies on the strip" in each for each in faults(own))


def test_a_logo_of_the_grounds_colour_is_a_fault(folder):
    own = folder()
    put_all(own, "logo", (50, 50), (10, 62, 84, 255))
    (fault,) = faults(own)
    assert "logo" in fault


def test_a_clear_logo_is_a_fault(folder):
    own = folder()
    put_all(own, "logo", (50, 50), (255, 255, 255, 0))
    assert any("logo" in each for each in faults(own))


def test_words_that_cannot_be_read_on_the_poster_are_a_fault_by_part(folder):
    own = folder()
    put_all(own, "background", (345, 505), (250, 250, 250))
    told = faults(own)
    for part in ("top", "lower half"):
        assert any(f"in the {part} of the poster" in each for each in told)
    assert any("primaryLogo cannot be told" in each for each in told)


def test_a_bright_picture_in_the_posters_upper_middle_is_no_fault(folder):
    own = folder()
    for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3)):
        poster = Image.new("RGB", (345 * scale, 505 * scale), (4, 58, 79))
        poster.paste((255, 255, 255), (0, 70 * scale, 345 * scale, 240 * scale))
        put(own, f"background{suffix}.png", poster)
    assert examine(own) == []


def test_a_poster_that_one_language_cannot_read_is_a_fault(folder):
    own = folder()
    for name in ("background.png", "background@2x.png", "background@3x.png"):
        for language in ("fi", "sv", "en"):
            (own / f"{language}.lproj").mkdir(exist_ok=True)
            shutil.copy(own / name, own / f"{language}.lproj" / name)
        (own / name).unlink()
    assert examine(own) == []
    put_all(own / "sv.lproj", "background", (345, 505), (250, 250, 250))
    assert any("lower half of the poster" in each for each in faults(own))


@pytest.mark.parametrize(
    ("slot", "told"), [("background", "no poster"), ("primaryLogo", "whose poster")]
)
def test_what_a_poster_lacks_is_advice(folder, slot, told):
    own = folder()
    for picture in own.glob(f"{slot}*.png"):
        picture.unlink()
    assert faults(own) == []
    (sentence,) = advice(own)
    assert told in sentence


def test_a_poster_in_one_language_only_is_advice(folder):
    own = folder()
    (own / "sv.lproj").mkdir()
    for picture in own.glob("background*.png"):
        picture.rename(own / "sv.lproj" / picture.name)
    assert any("not every language" in each for each in advice(own))


def test_a_picture_of_another_size_is_advice_with_the_wanted_one(folder):
    own = folder()
    put(own, "icon@3x.png", Image.new("RGB", (29, 29)))
    assert faults(own) == []
    assert any("114 x 114" in each for each in advice(own))


def test_a_clear_icon_is_advice(folder):
    own = folder()
    put_all(own, "icon", (38, 38), (255, 255, 255, 0))
    assert any("icon has clear places" in each for each in advice(own))


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("generic", ["no thumbnail.png"]),
        ("coupon", []),
        ("event_ticket", []),
    ],
)
def test_pictures_that_the_style_lacks_are_advice(folder, style, told):
    own = folder()
    change(own, 'style = "store_card"', f'style = "{style}"')
    given = advice(own)
    assert all(any(part in each for each in given) for part in told)
    assert len(given) == len(told)


def test_a_picture_that_the_style_never_shows_is_advice(folder):
    own = folder("aukio")
    change(own, 'style = "generic"', 'style = "store_card"')
    assert any("thumbnail.png is never shown" in each for each in advice(own))


def test_a_text_too_long_for_the_front_is_advice_in_its_language(folder):
    own = folder()
    change(own, '"10 besök"', '"tio besök under vardagar före klockan fyra"', "sample.toml")
    (sentence,) = advice(own)
    assert "(sv)" in sentence


def test_heavy_pictures_are_advice(folder):
    own = folder()
    for suffix, scale in (("@2x", 2), ("@3x", 3)):
        noise = Image.effect_noise((375 * scale, 144 * scale), 9)
        put(own, f"strip{suffix}.png", Image.merge("RGB", [noise.point(lambda v: v // 4)] * 3))
    assert any("bytes together" in each for each in advice(own))


def test_without_a_sample_the_check_says_where_to_get_one(folder):
    own = folder()
    (own / "sample.toml").unlink()
    (missing,) = advice(own)
    assert "sample.toml cannot be read: copy one from another design" in missing


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("logo.png", b"GIF89a"),
        ("logo.png", b""),
        ("poster.png", (config.TEMPLATES / "passes/ulappa/icon.png").read_bytes()),
    ],
)
def test_what_wallets_refuse_is_a_fault_that_names_the_file(folder, name, data):
    own = folder()
    (own / name).write_bytes(data)
    (fault,) = faults(own)
    assert name in fault


def test_pixels_that_are_damaged_are_a_fault(folder):
    own = folder()
    chunks = [
        (b"IHDR", (38).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])),
        (b"IDAT", b"not deflated"),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
        for kind, body in chunks
    )
    (own / "icon.png").write_bytes(data)
    (fault,) = faults(own)
    assert "icon.png is damaged" in fault


def test_a_stamp_that_is_a_bomb_is_refused_undecoded(folder, monkeypatch):
    own = folder("kahvila")
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG", optimize=True)
    (own / "stamps" / "full.png").write_bytes(bomb.getvalue())
    loaded = []
    monkeypatch.setattr(Image, "open", lambda *given: loaded.append(given))
    (fault,) = faults(own)
    assert "20000 x 20000" in fault
    assert loaded == []


@pytest.mark.parametrize("written", ["red", "rgb(256, 0, 0)", "rgb(1, 2)"])
def test_what_is_no_colour_is_a_fault(folder, written):
    own = folder()
    change(own, '"rgb(4, 58, 79)"', f'"{written}"')
    assert len(faults(own)) == 1


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="no folder"):
        examine(tmp_path / "none")


def test_a_damaged_picture_for_google_is_a_fault(folder):
    own = folder()
    (own / "google" / "logo.png").write_bytes(b"no picture")
    assert any("google/logo.png is not a PNG file" in each for each in faults(own))


def test_a_picture_for_google_that_claims_too_many_pixels_is_never_decoded(folder):
    own = folder()
    put(own, "google/hero.png", Image.new("1", (9000, 3000)))
    assert any("google/hero.png is 9000 x 3000 pixels" in each for each in faults(own))


@pytest.mark.parametrize(
    ("name", "picture", "says"),
    [
        ("logo.png", Image.new("RGB", (300, 300)), "300 x 300 pixels: draw a square of 660"),
        ("logo.png", Image.new("RGB", (1000, 660)), "draw a square"),
        ("logo.png", Image.new("RGBA", (660, 660)), "has clear places"),
        ("hero.png", Image.new("RGB", (1032, 400)), "draw it 1032 x 336"),
        ("banner.png", Image.new("RGB", (10, 10)), "google/banner.png is never shown"),
    ],
)
def test_what_google_would_not_show_well_is_advice(folder, name, picture, says):
    own = folder()
    put(own, f"google/{name}", picture)
    assert any(says in each for each in advice(own))


def test_a_design_without_a_logo_for_google_is_told_so(folder):
    own = folder()
    (own / "google" / "logo.png").unlink()
    assert any("there is no google/logo.png" in each for each in advice(own))


def test_what_google_refuses_of_a_design_is_told_before_a_card_is_made(folder):
    own = folder()
    tile = '[[google.tiles]]\nheader = "A"\nbody = "B"\nuri = "https://k.example"\n'
    toml = own / "design.toml"
    toml.write_text(toml.read_text("utf-8") + tile * 16, "utf-8")
    assert any("valueAddedModuleData" in each and "15" in each for each in faults(own))


@pytest.mark.parametrize("uri", ["kysely", "https://", "https://a b"])
def test_an_address_that_leads_nowhere_is_a_fault(folder, uri):
    own = folder()
    button = f'[google.button]\ntext = "Kysely"\nuri = "{uri}"\n'
    toml = own / "design.toml"
    toml.write_text(toml.read_text("utf-8") + button, "utf-8")
    assert any("Google Wallet would refuse the design" in each for each in faults(own))
