"""Settings: what is wrong refuses to start and says what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from passkit.throwaway import Authority
from server import config
from server.errors import SettingsError

SECRET = "a secret of the tests " * 2


def settings(tmp_path: Path, **given: str) -> config.Settings:
    return config.read({"LEIMA_DATA_DIR": str(tmp_path), **given})


def test_nothing_given_runs_on_this_machine(tmp_path):
    made = settings(tmp_path)
    assert (made.host, made.port, made.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert made.database_url == f"sqlite:///{tmp_path}/leima.db"
    assert made.allow_http


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match="LEIMA_DATA_DIR"):
        settings(tmp_path / "file" / "var")


def test_a_data_folder_that_cannot_be_made_stops_the_database_too(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    made = settings(tmp_path / "file" / "var", LEIMA_SECRET_KEY=SECRET)
    with pytest.raises(SettingsError, match=r"LEIMA_DATA_DIR.*Not a directory"):
        config.make_data_dir(made)


def test_the_public_url_follows_the_port(tmp_path):
    assert settings(tmp_path, LEIMA_PORT="8123").public_url == "http://127.0.0.1:8123"


def test_a_misspelt_name_refuses_to_start(tmp_path):
    with pytest.raises(SettingsError, match="LEIMA_PROT"):
        settings(tmp_path, LEIMA_PROT="8000")


@pytest.mark.parametrize(
    "url",
    [
        "http://cards.example.com",
        "https://cards.example.com/leima",
        "cards.example.com",
        "ftp://x",
        "https://x?y",
        "https://u@x",
        "",
    ],
)
def test_a_public_url_that_phones_cannot_use_refuses_to_start(tmp_path, url):
    if url == "":
        assert settings(tmp_path, LEIMA_PUBLIC_URL=url).is_loopback
        return
    with pytest.raises(SettingsError, match="LEIMA_PUBLIC_URL"):
        settings(tmp_path, LEIMA_PUBLIC_URL=url)


def test_a_trailing_slash_of_the_public_url_is_dropped(tmp_path):
    made = settings(tmp_path, LEIMA_PUBLIC_URL="https://cards.example.com/")
    assert made.public_url == "https://cards.example.com"
    assert not made.allow_http


@pytest.mark.parametrize("name", ["LEIMA_PORT", "LEIMA_SANDBOX_PORT"])
@pytest.mark.parametrize("port", ["http", "-1", "65536", "8 000"])
def test_a_port_that_is_none_refuses_to_start(tmp_path, name, port):
    with pytest.raises(SettingsError, match=name):
        settings(tmp_path, **{name: port})


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "inf"])
def test_a_time_that_is_none_refuses_to_start(tmp_path, seconds):
    with pytest.raises(SettingsError, match="LEIMA_PUSH_RETRY_SECONDS"):
        settings(tmp_path, LEIMA_PUSH_RETRY_SECONDS=seconds)


@pytest.mark.parametrize("factor", ["-1", "x", "nan", "1001", "inf"])
def test_a_factor_that_is_none_refuses_to_start(tmp_path, factor):
    with pytest.raises(SettingsError, match="LEIMA_RATE_LIMIT_FACTOR"):
        settings(tmp_path, LEIMA_RATE_LIMIT_FACTOR=factor)


def test_the_rate_limits_are_on_unless_they_are_turned_off(tmp_path):
    assert settings(tmp_path).rate_limit_factor == 1
    assert settings(tmp_path, LEIMA_RATE_LIMIT_FACTOR="0").rate_limit_factor == 0


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text(f"{SECRET}\n")
    made = settings(tmp_path, LEIMA_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert made.secret_key == SECRET.strip()


def test_a_secret_file_that_cannot_be_read_refuses_to_start(tmp_path):
    with pytest.raises(SettingsError, match="LEIMA_SECRET_KEY_FILE"):
        settings(tmp_path, LEIMA_SECRET_KEY_FILE=str(tmp_path / "nowhere"))


def test_a_short_secret_refuses_to_start(tmp_path):
    with pytest.raises(SettingsError, match="32"):
        settings(tmp_path, LEIMA_SECRET_KEY="short")


def test_a_secret_is_made_once_and_only_for_the_owner(tmp_path):
    first, second = settings(tmp_path), settings(tmp_path)
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_missing_certificate_file_refuses_to_start(tmp_path):
    with pytest.raises(SettingsError, match="LEIMA_APPLE_CERTIFICATE_FILE"):
        settings(tmp_path, LEIMA_APPLE_CERTIFICATE_FILE=str(tmp_path / "nowhere"))


def production(tmp_path: Path, **given: str) -> config.Settings:
    (tmp_path / "pass.pem").write_text("only its being there counts here")
    file = str(tmp_path / "pass.pem")
    names = {"LEIMA_APPLE_CERTIFICATE_FILE": file, "LEIMA_APPLE_KEY_FILE": file}
    return settings(tmp_path, **names, **given)


def test_production_wants_https(tmp_path):
    with pytest.raises(SettingsError, match="https"):
        config.require_production(production(tmp_path, LEIMA_SECRET_KEY=SECRET))


def test_production_wants_a_secret_of_ones_own(tmp_path):
    with pytest.raises(SettingsError, match="LEIMA_SECRET_KEY"):
        config.require_production(production(tmp_path, LEIMA_PUBLIC_URL="https://x.example"))


def test_production_is_content_with_the_operators_own(tmp_path):
    config.require_production(
        production(tmp_path, LEIMA_PUBLIC_URL="https://x.example", LEIMA_SECRET_KEY=SECRET)
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEIMA_LOG_LEVEL", "loud"),
        ("LEIMA_LOG_FORMAT", "xml"),
        ("LEIMA_METRICS_TOKEN", "short"),
        ("LEIMA_TRUSTED_PROXIES", "2"),
        ("LEIMA_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("LEIMA_TRUSTED_PROXIES", "proxy.example.com"),
    ],
)
def test_a_value_that_means_nothing_refuses_to_start(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name):
        settings(tmp_path, **{name: value})


@pytest.fixture
def https(tmp_path) -> dict[str, str]:
    """Settings for https of one's own."""
    at = datetime.now(UTC)
    issued = Authority.create(at=at).issue_server_certificate(["127.0.0.1"], at=at)
    (tmp_path / "tls.pem").write_bytes(issued.certificate_pem)
    (tmp_path / "tls.key").write_bytes(issued.key_pem)
    return {
        "LEIMA_TLS_CERT_FILE": str(tmp_path / "tls.pem"),
        "LEIMA_TLS_KEY_FILE": str(tmp_path / "tls.key"),
    }


