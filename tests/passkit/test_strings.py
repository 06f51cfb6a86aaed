"""The translations of a pass, written as phones read them."""

import openstep_plist
import pytest

from passkit import PackageError, Strings
from passkit.strings import choose_keys, locale_name, read_strings, write_strings

HARD = 'Ängelholmin "Kahvi" \\ 50 % 😀\nrivi'


def test_an_independent_reader_finds_the_same_text():
    written = write_strings({"L_name": HARD, "L_last": "\\"}).decode("utf-16")
    assert openstep_plist.loads(written) == {"L_name": HARD, "L_last": "\\"}
    assert written.count("\n") == 2  # the reader would forgive one inside a text


def test_a_file_is_utf16_little_endian_with_its_mark_and_plain_line_ends():
    data = write_strings({"L_name": HARD})
    assert data.startswith(b"\xff\xfe")
    assert data[2:].decode("utf-16-le") == (
        '"L_name" = "Ängelholmin \\"Kahvi\\" \\\\ 50 % 😀\\nrivi";\n'
    )
    assert b"\r" not in data


def test_an_emoji_stays_one_character_of_two_halves():
    assert "😀".encode("utf-16-le") in write_strings({"L_face": "😀"})


def test_what_is_written_is_read_again():
    entries = {"L_a": HARD, "L_b": "", "L_c": "\ta\rb"}
    assert read_strings(write_strings(entries)) == entries


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8", "utf-8-sig"])
def test_files_of_other_programs_are_read(encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    written = f'{mark}/* kahvi */\n"L_A"="a"; // toinen\n"L_B" = "\\U00e4\\x";\n'
    assert read_strings(written.encode(encoding)) == {"L_A": "a", "L_B": "äx"}


@pytest.mark.parametrize("written", [r"\UD83D\UDE00", r"\Ud83d\Ude00"])
def test_a_character_in_two_escapes_is_one(written):
    entries = read_strings(f'"L_face" = "a{written}b";'.encode())
    assert entries == {"L_face": "a😀b"}
    assert read_strings(write_strings(entries)) == entries


@pytest.mark.parametrize("written", [r"\UD83D", r"\UDE00\UD83D", r"\UD83D\n\UDE00"])
def test_half_a_character_in_escapes_is_refused(written):
    with pytest.raises(PackageError, match="half a character"):
        read_strings(f'"L_face" = "{written}";'.encode())


@pytest.mark.parametrize(
    "written",
    ['"L_A" = "a"', '"L_A" = "a";\nL_B = "b";', '"L_A" "a";', "{}", '"a" = "b"; /* open'],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused(written):
    with pytest.raises(PackageError, match="Line"):
        read_strings(written.encode())


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(PackageError, match="neither"):
        read_strings(b"\xc3\x28")


def test_half_a_character_cannot_be_written():
    with pytest.raises(PackageError, match=r"fi.*half a character"):
        Strings({"fi": {"L_a": "\ud83d"}})


def test_languages_with_other_keys_are_refused_naming_what_is_missing_where():
    with pytest.raises(PackageError, match=r"fi lacks L_c; sv lacks L_a, L_b\.") as refusal:
        Strings({"fi": {"L_a": "", "L_b": ""}, "sv": {"L_c": ""},
                 "en": {"L_a": "", "L_b": "", "L_c": ""}})  # fmt: skip
    assert "en lacks" not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "name"),
    [("fi_FI", "fi-FI"), ("FI", "fi"), ("zh-hans", "zh-Hans"), ("zh_Hant_TW", "zh-Hant-TW"),
     ("es-419", "es-419")],
)  # fmt: skip
def test_a_locale_has_one_name_however_it_is_written(written, name):
    assert locale_name(written) == name
    assert Strings({written: {}}).files[0].name == f"{name}.lproj/pass.strings"


@pytest.mark.parametrize(
    "written", ["", "f", "finnish", "fi-", "../fi", "fi FI", "fi-FI-x", "fi\n"]
)
def test_what_is_no_locale_is_refused(written):
    with pytest.raises(PackageError, match="no locale"):
        locale_name(written)


def test_two_spellings_of_one_locale_are_refused():
    with pytest.raises(PackageError, match="'fi_FI' and 'fi-fi' are the same"):
        Strings({"fi_FI": {}, "fi-fi": {}})


def test_an_empty_key_is_refused():
    with pytest.raises(PackageError, match="empty"):
        Strings({"fi": {"": "Tarjous"}})


def test_a_message_about_a_change_has_a_place_for_the_value_in_every_language():
    with pytest.raises(PackageError, match="sv has no %@"):
        Strings({"fi": {"L_now %@": "Nyt %@"}, "sv": {"L_now %@": "Nu"}})


def test_a_key_is_its_text_if_that_is_free():
    assert choose_keys(["Leimat", "Palkinto"], {"Aino"}) == ["Leimat", "Palkinto"]


def test_no_key_is_like_a_name_or_like_another_key():
    assert choose_keys(["Aino", "Aino (2)", "Kuusi", "Kuusi"], {"Aino", "Aino (3)"}) == [
        "Aino (4)", "Aino (2)", "Kuusi", "Kuusi (2)",
    ]  # fmt: skip


def test_a_text_that_is_empty_in_one_language_has_a_key():
    assert choose_keys(["", "(2)"], {""}) == ["(3)", "(2)"]
