"""Signatures that must not pass, and one by another program that must."""

import subprocess
from datetime import timedelta
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from pyasn1.codec.ber import encoder as ber_encoder
from pyasn1.codec.der import decoder
from pyasn1.codec.der import encoder as der_encoder
from pyasn1_modules import rfc5652

from passkit import ReaderError, cms
from passkit.certificates import load_certificate, load_key
from passkit.throwaway import Authority
from passkit.verification import examine, verify

CONTENT = b'{"icon.png":"x"}'
DETACHED = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]


@pytest.fixture(scope="module")
def signature(signer, at):
    return signer.sign(CONTENT, at=at)


@pytest.fixture(scope="module")
def sign(issued, authority):
    """Signs with the usual certificate, in other ways than a signer would."""

    def make(options=DETACHED, algorithm=None, intermediate=authority.intermediate, again=0):
        pair = load_certificate(issued.certificate_pem), load_key(issued.key_pem)
        builder = PKCS7SignatureBuilder().set_data(CONTENT)
        for _ in range(1 + again):
            builder = builder.add_signer(*pair, algorithm or SHA256())
        if intermediate:
            builder = builder.add_certificate(intermediate)
        return builder.sign(Encoding.DER, options)

    return make


def test_a_good_signature_tells_who_and_when(signature, issued, authority, at):
    found = verify(signature, CONTENT, root_pem=authority.root_pem, at=at)
    assert found.certificate == load_certificate(issued.certificate_pem)
    assert found.intermediate == authority.intermediate
    assert found.signed_at == at


def test_an_ec_signature_is_verified(authority, at):
    key = ec.generate_private_key(ec.SECP256R1())
    made = authority.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=key)
    leaf = load_certificate(made.certificate_pem)
    parts = {"certificate": leaf, "key": key, "intermediate": authority.intermediate}
    signature = cms.built(CONTENT, **parts)
    assert verify(signature, CONTENT, root_pem=authority.root_pem).certificate == leaf
    with pytest.raises(ReaderError):
        verify(signature, CONTENT + b" ", root_pem=None)


def test_a_longer_digest_is_taken(sign):
    assert verify(sign(algorithm=SHA512()), CONTENT, root_pem=None)


def test_openssls_own_signature_is_taken(issued, authority, tmp_path):
    (tmp_path / "leaf.pem").write_bytes(issued.certificate_pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    (tmp_path / "intermediate.pem").write_bytes(authority.intermediate_pem)
    files = ["-signer", "leaf.pem", "-inkey", "key.pem", "-certfile", "intermediate.pem"]
    made = subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", *files],
        input=CONTENT,
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert verify(made.stdout, CONTENT, root_pem=authority.root_pem)


def test_another_content_is_refused(signature):
    with pytest.raises(ReaderError, match="another manifest"):
        verify(signature, CONTENT + b"\n", root_pem=None)


def test_an_attached_signature_is_refused(sign):
    with pytest.raises(ReaderError, match="detached"):
        verify(sign(options=[PKCS7Options.Binary]), CONTENT, root_pem=None)


def test_a_signature_without_attributes_is_refused(sign):
    bare = sign(options=[*DETACHED, PKCS7Options.NoAttributes])
    with pytest.raises(ReaderError, match="lacks: content type, digest, signing time"):
        verify(bare, CONTENT, root_pem=None)


def test_a_signature_without_certificates_is_refused(sign):
    bare = sign(options=[*DETACHED, PKCS7Options.NoCerts], intermediate=None)
    with pytest.raises(ReaderError, match="certificate"):
        verify(bare, CONTENT, root_pem=None)


def test_two_signers_are_refused(sign):
    with pytest.raises(ReaderError, match="one signer"):
        verify(sign(again=1), CONTENT, root_pem=None)


def test_a_missing_intermediate_is_refused_when_a_root_is_asked_for(sign, authority):
    alone = sign(intermediate=None)
    assert verify(alone, CONTENT, root_pem=None).intermediate is None
    with pytest.raises(ReaderError, match="intermediate"):
        verify(alone, CONTENT, root_pem=authority.root_pem)


def test_another_root_is_refused(signature, at):
    with pytest.raises(ReaderError, match="trusted root"):
        verify(signature, CONTENT, root_pem=Authority.create(at=at).root_pem)


def test_a_root_that_is_no_certificate_is_refused(signature):
    with pytest.raises(ReaderError, match="PEM"):
        verify(signature, CONTENT, root_pem=b"hello")


def test_a_certificate_of_somebody_with_a_card_certificate_is_refused(issued, authority, at):
    """A pass certificate must not be able to issue another."""
    from_leaf = Authority(
        root=authority.root,
        root_key=authority.root_key,
        intermediate=load_certificate(issued.certificate_pem),
        intermediate_key=load_key(issued.key_pem),
    )
    key = ec.generate_private_key(ec.SECP256R1())
    made = from_leaf.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=key)
    leaf, issuer = load_certificate(made.certificate_pem), from_leaf.intermediate
    signature = cms.built(CONTENT, certificate=leaf, key=key, intermediate=issuer)
    with pytest.raises(ReaderError, match="trusted root"):
        verify(signature, CONTENT, root_pem=authority.intermediate_pem)


