"""The throw-away account of tests and the sandbox."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.oauth2.service_account import Credentials

from googlewallet import throwaway
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import CredentialsError
from googlewallet.throwaway import IssuerKeys

TOKEN_URI = "http://127.0.0.1:1/token"


def test_google_auth_itself_reads_the_file(account_path: Path):
    made = Credentials.from_service_account_file(str(account_path))
    assert made.service_account_email == throwaway.EMAIL


def test_the_key_is_for_its_owner_only(account_path: Path):
    assert stat.S_IMODE(account_path.stat().st_mode) == 0o600


def test_a_key_is_kept_and_its_token_uri_follows(account_path: Path, tmp_path: Path):
    kept = json.loads(account_path.read_bytes())
    path = tmp_path / account_path.name
    path.write_text(json.dumps(kept))
    assert throwaway.load_or_create(tmp_path, token_uri=TOKEN_URI) == path
    assert json.loads(path.read_bytes()) == kept | {"token_uri": TOKEN_URI}
    before = path.stat()
    throwaway.load_or_create(tmp_path, token_uri=TOKEN_URI)
    assert path.stat().st_ino == before.st_ino
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_processes_that_start_together_share_one_key(tmp_path: Path):
    with ThreadPoolExecutor(3) as pool:
        accounts = pool.map(
            lambda _: ServiceAccount.load(throwaway.load_or_create(tmp_path, token_uri=TOKEN_URI)),
            range(3),
        )
        assert len({account.key_id for account in accounts}) == 1
    assert len([*tmp_path.iterdir()]) == 1


def test_a_real_account_in_the_folder_is_left_alone(account_path: Path, tmp_path: Path):
    real = json.loads(account_path.read_bytes()) | {"client_email": "a@b.iam.gserviceaccount.com"}
    path = tmp_path / account_path.name
    path.write_text(json.dumps(real))
    with pytest.raises(CredentialsError, match="no throw-away account"):
        throwaway.load_or_create(tmp_path, token_uri=TOKEN_URI)
    assert json.loads(path.read_bytes()) == real


def test_a_damaged_file_is_told(tmp_path: Path):
    (tmp_path / "service-account.json").write_text("{")
    with pytest.raises(CredentialsError, match="not JSON"):
        throwaway.load_or_create(tmp_path, token_uri=TOKEN_URI)


def test_the_issuer_id_looks_like_one_and_fits_int64():
    assert len(throwaway.ISSUER_ID) == 19
    assert int(throwaway.ISSUER_ID) < 2**63


def test_callback_keys_stay_what_they_are(tmp_path: Path):
    at = datetime(2026, 11, 22, tzinfo=UTC)
    made = IssuerKeys.load_or_create(tmp_path)
    assert IssuerKeys.load_or_create(tmp_path).public_json(at=at) == made.public_json(at=at)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["{", "[]", '{"root": 1}', '{"root": "", "intermediate": ""}'])
def test_damaged_callback_keys_are_told(tmp_path: Path, content: str):
    (tmp_path / "callback-keys.json").write_text(content)
    with pytest.raises(CredentialsError, match="damaged"):
        IssuerKeys.load_or_create(tmp_path)


def test_the_published_keys_say_when_they_end():
    at = datetime(2026, 11, 22, tzinfo=UTC)
    (key,) = json.loads(IssuerKeys.create().public_json(at=at, valid=timedelta(days=1)))["keys"]
    assert key["protocolVersion"] == "ECv2SigningOnly"
    assert int(key["keyExpiration"]) == int((at + timedelta(days=1)).timestamp()) * 1000
