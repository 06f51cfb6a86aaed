"""What a signer signs and what it refuses."""

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

import passkit
from passkit import certificates
from passkit.certificates import load_key, new_key
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


def test_the_key_is_read_once_and_not_for_each_pass(issued, authority, at, monkeypatch):
    signer = passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)

    def refuse(*_):
        raise AssertionError("reading a key costs more than a hundred signatures")

    monkeypatch.setattr(serialization, "load_pem_private_key", refuse)
    monkeypatch.setattr(certificates, "load_pem_private_key", refuse)
    with pytest.raises(AssertionError):
        passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)
    assert signer.sign(MANIFEST, at=at)


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


def test_a_signing_time_without_a_zone_is_refused_in_words(signer, leaf, at):
    for each in (signer, leaf(key=ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(passkit.CertificateError, match="no time zone"):
            each.sign(MANIFEST, at=at.replace(tzinfo=None))


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


@pytest.mark.parametrize(
    ("days", "alarm"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (-1, 7)]
)
def test_the_end_is_announced_sixty_thirty_and_seven_days_before(leaf, at, days, alarm):
    signer = leaf(valid_days=100)
    assert signer.alarm_days(signer.not_after - timedelta(days=days)) == alarm
    assert len(signer.warnings(signer.not_after - timedelta(days=days))) == (alarm is not None)


def test_near_its_end_a_certificate_still_signs_with_a_warning(leaf, at):
    signer = leaf(valid_days=20)
    (warning,) = signer.warnings(at)
    assert "in 20 days" in warning
    assert signer.sign(MANIFEST, at=at)


def test_an_intermediate_that_ends_first_ends_the_signing(issued, at):
    brief = Authority.create(at=at, valid_days=20)
    made = brief.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=load_key(issued.key_pem))
    signer = passkit.Signer(made.certificate_pem, made.key_pem, brief.intermediate_pem)
    assert signer.ends_at == at + timedelta(days=20) < signer.not_after
    assert signer.alarm_days(at) == 30


# Apple's intermediates by the parts of their names that matter.
WWDR = "Apple Worldwide Developer Relations Certification Authority"
G1 = {"common_name": WWDR, "unit": "Apple Worldwide Developer Relations"}
G3 = {"common_name": WWDR, "unit": "G3"}
G4 = {"common_name": WWDR, "unit": "G4"}


@pytest.mark.parametrize(
    ("issuer", "given", "advice"),
    [
        (G4, G1, "Relations G4 on the Apple PKI page, or none, since it is built in"),
        (G4, G3, "Relations G4 on the Apple PKI page, or none, since it is built in"),
        (G3, G4, "Relations G3 on the Apple PKI page."),
        (G1, G4, "G1 has ended for good: make a new certificate"),
        (G4, G4, "the name is right, but the key is another"),
    ],
)
def test_a_wrong_intermediate_is_told_with_the_one_that_is_needed(
    named_authority, issued, at, issuer, given, advice
):
    key = load_key(issued.key_pem)
    right, wrong = named_authority(**issuer), named_authority(**given)
    made = right.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=key)
    with pytest.raises(passkit.WrongIntermediate, match=advice):
        passkit.Signer(made.certificate_pem, made.key_pem, wrong.intermediate_pem)


def test_of_several_intermediates_the_fitting_one_is_taken(issued, authority, at):
    several = Authority.create(at=at).intermediate_pem + authority.intermediate_pem
    signer = passkit.Signer(issued.certificate_pem, issued.key_pem, several)
    assert signer.sign(MANIFEST, at=at)


@pytest.fixture
def named_authority(authority, at):
    """Makes an authority whose intermediate has such a name."""

    def make(common_name: str, unit: str) -> Authority:
        parts = [(NameOID.COMMON_NAME, common_name), (NameOID.ORGANIZATIONAL_UNIT_NAME, unit)]
        key = new_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in parts]))
            .issuer_name(authority.root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=900))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(authority.root_key, SHA256())
        )
        return replace(authority, intermediate=certificate, intermediate_key=key)

    return make
