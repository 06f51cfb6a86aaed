"""Reading certificates and keys in the forms people have them."""

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
    load_certificate,
    load_key,
    load_p12,
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
    certificate, key = load_p12(p12, "kahvi")
    assert certificate == load_certificate(issued.certificate_pem)
    assert key.public_key() == certificate.public_key()


def test_a_signer_is_made_from_a_p12(p12, authority):
    signer = Signer.from_p12(p12, "kahvi", intermediate_pem=authority.intermediate_pem)
    assert signer.pass_type_identifier == "pass.test.leima.card"


def test_a_p12_that_does_not_open_says_how_to_convert_it(p12):
    with pytest.raises(UnreadableKey, match="openssl pkcs12 -legacy"):
        load_p12(p12, "tee")


def test_a_p12_without_its_key_is_refused(issued):
    certificate = load_certificate(issued.certificate_pem)
    alone = pkcs12.serialize_key_and_certificates(b"", None, certificate, None, NoEncryption())
    with pytest.raises(UnreadableKey, match="together"):
        load_p12(alone)


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
