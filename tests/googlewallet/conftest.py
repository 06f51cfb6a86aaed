"""A throw-away service account, and a server on this machine in Google's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from googlewallet import throwaway
from googlewallet.client import WalletClient
from googlewallet.credentials import ServiceAccount
from tests.googlewallet.local_google import LocalGoogle


@pytest.fixture(scope="session")
def account_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("account")
    return throwaway.load_or_create(folder, token_uri="http://127.0.0.1:9/token")


@pytest.fixture(scope="session")
def account(account_path: Path) -> ServiceAccount:
    return ServiceAccount.load(account_path)


@pytest.fixture
def google() -> Iterator[LocalGoogle]:
    with LocalGoogle().running() as google:
        yield google


@pytest.fixture
def local_account(google: LocalGoogle, account: ServiceAccount) -> ServiceAccount:
    """The account, with tokens from the server of the test."""
    return ServiceAccount(
        email=account.email,
        key_id=account.key_id,
        project_id=account.project_id,
        token_uri=google.token_uri,
        key=account.key,
    )


@pytest.fixture
def client(google: LocalGoogle, local_account: ServiceAccount) -> Iterator[WalletClient]:
    client = WalletClient(local_account, url=google.url, connect_seconds=5, read_seconds=5)
    yield client
    client.close()
