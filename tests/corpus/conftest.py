"""Certificates for the corpus, made once."""

from datetime import UTC, datetime

import pytest

from tests.corpus.draft import Issuer


def now() -> datetime:
    """By the machine's clock, which OpenSSL and whoever signs look at."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def at() -> datetime:
    """The moment of the test: a run of all tests is long, and signatures are of now."""
    return now()


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create(now())
