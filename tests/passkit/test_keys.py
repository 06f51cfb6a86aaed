"""A signing key that lives elsewhere, held to the same key kept here."""

import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import passkit
from passkit.certificates import key_to_pem, new_key


class ProgramKey:
    """A key that only another program holds: here OpenSSL's command."""

    def __init__(self, path, *options):
        self._command = ["openssl", "dgst", "-sha256", *options, "-sign", str(path)]
        self.count = 0

    def sign(self, data):
        self.count += 1
        done = subprocess.run(self._command, input=data, capture_output=True, check=True)
        return done.stdout


@pytest.fixture
def key_file(issued, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(issued.key_pem)
    return path


def test_a_pass_signed_elsewhere_is_the_same_to_the_byte(
    key_file, issued, authority, signer, make_pass, template, at
):
    outside = passkit.Signer(
        issued.certificate_pem, ProgramKey(key_file), authority.intermediate_pem
    )
    there = passkit.build(make_pass(), template, outside, at=at)
    assert there == passkit.build(make_pass(), template, signer, at=at)
    assert passkit.read(there, root_pem=authority.root_pem).signature


def test_each_pass_asks_for_one_signature(key_file, issued, authority, at):
    key = ProgramKey(key_file)
    signer = passkit.Signer(issued.certificate_pem, key, authority.intermediate_pem)
    before = key.count
    signer.sign(b"one", at=at), signer.sign(b"two", at=at)
    assert key.count - before == 2


def test_another_key_elsewhere_is_refused_before_a_pass_is_signed(tmp_path, issued, authority):
    (tmp_path / "other.pem").write_bytes(key_to_pem(new_key()))
    with pytest.raises(passkit.KeyMismatch, match="elsewhere"):
        passkit.Signer(
            issued.certificate_pem, ProgramKey(tmp_path / "other.pem"), authority.intermediate_pem
        )


def test_a_key_that_signs_in_another_way_is_refused(key_file, issued, authority):
    pss = ProgramKey(key_file, "-sigopt", "rsa_padding_mode:pss")
    with pytest.raises(passkit.KeyMismatch, match="PKCS #1"):
        passkit.Signer(issued.certificate_pem, pss, authority.intermediate_pem)


@pytest.mark.parametrize("key", [object(), "-----BEGIN PRIVATE KEY-----", None])
def test_what_cannot_sign_is_refused_in_words(key, issued, authority):
    with pytest.raises(passkit.UnreadableKey, match=r"sign\(data\)"):
        passkit.Signer(issued.certificate_pem, key, authority.intermediate_pem)


@pytest.mark.parametrize(("given", "kind"), [("text", "a str"), (None, "None")])
def test_a_key_that_gives_no_bytes_is_refused_in_words(given, kind, issued, authority):
    class Odd:
        def sign(self, data):
            return given

    with pytest.raises(passkit.CertificateError, match=f"gave {kind}, not bytes"):
        passkit.Signer(issued.certificate_pem, Odd(), authority.intermediate_pem)


def test_a_signature_that_goes_wrong_later_never_leaves_the_house(key_file, issued, authority, at):
    class Failing(ProgramKey):
        is_broken = False

        def sign(self, data):
            return b"\0" * 256 if self.is_broken else super().sign(data)

    key = Failing(key_file)
    signer = passkit.Signer(issued.certificate_pem, key, authority.intermediate_pem)
    key.is_broken = True
    with pytest.raises(passkit.KeyMismatch):
        signer.sign(b"{}", at=at)


def test_what_goes_wrong_elsewhere_is_told_as_it_is(key_file, issued, authority, at):
    signer = passkit.Signer(
        issued.certificate_pem, ProgramKey(key_file), authority.intermediate_pem
    )
    key_file.unlink()
    with pytest.raises(subprocess.CalledProcessError):
        signer.sign(b"{}", at=at)


def test_only_an_rsa_key_can_live_elsewhere(authority, key_file, at):
    made = authority.issue_pass_certificate(
        "pass.a.b", "TEAM", at=at, key=ec.generate_private_key(ec.SECP256R1())
    )
    with pytest.raises(passkit.CertificateError, match="has to be an RSA key"):
        passkit.Signer(made.certificate_pem, ProgramKey(key_file), authority.intermediate_pem)
