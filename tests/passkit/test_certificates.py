"""Reading certificates and keys in the forms people have them."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from passkit import CertificateError, Signer, UnreadableCertificate, UnreadableKey
from passkit.certificates import (
    apple_wwdr_g4,
    key_to_pem,
    load_certificate,
    load_key,
    load_p12,
    new_request,
    pass_type_identifier,
    team_identifier,
)
from passkit.throwaway import is_throwaway


@pytest.fixture(scope="session")
def p12(issued):
    return pkcs12.serialize_key_and_certificates(
        b"card",
        load_key(issued.key_pem),
        load_certificate(issued.certificate_pem),
        None,
        BestAvailableEncryption(b"kahvi"),
    )


def test_a_certificate_is_read_from_pem_and_from_der(issued):
    certificate = load_certificate(issued.certificate_pem)
    assert load_certificate(certificate.public_bytes(Encoding.DER)) == certificate


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_what_is_no_certificate_is_refused(data):
    with pytest.raises(UnreadableCertificate):
        load_certificate(data)


def test_a_locked_key_opens_with_its_password(issued):
    key = load_key(issued.key_pem)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"kahvi"))
    assert load_key(locked, "kahvi").public_key() == key.public_key()
    with pytest.raises(UnreadableKey, match="wrong"):
        load_key(locked, "tee")
    with pytest.raises(UnreadableKey, match="key_password"):
        load_key(locked)


def test_a_password_too_many_does_no_harm(issued):
    assert load_key(issued.key_pem, "kahvi")


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nx\n"])
def test_what_is_no_key_is_refused(data):
    with pytest.raises(UnreadableKey):
        load_key(data)


def test_a_key_of_another_kind_is_refused():
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(UnreadableKey, match="RSA or EC"):
        load_key(pem)


def test_a_p12_holds_certificate_and_key(p12, issued):
    found = load_p12(p12, "kahvi")
    assert found.certificate == load_certificate(issued.certificate_pem)
    assert found.key.public_key() == found.certificate.public_key()


def test_a_signer_is_made_from_a_p12(p12, authority):
    signer = Signer.from_p12(p12, "kahvi", intermediate=authority.intermediate_pem)
    assert signer.pass_type_identifier == "pass.test.leima.card"


def test_a_p12_may_bring_its_intermediate(issued, authority):
    whole = pkcs12.serialize_key_and_certificates(
        b"card",
        load_key(issued.key_pem),
        load_certificate(issued.certificate_pem),
        [authority.root, authority.intermediate],
        NoEncryption(),
    )
    assert Signer.from_p12(whole, None).team_identifier == "TEAMTEST01"


def test_a_wrong_password_of_a_p12_is_told(p12):
    with pytest.raises(UnreadableKey, match=r"password of the \.p12 file is wrong") as refusal:
        load_p12(p12, "tee")
    assert "openssl" not in str(refusal.value)


# Opens a .p12 of Keychain Access where OpenSSL has no old ciphers any more, as on many machines.
WITHOUT_OLD_CIPHERS = """
import sys
from pathlib import Path
from passkit import UnreadableKey
from passkit.certificates import load_p12
try:
    load_p12(Path(sys.argv[1]).read_bytes(), "kahvi", name=sys.argv[1])
except UnreadableKey as error:
    print(error)
"""


def keychain_p12(issued, folder):
    """A .p12 as Keychain Access writes it: RC2 of 40 bits."""
    (folder / "both.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    command = "openssl pkcs12 -export -legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES"
    command += " -in both.pem -out Certificates.p12 -passout pass:kahvi"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def test_a_p12_of_keychain_is_read_where_openssl_still_can(issued, tmp_path):
    keychain_p12(issued, tmp_path)
    data = (tmp_path / "Certificates.p12").read_bytes()
    assert load_p12(data, "kahvi").certificate == load_certificate(issued.certificate_pem)


def test_a_p12_in_an_old_cipher_brings_the_command_that_converts_it(issued, tmp_path):
    keychain_p12(issued, tmp_path)
    environment = {"CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WITHOUT_OLD_CIPHERS, "Certificates.p12"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    (advice,) = re.findall(r"openssl pkcs12 .*? -out card\.pem", done.stdout)
    assert "Certificates.p12" in advice
    subprocess.run(
        [*advice.split(), "-passin", "pass:kahvi"], cwd=tmp_path, check=True, capture_output=True
    )
    pem = (tmp_path / "card.pem").read_bytes()
    assert load_certificate(pem).public_key() == load_key(pem).public_key()


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_what_is_no_p12_is_told(data):
    with pytest.raises(UnreadableKey, match=r"no \.p12"):
        load_p12(data, "kahvi")


def test_a_p12_without_its_key_is_refused(issued):
    certificate = load_certificate(issued.certificate_pem)
    alone = pkcs12.serialize_key_and_certificates(b"", None, certificate, None, NoEncryption())
    with pytest.raises(UnreadableKey, match="together"):
        load_p12(alone)


def test_what_was_given_instead_of_a_certificate_is_named(p12, issued):
    request = new_request(load_key(issued.key_pem), "Leima")
    for data, says in (
        (request, "request, not the certificate"),
        (issued.key_pem, "private key only"),
        (p12, r"\.p12 file"),
    ):
        with pytest.raises(UnreadableCertificate, match=says):
            load_certificate(data)


def test_a_p12_in_the_place_of_a_key_is_named(p12):
    with pytest.raises(UnreadableKey, match="holds certificate and key"):
        load_key(p12, "kahvi")


def test_openssl_finds_a_request_right(tmp_path, issued):
    (tmp_path / "pass.csr").write_bytes(
        new_request(load_key(issued.key_pem), "Kahvila Ääni", "kahvila@example.com")
    )
    command = ["openssl", "req", "-in", "pass.csr", "-verify", "-noout", "-subject", "-text"]
    command += ["-nameopt", "utf8"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "verify OK" in done.stdout + done.stderr
    assert "Kahvila Ääni" in done.stdout
    assert "2048 bit" in done.stdout


def test_a_certificate_of_apples_for_something_else_is_refused(authority, at):
    pushes = authority.issue_pass_certificate("com.example.app", "TEAM", at=at)
    with pytest.raises(CertificateError, match=r"com\.example\.app.*Pass Type ID"):
        Signer(pushes.certificate_pem, pushes.key_pem, authority.intermediate_pem)


def test_a_locked_key_and_its_certificate_may_share_a_file(issued, authority):
    locked = key_to_pem(load_key(issued.key_pem), "kahvi")
    both = issued.certificate_pem + locked
    signer = Signer(both, both, authority.intermediate_pem, key_password="kahvi")
    assert signer.team_identifier == "TEAMTEST01"
    assert b"ENCRYPTED" in locked


def test_the_subject_tells_pass_type_and_team(issued):
    certificate = load_certificate(issued.certificate_pem)
    assert pass_type_identifier(certificate) == "pass.test.leima.card"
    assert team_identifier(certificate) == "TEAMTEST01"


def test_a_certificate_for_something_else_is_refused(authority):
    with pytest.raises(CertificateError, match="Pass Type ID"):
        pass_type_identifier(authority.root)


def test_apples_intermediate_is_the_fourth_generation():
    certificate = apple_wwdr_g4()
    assert team_identifier(certificate) == "G4"
    assert certificate.serial_number == 0x13DC77955271E53DC632E8CCFFE521F3CCC5CED2
    assert certificate.not_valid_after_utc == datetime(2030, 12, 10, tzinfo=UTC)
    assert not is_throwaway(certificate)
