"""The service account: loaded once, and a new key is noticed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from googlewallet import credentials, throwaway
from googlewallet.credentials import ServiceAccount, ServiceAccountFile
from googlewallet.errors import CredentialsError

Write = Callable[..., Path]


@pytest.fixture
def write(account_path: Path, tmp_path: Path) -> Write:
    """Writes a service-account file with the changes asked for, in one move."""
    path = tmp_path / "service-account.json"

    def write(**changes: object) -> Path:
        data = json.loads(account_path.read_bytes()) | changes
        new = tmp_path / "new.json"
        new.write_text(json.dumps({name: value for name, value in data.items() if value}))
        return new.replace(path)

    return write


@pytest.fixture
def count_parses(monkeypatch) -> list[bytes]:
    parsed: list[bytes] = []
    parse = credentials.load_pem_private_key

    def counted(pem: bytes, password: None):
        parsed.append(pem)
        return parse(pem, password)

    monkeypatch.setattr(credentials, "load_pem_private_key", counted)
    return parsed


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_an_account_says_who_it_is_and_hides_its_key(account_path: Path):
    account, data = ServiceAccount.load(account_path), json.loads(account_path.read_bytes())
    assert (account.email, account.key_id) == (data["client_email"], data["private_key_id"])
    assert (account.project_id, account.token_uri) == (data["project_id"], data["token_uri"])
    assert account.key.key_size == 2048
    assert "key=" not in repr(account)


def test_credentials_are_one_object_for_the_api_alone(account: ServiceAccount):
    made = account.credentials()
    assert made is account.credentials()
    assert made.scopes == ("https://www.googleapis.com/auth/wallet_object.issuer",)
    assert made.service_account_email == account.email
    assert made.signer.key_id == account.key_id


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"type": "authorized_user"}, "type"),
        ({"client_email": None}, "client_email"),
        ({"private_key_id": 7}, "private_key_id"),
        ({"project_id": None}, "project_id"),
        ({"private_key": None}, "private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n"}, "private_key"),
        ({"private_key": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "RSA"),
        ({"private_key": pem_of(rsa.generate_private_key(65537, 1024))}, "2048"),  # noqa: S505
        ({"token_uri": None}, "token_uri"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, "https"),
        ({"token_uri": "http://127.0.0.1.example.com/token"}, "https"),
        ({"token_uri": "https:///token"}, "https"),
        ({"token_uri": "http://[/token"}, "https"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_is_wrong_and_what_to_do(write, changes, wrong):
    path = write(**changes)
    with pytest.raises(CredentialsError, match=wrong) as caught:
        ServiceAccount.load(path)
    assert str(path) in str(caught.value)
    assert "Google Cloud console" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "account.json"
    path.write_bytes(content)
    with pytest.raises(CredentialsError):
        ServiceAccount.load(path)


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path):
    with pytest.raises(CredentialsError, match=r"gone\.json"):
        ServiceAccountFile(tmp_path / "gone.json")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_token_is_fetched_in_the_clear_from_this_machine_alone(write: Write, host: str):
    assert ServiceAccount.load(write(token_uri=f"http://{host}:1/token")).token_uri


def test_an_error_never_shows_the_key(write: Write):
    secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    with pytest.raises(CredentialsError) as caught:
        ServiceAccount.load(write(private_key=secret))
    assert "c2VjcmV0" not in str(caught.value)


def test_the_key_is_parsed_once_however_often_it_is_asked_for(write: Write, count_parses):
    file = ServiceAccountFile(write())
    assert len({id(file.current()) for _ in range(1000)}) == 1
    assert len(count_parses) == 1


def test_a_new_key_is_taken_without_a_restart(write: Write, count_parses):
    file = ServiceAccountFile(write())
    write(private_key_id="second")
    assert file.current().key_id == "second"
    assert file.current() is file.current()
    assert len(count_parses) == 2


def test_a_broken_new_file_leaves_the_old_key_and_is_told_once(write: Write, caplog):
    path = write()
    file = ServiceAccountFile(path)
    kept = file.current()
    path.write_text("half of a fi")
    assert [file.current() for _ in range(3)] == [kept] * 3
    assert [record.getMessage() for record in caplog.records] == [
        f"google.service_account_not_taken: {path} is not JSON: make a new JSON key of the "
        "service account in the Google Cloud console."
    ]


def test_a_file_that_goes_and_comes_back_is_taken_again(write: Write, caplog):
    path = write()
    file = ServiceAccountFile(path)
    kept = file.current()
    path.unlink()
    assert file.current() is kept
    write(private_key_id="third")
    assert file.current().key_id == "third"
    assert "not_taken" in caplog.text


def test_a_change_is_noticed_though_size_and_time_stay(write: Write):
    path = write(private_key_id="one")
    file, found = ServiceAccountFile(path), path.stat()
    write(private_key_id="two")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_size == found.st_size
    assert file.current().key_id == "two"


def test_a_real_account_is_not_taken_for_a_throw_away_one(write: Write, account: ServiceAccount):
    real = ServiceAccount.load(write(client_email="wallet@project.iam.gserviceaccount.com"))
    assert throwaway.is_throwaway(account)
    assert not throwaway.is_throwaway(real)


@pytest.mark.parametrize("name", ["client_email", "private_key_id", "project_id", "token_uri"])
def test_half_a_character_is_refused_where_the_file_is_read(write: Write, name: str):
    value = json.loads(write().read_bytes())[name] + "\ud800"
    with pytest.raises(CredentialsError, match=name):
        ServiceAccount.load(write(**{name: value}))
