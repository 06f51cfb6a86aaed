"""Opening a pass as a phone would."""

import hashlib
import json

import pytest

from passkit import ReaderError, read, read_bundle
from passkit.reader import manifest_faults


@pytest.fixture
def resigned(files, packed, signer, at):
    """Packs the files again with a manifest and signature that fit the changes."""

    def make(**changes: bytes) -> bytes:
        new = files | {name.replace("_", "."): data for name, data in changes.items()}
        manifest = {
            name: hashlib.sha1(data, usedforsecurity=False).hexdigest()
            for name, data in new.items()
            if name not in ("manifest.json", "signature")
        }
        new["manifest.json"] = json.dumps(manifest, indent=2).encode()
        new["signature"] = signer.sign(new["manifest.json"], at=at)
        return packed(new)

    return make


def test_a_good_pass_opens(pkpass, authority, at):
    opened = read(pkpass, root_pem=authority.root_pem, at=at)
    assert opened.content["serialNumber"] == "0123456789abcdef0123456789abcdef"
    assert opened.signature.signed_at == at
    assert "icon.png" in opened.files


def test_another_programs_way_of_packing_opens(resigned, authority):
    assert read(resigned(), root_pem=authority.root_pem)


@pytest.mark.parametrize("name", ["pass.json", "manifest.json", "signature"])
def test_a_missing_part_is_refused(files, packed, name):
    del files[name]
    with pytest.raises(ReaderError, match=name):
        read(packed(files), root_pem=None)


def test_an_unlisted_file_is_refused(files, packed):
    with pytest.raises(ReaderError, match=r"does not list logo\.png"):
        read(packed(files | {"logo.png": b""}), root_pem=None)


def test_a_listed_file_that_is_not_there_is_refused(files, packed):
    del files["icon@2x.png"]
    with pytest.raises(ReaderError, match="icon@2x"):
        read(packed(files), root_pem=None)


def test_a_changed_file_is_refused(files, packed):
    files["pass.json"] = files["pass.json"].replace(b'"value":3', b'"value":9')
    with pytest.raises(ReaderError, match=r"pass\.json is not the file"):
        read(packed(files), root_pem=None)


def test_a_changed_manifest_is_refused(files, packed):
    files["manifest.json"] += b"\n"
    with pytest.raises(ReaderError, match="another manifest"):
        read(packed(files), root_pem=None)


@pytest.mark.parametrize("change", [str.upper, lambda sum_: sum_[:-1], lambda sum_: None])
def test_sums_in_another_form_are_refused(files, packed, change):
    manifest = json.loads(files["manifest.json"])
    manifest["icon.png"] = change(manifest["icon.png"])
    files["manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(ReaderError, match="SHA-1"):
        read(packed(files), root_pem=None)


@pytest.mark.parametrize(
    "manifest", [b"[]", b"{", b"\xef\xbb\xbf{}", b'{"a":"","a":""}', b'{"a":NaN}', b"\xff"]
)
def test_a_manifest_that_is_no_plain_json_is_refused(files, packed, manifest):
    with pytest.raises(ReaderError, match=r"manifest\.json"):
        read(packed(files | {"manifest.json": manifest}), root_pem=None)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"hello", b"[" * 100_000])
def test_a_pass_without_its_keys_is_refused(resigned, content):
    with pytest.raises(ReaderError, match=r"pass\.json"):
        read(resigned(pass_json=content), root_pem=None)


@pytest.mark.parametrize("key", ["passTypeIdentifier", "teamIdentifier"])
def test_a_pass_under_another_certificate_is_refused(resigned, files, key):
    content = json.loads(files["pass.json"]) | {key: "pass.other"}
    with pytest.raises(ReaderError, match=f"{key} 'pass.other'"):
        read(resigned(pass_json=json.dumps(content).encode()), root_pem=None)


def test_apples_own_intermediate_can_be_trusted_without_its_root(pkpass, authority, at):
    assert read(pkpass, root_pem=authority.intermediate_pem, at=at)


def test_all_faults_of_a_manifest_are_told(files):
    files |= {"new.txt": b"x", "icon.png": b"y"}
    del files["icon@2x.png"]
    faults = {(fault.rule, fault.path) for fault in manifest_faults(files)}
    assert faults == {
        ("manifest-unlisted-file", "new.txt"),
        ("manifest-wrong-sum", "icon.png"),
        ("manifest-absent-file", "icon@2x.png"),
    }


@pytest.mark.parametrize("inside", [{}, {"readme.txt": b"x"}])
def test_a_bundle_of_anything_else_is_refused(packed, inside):
    with pytest.raises(ReaderError) as error:
        read_bundle(packed(inside))
    assert error.value.rule == "bundle-content"


def test_a_bundle_of_eleven_is_refused(packed, pkpass):
    with pytest.raises(ReaderError) as error:
        read_bundle(packed({f"{number}.pkpass": pkpass for number in range(11)}))
    assert error.value.rule == "bundle-too-large"
