"""Zip files a stranger may have made."""

import io
import stat
import tracemalloc
import warnings
import zipfile

import pytest

from passkit import ReaderError
from passkit.archive import MAX_FILES, folders, unpack


def test_plain_files_come_out_as_they_went_in(packed):
    files = {"a": b"1", "fi.lproj/b.strings": b"2" * 1000}
    assert unpack(packed(files)) == files


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../b",
        "/a",
        "a\\b",
        "./a",
        "..",
        "../folder/",
    ],
)
def test_names_that_lead_elsewhere_are_refused(packed, name):
    with pytest.raises(ReaderError, match="unsafe"):
        unpack(packed({name: b""}))


def test_a_name_with_a_hidden_end_is_refused(packed):
    data = packed({"iconX.txt": b""}).replace(b"iconX.txt", b"icon\0.txt")
    with pytest.raises(ReaderError):
        unpack(data)


@pytest.mark.parametrize("second", ["a", "A"])
def test_one_name_twice_is_refused(second):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("a", b"1")
        archive.writestr(second, b"2")
    with pytest.raises(ReaderError, match="twice"):
        unpack(file.getvalue())


def test_a_link_is_refused():
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(ReaderError, match="unsafe"):
        unpack(file.getvalue())


def test_a_bomb_is_refused(packed):
    with pytest.raises(ReaderError, match="grows"):
        unpack(packed({"a": bytes(10_000_000)}))


def test_too_many_files_are_refused(packed):
    with pytest.raises(ReaderError, match="files"):
        unpack(packed({f"{number}": b"" for number in range(MAX_FILES + 1)}))


def test_too_many_bytes_are_refused(packed):
    data = packed({"a": b"x"})
    claimed = bytearray(data)
    at = data.index(b"PK\x01\x02") + 24  # the unpacked size in the directory
    claimed[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    with pytest.raises(ReaderError, match="more than"):
        unpack(bytes(claimed))


def test_a_locked_file_is_refused(packed):
    data = bytearray(packed({"a": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    with pytest.raises(ReaderError, match="locked") as error:
        unpack(bytes(data))
    assert error.value.rule == "zip-encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_compression_is_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a", b"x" * 100)
    with pytest.raises(ReaderError, match="unusual"):
        unpack(file.getvalue())


def test_folders_with_entries_of_their_own_are_passed_over():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("fi.lproj")
        archive.writestr("fi.lproj/a", b"1")
    assert unpack(file.getvalue()) == {"fi.lproj/a": b"1"}
    assert folders(file.getvalue()) == ["fi.lproj/"]


def test_a_file_is_never_unpacked_beyond_the_size_it_declares(packed):
    """A bomb of 50 MB that says it is 90,000 bytes: refused, and never there in memory."""
    data = bytearray(packed({"a": bytes(50_000_000)}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark) + place
        data[at : at + 4] = (90_000).to_bytes(4, "little")
    tracemalloc.start()
    with pytest.raises(ReaderError):
        unpack(bytes(data))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_directory_of_a_hundred_thousand_lines_is_not_even_read():
    line = b"PK\x01\x02" + bytes(42) + b"a"
    with pytest.raises(ReaderError) as error:
        unpack(line * 100_000)
    assert error.value.rule == "zip-too-large"


def test_every_cut_of_a_zip_is_refused(packed):
    data = packed({"a": b"x" * 50})
    for length in range(len(data)):
        with pytest.raises(ReaderError):
            unpack(data[:length])


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x05\x06"])
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(ReaderError):
        unpack(data)
