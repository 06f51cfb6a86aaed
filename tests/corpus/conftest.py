"""Certificates for the corpus, made once."""

from datetime import UTC, datetime

import pytest

from tests.corpus.draft import Issuer


@pytest.fixture(scope="session")
def at() -> datetime:
    """Now, since OpenSSL looks at the machine's clock."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def issuer(at: datetime) -> Issuer:
    return Issuer.create(at)
