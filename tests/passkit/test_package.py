"""The .pkpass file as a whole."""

import hashlib
import json
import struct
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

import passkit
from passkit.strings import read_strings


@pytest.fixture
def archive(pkpass):
    with zipfile.ZipFile(BytesIO(pkpass)) as archive:
        yield archive


def test_the_root_holds_exactly_the_files_of_the_pass(archive):
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        "icon.png",
        "icon@2x.png",
        "manifest.json",
        "pass.json",
        "signature",
    ]


def test_the_manifest_lists_every_other_file_with_its_sum(files):
    manifest = json.loads(files.pop("manifest.json"))
    del files["signature"]
    assert manifest == {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()
    }


def test_files_are_stored_with_their_sizes_in_front(archive, pkpass):
    for entry in archive.infolist():
        local = struct.unpack_from("<4s5H3I", pkpass, entry.header_offset)
        signature, _, flags, method, *_, crc, packed, size = local
        assert (signature, flags, method) == (b"PK\x03\x04", 0, zipfile.ZIP_STORED)
        assert (crc, packed, size) == (entry.CRC, entry.file_size, entry.file_size)


def test_entries_have_a_fixed_date_and_are_plain_files(archive):
    for entry in archive.infolist():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.external_attr >> 16 == 0o100644


def test_the_same_second_gives_the_same_bytes(make_pass, template, signer, at):
    first, again = (passkit.build(make_pass(), template, signer, at=at) for _ in range(2))
    assert first == again


def test_a_second_later_only_the_signature_differs(make_pass, template, signer, at):
    found = []
    for moment in (at, at + timedelta(seconds=1)):
        data = passkit.build(make_pass(), template, signer, at=moment)
        with zipfile.ZipFile(BytesIO(data)) as archive:
            found.append({name: archive.read(name) for name in archive.namelist()})
    first, later = found
    assert {name for name in first if first[name] != later[name]} == {"signature"}


TEXTS = {"fi": {"L_a": "Ä"}, "sv": {"L_a": "Å"}}


def opened(pkpass, authority):
    return passkit.read(pkpass, root_pem=authority.root_pem).files


def test_strings_of_all_passes_are_packed_beside_the_images(make_pass, png, signer, authority, at):
    strings = passkit.Strings(TEXTS)
    template = passkit.Template(passkit.Images({"icon.png": png()}), strings)
    files = opened(passkit.build(make_pass(), template, signer, at=at), authority)
    assert {file.name: file.data for file in strings.files}.items() <= files.items()


def test_strings_of_one_pass_are_packed_and_signed(make_pass, template, signer, authority, at):
    strings = passkit.Strings(TEXTS)
    pkpass = passkit.build(make_pass(), template, signer, at=at, strings=strings)
    files = opened(pkpass, authority)
    assert read_strings(files["sv.lproj/pass.strings"]) == {"L_a": "Å"}
    assert "fi.lproj/pass.strings" in json.loads(files["manifest.json"])
    assert pkpass == passkit.build(make_pass(), template, signer, at=at, strings=strings)


def test_strings_in_two_places_are_refused(make_pass, png, signer, at):
    strings = passkit.Strings(TEXTS)
    template = passkit.Template(passkit.Images({"icon.png": png()}), strings)
    with pytest.raises(passkit.PackageError, match="one of the two"):
        passkit.build(make_pass(), template, signer, at=at, strings=strings)


def test_a_design_beyond_all_measure_is_refused(png):
    strings = passkit.Strings({"fi": {"L_a": "x" * (17 * 1024 * 1024)}})
    with pytest.raises(passkit.PackageError, match="bytes"):
        passkit.Template(passkit.Images({"icon.png": png()}), strings)


@pytest.mark.parametrize(
    ("changes", "error", "names"),
    [
        (
            {"pass_type_identifier": "pass.other.card"},
            passkit.PassTypeMismatch,
            "'pass.other.card'.*'pass.test.leima.card'",
        ),
        ({"team_identifier": "OTHER"}, passkit.TeamMismatch, "'OTHER'.*'TEAMTEST01'"),
    ],
)
def test_a_certificate_for_other_passes_is_refused(
    make_pass, template, signer, at, changes, error, names
):
    with pytest.raises(error, match=names):
        passkit.build(make_pass(**changes), template, signer, at=at)


def test_an_expired_certificate_builds_nothing(make_pass, template, signer, at):
    with pytest.raises(passkit.CertificateExpired):
        passkit.build(make_pass(), template, signer, at=at + timedelta(days=400))


def test_passes_share_no_state(make_pass, template, signer, authority, at):
    other = make_pass(serial_number="x" * 20, voided=True)
    passkit.build(other, template, signer, at=at)
    opened = passkit.read(
        passkit.build(make_pass(), template, signer, at=at), root_pem=authority.root_pem
    )
    assert "voided" not in opened.content


def test_the_media_type_is_apples():
    assert passkit.MIME_TYPE == "application/vnd.apple.pkpass"


def test_files_are_packed_as_they_are_and_signed(pkpass, files, signer, authority, at):
    given = {
        name: data for name, data in files.items() if name not in ("manifest.json", "signature")
    }
    packed = passkit.pack(given, signer, at=at)
    opened = passkit.read(packed, root_pem=authority.root_pem, at=at)
    assert {name: opened.files[name] for name in given} == given


def test_the_same_files_give_the_same_bytes(files, signer, at):
    again = dict(reversed(files.items()))
    assert passkit.pack(files, signer, at=at) == passkit.pack(again, signer, at=at)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, passkit.PackageError),
        (b"hello", passkit.PackageError),
        (b"{}", passkit.PackageError),
        (
            b'{"passTypeIdentifier": "pass.other", "teamIdentifier": "TEAMTEST01"}',
            passkit.PassTypeMismatch,
        ),
    ],
)
def test_files_without_a_pass_of_ours_are_not_packed(signer, at, content, error):
    with pytest.raises(error):
        passkit.pack({} if content is None else {"pass.json": content}, signer, at=at)


def test_ten_passes_make_a_bundle_that_comes_apart_again(pkpass):
    bundle = passkit.bundle([pkpass] * 10)
    assert passkit.read_bundle(bundle) == [pkpass] * 10
    assert passkit.bundle([pkpass] * 10) == bundle
    assert passkit.BUNDLE_MIME_TYPE == "application/vnd.apple.pkpasses"


@pytest.mark.parametrize("count", [0, 11])
def test_a_bundle_has_one_to_ten_passes(pkpass, count):
    with pytest.raises(passkit.PackageError, match="1 to 10"):
        passkit.bundle([pkpass] * count)


def test_a_bundle_is_no_larger_than_wallet_takes():
    with pytest.raises(passkit.PackageError, match="150000000"):
        passkit.bundle([b"PK\x03\x04" + bytes(75_000_000)] * 2)


def test_a_bundle_holds_passes_only(pkpass):
    with pytest.raises(passkit.PackageError, match="Pass 2"):
        passkit.bundle([pkpass, b"hello"])