@pytest.mark.parametrize("days", [-2, 396])
def test_a_signature_outside_the_certificates_dates_is_refused(authority, issued, at, days):
    key = load_key(issued.key_pem)
    made = authority.issue_pass_certificate("p", "T", at=at - timedelta(days=days), key=key)
    leaf = load_certificate(made.certificate_pem)
    signature = cms.built(CONTENT, certificate=leaf, key=key, intermediate=authority.intermediate)
    with pytest.raises(ReaderError, match="not valid"):
        verify(signature, CONTENT, root_pem=None)


def test_a_certificate_that_has_ended_since_is_refused_at_that_time(signature, at):
    with pytest.raises(ReaderError, match="not valid"):
        verify(signature, CONTENT, root_pem=None, at=at + timedelta(days=400))


def test_a_signature_from_the_future_is_refused(signature, at):
    with pytest.raises(ReaderError, match="future"):
        verify(signature, CONTENT, root_pem=None, at=at - timedelta(minutes=10))


def test_every_cut_and_any_flipped_bit_is_refused_as_reader_error(signature, authority):
    random = Random(2026)
    damaged = [signature[:length] for length in range(0, len(signature), 101)]
    for _ in range(60):
        data = bytearray(signature)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        damaged.append(bytes(data))
    for data in damaged:
        with pytest.raises(ReaderError):
            verify(data, CONTENT, root_pem=authority.root_pem)


@pytest.mark.parametrize("data", [b"", b"hello", b"0\x00", b"0\x80", b"\x30" * 5000])
def test_what_is_no_signature_is_refused(data):
    with pytest.raises(ReaderError):
        verify(data, CONTENT, root_pem=None)


def test_apples_way_of_writing_a_signature_is_taken(signature, authority, at):
    """Its own tools write BER of indefinite length: 30 80 ... 00 00."""
    info, _ = decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
    parts = [ber_encoder.encode(info["contentType"]), b"\xa0\x80", bytes(info["content"])]
    indefinite = b"\x30\x80" + b"".join(parts) + bytes(4)
    found = verify(indefinite, CONTENT, root_pem=authority.root_pem, at=at)
    assert found.signed_at == at
    for length in range(0, len(indefinite), 97):
        with pytest.raises(ReaderError):
            verify(indefinite[:length], CONTENT, root_pem=None)


def test_everything_that_is_wrong_is_told_at_once(sign, authority, at):
    later = at + timedelta(days=500)
    attached = sign(options=[PKCS7Options.Binary], intermediate=None)
    found = examine(attached, CONTENT + b" ", root_pem=authority.root_pem, at=later)
    assert [fault.rule for fault in found.faults] == [
        "signature-attached",
        "signature-other-manifest",
        "signature-no-intermediate",
        "certificate-expired",
    ]
    assert found.digest == "sha256"


def test_attributes_signed_in_the_order_of_the_file_are_taken(signature, issued, at):
    """node-forge, and so passkit-generator, does not sort them."""
    info, _ = decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
    signed, _ = decoder.decode(info["content"], asn1Spec=rfc5652.SignedData())
    signer = signed["signerInfos"][0]
    backwards = rfc5652.SignedAttributes()
    backwards.extend(reversed(list(signer["signedAttrs"])))
    sorted_, unsorted = der_encoder.encode(backwards), ber_encoder.encode(backwards)
    assert sorted_ != unsorted
    resigned = load_key(issued.key_pem).sign(unsorted, PKCS1v15(), SHA256())
    made = signature.replace(sorted_[2:], unsorted[2:])
    made = made.replace(signer["signature"].asOctets(), resigned)
    assert verify(made, CONTENT, root_pem=None, at=at).signed_at == at
    with pytest.raises(ReaderError):
        verify(made, CONTENT + b" ", root_pem=None, at=at)


@pytest.mark.parametrize("parameters", [None, b"\x05\x00"])
def test_a_digest_is_announced_with_or_without_empty_parameters(signature, at, parameters):
    info, _ = decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
    signed, _ = decoder.decode(info["content"], asn1Spec=rfc5652.SignedData())
    announced = rfc5652.DigestAlgorithmIdentifier()
    announced["algorithm"] = signed["digestAlgorithms"][0]["algorithm"]
    if parameters:
        announced["parameters"] = parameters
    signed["digestAlgorithms"].clear()
    signed["digestAlgorithms"].append(announced)
    info["content"] = der_encoder.encode(signed)
    made = bytes(der_encoder.encode(info))
    assert verify(made, CONTENT, root_pem=None, at=at).signed_at == at