def test_who_serves_https_has_an_https_address(tmp_path, https):
    assert settings(tmp_path, **https).public_url == "https://127.0.0.1:8000"
    with pytest.raises(SettingsError, match="LEIMA_PUBLIC_URL"):
        settings(tmp_path, **https, LEIMA_PUBLIC_URL="http://127.0.0.1:8000")


def test_a_certificate_without_its_key_refuses_to_start(tmp_path, https):
    del https["LEIMA_TLS_KEY_FILE"]
    with pytest.raises(SettingsError, match="come together"):
        settings(tmp_path, **https)


@pytest.mark.parametrize("kind", ["another", "locked", "no key"])
def test_a_key_that_does_not_open_the_certificate_refuses_to_start(tmp_path, https, kind):
    key = ec.generate_private_key(ec.SECP256R1())
    lock = BestAvailableEncryption(b"x") if kind == "locked" else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    (tmp_path / "tls.key").write_bytes(b"no key" if kind == "no key" else pem)
    with pytest.raises(SettingsError, match="belong together"):
        settings(tmp_path, **https)


def test_no_secret_is_in_the_representation(tmp_path):
    made = settings(tmp_path, LEIMA_SECRET_KEY=SECRET, LEIMA_METRICS_TOKEN="metrics-" * 3)
    assert SECRET not in repr(made)
    assert "metrics-metrics" not in repr(made)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEIMA_PUSH_BULK_PER_SECOND", "0"),
        ("LEIMA_PUSH_BULK_PER_SECOND", "many"),
        ("LEIMA_PUSH_TYPE", "loud"),
        ("LEIMA_PUSH_PRIORITY", "7"),
        ("LEIMA_PUSH_EXPIRATION_DAYS", "31"),
        ("LEIMA_PUSH_EXPIRATION_DAYS", "nan"),
    ],
)
def test_a_push_that_apple_would_refuse_refuses_to_start(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name):
        settings(tmp_path, **{name: value})


def test_how_to_push_can_be_chosen(tmp_path):
    made = settings(tmp_path, LEIMA_PUSH_PRIORITY="10", LEIMA_PUSH_EXPIRATION_DAYS="7")
    assert (made.push_type, made.push_priority, made.push_expiration_days) == ("background", 10, 7)


def test_a_clock_that_may_jump_is_for_this_machine_only(tmp_path):
    file = tmp_path / "clock"
    file.write_text("0", "utf-8")
    given = {"LEIMA_SANDBOX_CLOCK_FILE": str(file)}
    assert settings(tmp_path, **given).sandbox_clock_file == file
    with pytest.raises(SettingsError, match="LEIMA_SANDBOX_CLOCK_FILE"):
        settings(tmp_path, LEIMA_PUBLIC_URL="https://cards.example.com", **given)


@pytest.mark.parametrize("days", ["0", "367", "-1", "1.5", "x", "٣"])
def test_timelines_are_kept_for_a_number_of_days(tmp_path, days):
    assert settings(tmp_path).timeline_days == 30
    assert settings(tmp_path, LEIMA_TIMELINE_DAYS="366").timeline_days == 366
    with pytest.raises(SettingsError, match="LEIMA_TIMELINE_DAYS"):
        settings(tmp_path, LEIMA_TIMELINE_DAYS=days)
