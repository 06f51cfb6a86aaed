"""The signature itself, held against cryptography's builder and against OpenSSL."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from passkit import cms
from passkit.certificates import load_certificate, load_key
from passkit.verification import verify

ROUNDS = 1000


@pytest.fixture(scope="module")
def parts(issued, authority):
    return {
        "certificate": load_certificate(issued.certificate_pem),
        "key": load_key(issued.key_pem),
        "intermediate": authority.intermediate,
    }


@pytest.fixture(scope="module")
def splicer(parts):
    return cms.Splicer(cms.built(b"{}", **parts), parts["key"])


def test_spliced_bytes_equal_the_builders_for_the_same_second(splicer, parts):
    random, compared = Random(2026), 0
    for _ in range(ROUNDS):
        content = random.randbytes(random.randrange(4000))
        before = datetime.now(UTC).replace(microsecond=0)
        built = cms.built(content, **parts)
        if datetime.now(UTC).replace(microsecond=0) == before:
            assert splicer.sign(content, at=before) == built
            compared += 1
    assert compared > ROUNDS / 2


def test_the_signing_time_is_the_one_asked_for(splicer, at):
    asked = at + timedelta(days=90, seconds=5)
    found = verify(splicer.sign(b"x", at=asked), b"x", root_pem=None)
    assert found.signed_at == asked


def test_a_layout_that_is_not_known_is_refused(parts):
    with pytest.raises(ValueError, match="not found"):
        cms.Splicer(b"0\x03something else", parts["key"])


def test_a_signature_by_another_key_is_refused(parts, authority):
    with pytest.raises(ValueError, match="expected"):
        cms.Splicer(cms.built(b"{}", **parts), authority.root_key)
