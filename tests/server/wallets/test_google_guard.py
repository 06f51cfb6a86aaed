"""Nothing goes live with an account that Google does not know."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from googlewallet.throwaway import load_or_create
from server import config
from server.errors import SettingsError
from server.wallets.google.guard import refuse_throwaway

URI = "https://oauth2.googleapis.com/token"


def settings(tmp_path: Path, file: Path | None) -> config.Settings:
    own = config.read({"LEIMA_DATA_DIR": str(tmp_path), "LEIMA_SECRET_KEY": "x" * 32})
    return replace(own, google_service_account_file=file)


def test_a_throwaway_account_is_refused(tmp_path: Path):
    file = load_or_create(tmp_path / "a", token_uri=URI)
    with pytest.raises(SettingsError, match="LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE"):
        refuse_throwaway(settings(tmp_path, file))


def test_a_file_that_cannot_be_used_is_named_with_its_setting(tmp_path: Path):
    file = tmp_path / "account.json"
    file.write_text("{}")
    with pytest.raises(SettingsError, match="LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE"):
        refuse_throwaway(settings(tmp_path, file))


def test_ones_own_account_or_none_is_fine(tmp_path: Path):
    file = load_or_create(tmp_path / "a", token_uri=URI)
    values = json.loads(file.read_bytes())
    file.write_text(json.dumps({**values, "client_email": "wallet@shop.example"}))
    refuse_throwaway(settings(tmp_path, file))
    refuse_throwaway(settings(tmp_path, None))
