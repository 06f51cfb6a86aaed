"""What a signer signs and what it refuses."""

import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import passkit
from passkit.certificates import load_key
from passkit.throwaway import Authority

MANIFEST = b'{\n  "icon.png": "x",\r\n  "pass.json": "y"\n}\n'


@pytest.fixture(scope="session")
def leaf(authority, issued, at):
    """Makes a signer whose certificate has other dates; its key is the usual one."""

    def make(**settings: object) -> passkit.Signer:
        values = {"at": at, "key": load_key(issued.key_pem)} | settings
        made = authority.issue_pass_certificate("pass.test.leima.card", "TEAMTEST01", **values)
        return passkit.Signer(made.certificate_pem, made.key_pem, authority.intermediate_pem)

    return make


@pytest.fixture
def signed(signer, authority, at, tmp_path):
    """A folder with a signed manifest and the root."""
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "signature").write_bytes(signer.sign(MANIFEST, at=at))
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    return tmp_path


def openssl(folder, *words: str) -> str:
    command = ["openssl", "cms", "-inform", "DER", "-in", "signature", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


VERIFY = ["-verify", "-binary", "-content", "manifest.json", "-CAfile", "root.pem"]
VERIFY += ["-purpose", "any", "-out", "out"]


def test_openssl_verifies_a_manifest_with_line_ends(signed):
    openssl(signed, *VERIFY)
    assert (signed / "out").read_bytes() == MANIFEST


def test_openssl_refuses_a_changed_manifest(signed):
    (signed / "manifest.json").write_bytes(MANIFEST.replace(b"x", b"z"))
    with pytest.raises(subprocess.CalledProcessError):
        openssl(signed, *VERIFY)


def test_the_signature_is_built_as_phones_want_it(signed, at):
    printed = openssl(signed, "-cmsout", "-print", "-noout")
    assert "eContent: <ABSENT>" in printed
    assert len(re.findall(r"d\.certificate:", printed)) == 2
    assert "algorithm: sha256 (2.16.840.1.101.3.4.2.1)" in printed
    assert "sha1 (" not in printed
    (written,) = re.findall(r"UTCTIME:(\w+ +\d+ [\d:]+ \d{4}) GMT", printed)
    found = datetime.strptime(written, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    assert abs(found - at) < timedelta(seconds=5)


def test_an_ec_certificate_signs_too(leaf, authority, tmp_path, at):
    signer = leaf(key=ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "signature").write_bytes(signer.sign(MANIFEST, at=at))
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    openssl(tmp_path, *VERIFY)


def test_the_same_second_gives_the_same_signature(signer, at):
    assert signer.sign(MANIFEST, at=at) == signer.sign(MANIFEST, at=at)


def test_a_signer_knows_what_it_signs_for(signer, at):
    assert signer.pass_type_identifier == "pass.test.leima.card"
    assert signer.team_identifier == "TEAMTEST01"
    assert signer.is_throwaway
    assert signer.not_after == at + timedelta(days=395)


def test_a_key_of_another_certificate_is_refused(issued, authority, at):
    other = authority.issue_pass_certificate("pass.a.b", "TEAM", at=at)
    with pytest.raises(passkit.KeyMismatch):
        passkit.Signer(issued.certificate_pem, other.key_pem, authority.intermediate_pem)


def test_an_expired_certificate_is_refused(leaf, at):
    signer = leaf(at=at - timedelta(days=396))
    with pytest.raises(passkit.CertificateExpired):
        signer.sign(MANIFEST, at=at)


def test_a_certificate_of_tomorrow_is_refused(leaf, at):
    signer = leaf(at=at + timedelta(days=1))
    with pytest.raises(passkit.CertificateNotYetValid):
        signer.sign(MANIFEST, at=at)


def test_an_expired_intermediate_is_refused(issued, at):
    old = Authority.create(at=at - timedelta(days=11), valid_days=10)
    made = old.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=load_key(issued.key_pem))
    signer = passkit.Signer(made.certificate_pem, made.key_pem, old.intermediate_pem)
    with pytest.raises(passkit.IntermediateExpired):
        signer.sign(MANIFEST, at=at)


def test_an_older_intermediate_of_the_same_name_is_refused(issued, authority, at):
    other = Authority.create(at=at)
    assert other.intermediate.subject == authority.intermediate.subject
    with pytest.raises(passkit.WrongIntermediate, match="OU=G4"):
        passkit.Signer(issued.certificate_pem, issued.key_pem, other.intermediate_pem)


def test_without_an_intermediate_apples_is_meant(issued):
    with pytest.raises(passkit.WrongIntermediate, match="Apple Worldwide Developer Relations"):
        passkit.Signer(issued.certificate_pem, issued.key_pem)


def test_the_last_thirty_days_give_a_warning_and_still_sign(leaf, at):
    signer = leaf(valid_days=20)
    (warning,) = signer.warnings(at)
    assert "in 20 days" in warning
    assert signer.sign(MANIFEST, at=at)


def test_a_long_lived_certificate_gives_no_warning(signer, at):
    assert signer.warnings(at) == []
    assert signer.warnings(at + timedelta(days=364)) == []
    assert signer.warnings(at + timedelta(days=366))
