"""Settings: read once from the environment, checked, and then never again.

Every setting is a field of `Settings`; its description here is what docs/settings.md repeats.
An unknown `LEIMA_*` name refuses to start, so that a misspelt one is never silently ignored.
"""

import ipaddress
import os
import secrets
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server import logs
from server.errors import SettingsError
from server.setting_names import NAMES

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
_KEY_LENGTH = 32
LOCALES = ROOT / "server" / "locales"

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decided. Times in seconds, paths absolute."""

    host: str
    port: int
    public_url: str
    data_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    apple_certificate_file: Path | None
    apple_key_file: Path | None
    apple_key_password: str | None = field(repr=False)
    apple_wwdr_file: Path | None
    apns_url: str | None
    apns_ca_file: Path | None
    push_join_seconds: float
    push_retry_seconds: float
    sandbox_file: Path | None
    sandbox_port: int
    sandbox_apns_port: int
    sandbox_clock_file: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    pass_cache_mb: int = 64
    devices_per_pass: int = 20
    rate_limit_factor: float = 1.0
    log_level: str = "info"
    log_format: str = "text"
    push_bulk_per_second: float = 500.0
    push_type: str = "background"
    push_priority: int = 5
    push_expiration_days: float = 1.0
    timeline_days: int = 30
    google_issuer_id: str | None = None
    google_service_account_file: Path | None = None
    google_api_url: str | None = None
    google_save_url: str | None = None
    google_keys_url: str | None = None
    google_per_second: float = 10.0
    google_notify_per_day: int = 3
    sandbox_google_port: int = 8002

    @property
    def is_loopback(self) -> bool:
        """Whether the public URL can be reached from this machine only."""
        return _is_loopback(self.public_url)

    @property
    def knows_its_front(self) -> bool:
        """Whether callers' addresses say something: no proxy that we do not know is in front."""
        return bool(self.is_loopback or self.tls_cert_file is not None or self.trusted_proxies)

    @property
    def allow_http(self) -> bool:
        """Passes may name an http service only where nobody else can listen: on loopback."""
        return self.is_loopback


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings out of `environment` (the process's own when None).

    Raises:
        SettingsError: an unknown name, an unreadable file or a wrong value.
    """
    given = dict(os.environ if environment is None else environment)
    _refuse_unknown(given)
    values = {name: value for name in NAMES if (value := _value(given, name))}
    data_dir = Path(values.get("LEIMA_DATA_DIR", "var")).absolute()
    port = _whole(values, "LEIMA_PORT", 8000)
    tls_cert_file, tls_key_file = _tls(values)
    scheme = "https" if tls_cert_file else "http"
    log_level, log_format = log_choice(given)
    public_url = _public_url(values.get("LEIMA_PUBLIC_URL", f"{scheme}://127.0.0.1:{port}"))
    return Settings(
        host=values.get("LEIMA_HOST", "127.0.0.1"),
        port=port,
        public_url=public_url,
        data_dir=data_dir,
        database_url=values.get("LEIMA_DATABASE_URL", f"sqlite:///{data_dir / 'leima.db'}"),
        secret_key=_secret_key(values, data_dir),
        apple_certificate_file=_file(values, "LEIMA_APPLE_CERTIFICATE_FILE"),
        apple_key_file=_file(values, "LEIMA_APPLE_KEY_FILE"),
        apple_key_password=values.get("LEIMA_APPLE_KEY_PASSWORD"),
        apple_wwdr_file=_file(values, "LEIMA_APPLE_WWDR_FILE"),
        apns_url=values.get("LEIMA_APNS_URL"),
        apns_ca_file=_file(values, "LEIMA_APNS_CA_FILE"),
        push_join_seconds=_seconds(values, "LEIMA_PUSH_JOIN_SECONDS", 2.0),
        push_retry_seconds=_seconds(values, "LEIMA_PUSH_RETRY_SECONDS", 900.0),
        sandbox_file=_file(values, "LEIMA_SANDBOX_FILE"),
        sandbox_port=_whole(values, "LEIMA_SANDBOX_PORT", 8001),
        sandbox_apns_port=_whole(values, "LEIMA_SANDBOX_APNS_PORT", 8443),
        sandbox_clock_file=_clock_file(values, public_url),
        tls_cert_file=tls_cert_file,
        tls_key_file=tls_key_file,
        trusted_proxies=_networks(values.get("LEIMA_TRUSTED_PROXIES", "")),
        metrics_token=_metrics_token(values),
        pass_cache_mb=_count(values, "LEIMA_PASS_CACHE_MB", 64, least=0),
        devices_per_pass=_count(values, "LEIMA_DEVICES_PER_PASS", 20, least=2),
        rate_limit_factor=_between(values, "LEIMA_RATE_LIMIT_FACTOR", 1, (0, 1000)),
        log_level=log_level,
        log_format=log_format,
        **_push_choices(values),
        timeline_days=_days(values, "LEIMA_TIMELINE_DAYS", 30),
        **_google(values, public_url),
        sandbox_google_port=_whole(values, "LEIMA_SANDBOX_GOOGLE_PORT", 8002),
    )


def log_choice(environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    """How much to log, and in which form: all that a process without settings needs.

    Raises:
        SettingsError: a level or a form that there is not.
    """
    given = os.environ if environment is None else environment
    level = given.get("LEIMA_LOG_LEVEL") or "info"
    form = given.get("LEIMA_LOG_FORMAT") or "text"
    _one_of("LEIMA_LOG_LEVEL", level.lower(), logs.LEVELS)
    _one_of("LEIMA_LOG_FORMAT", form.lower(), logs.FORMATS)
    return level.lower(), form.lower()


def child_environment(**changes: str) -> dict[str, str]:
    """The process's environment with `changes`, for a child process.

    The sandbox's parts say only what is wrong, unless the operator set the level.
    """
    return {"LEIMA_LOG_LEVEL": "warning", **os.environ, **changes}


def require_production(settings: Settings) -> None:
    """Refuse to go live on anything that is only fit for trying out.

    Raises:
        SettingsError: names what is missing and where it comes from.
    """
    if not settings.public_url.startswith("https://") or settings.is_loopback:
        raise SettingsError(
            "--production needs LEIMA_PUBLIC_URL with https and a name that phones can reach"
        )
    if settings.sandbox_file is not None:
        raise SettingsError("--production does not go with LEIMA_SANDBOX_FILE: it shows logins")
    if is_own_secret_key(settings):
        raise SettingsError(
            "--production needs a LEIMA_SECRET_KEY of your own (or LEIMA_SECRET_KEY_FILE): "
            "the one in the data folder was made for trying out"
        )


def make_data_dir(settings: Settings) -> None:
    """Make the folder for what the service makes itself, unless it is there.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"LEIMA_DATA_DIR: {settings.data_dir} cannot be made: {error.strerror}. Give a folder "
            "that is ours to write"
        ) from error


def is_own_secret_key(settings: Settings) -> bool:
    """Whether the secret key is the one that was made in the data folder, for trying out."""
    own = settings.data_dir / "secret_key"
    return own.is_file() and own.read_text("utf-8").strip() == settings.secret_key


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = set(NAMES) | {f"{name}_FILE" for name, (is_secret, _) in NAMES.items() if is_secret}
    unknown = sorted(name for name in given if name.startswith("LEIMA_") and name not in known)
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}: docs/settings.md lists the names"
        )


def _value(given: Mapping[str, str], name: str) -> str | None:
    if NAMES[name][0] and (path := given.get(f"{name}_FILE")):
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE: cannot read {path} as text: {error}") from error
    return given.get(name)


def _whole(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SettingsError(f"{name}={text!r} is not a port: give a whole number up to 65535")
    return int(text)


def _count(values: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = values.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= 1_000_000:
        raise SettingsError(f"{name}={text!r}: give a whole number from {least} to 1000000")
    return int(text)


def _seconds(values: Mapping[str, str], name: str, default: float) -> float:
    text = values.get(name, str(default))
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise SettingsError(f"{name}={text!r} is not a time: give seconds, such as 2 or 0.5")
    return seconds


def _push_choices(values: Mapping[str, str]) -> dict[str, Any]:
    """How to push: which headers, and how fast what nobody waits for."""
    push_type = values.get("LEIMA_PUSH_TYPE", "background")
    priority = values.get("LEIMA_PUSH_PRIORITY", "5")
    _one_of("LEIMA_PUSH_TYPE", push_type, ("background", "alert"))
    _one_of("LEIMA_PUSH_PRIORITY", priority, ("1", "5", "10"))
    return {
        "push_bulk_per_second": _between(values, "LEIMA_PUSH_BULK_PER_SECOND", 500, (0.1, 100_000)),
        "push_type": push_type,
        "push_priority": int(priority),
        "push_expiration_days": _between(values, "LEIMA_PUSH_EXPIRATION_DAYS", 1, (0, 30)),
    }


def _google(values: Mapping[str, str], public_url: str) -> dict[str, Any]:
    """Who we are to Google, and how fast it is told."""
    issuer_id = values.get("LEIMA_GOOGLE_ISSUER_ID")
    file = _file(values, "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE")
    if (issuer_id is None) != (file is None):
        raise SettingsError(
            "LEIMA_GOOGLE_ISSUER_ID and LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE come together: give "
            "both or none"
        )
    if issuer_id is not None and not (issuer_id.isascii() and issuer_id.isdigit()):
        raise SettingsError(
            f"LEIMA_GOOGLE_ISSUER_ID={issuer_id!r}: give the digits that the Google Pay & Wallet "
            "Console shows as Issuer ID"
        )
    urls = {
        f"google_{name}_url": _service_url(values, f"LEIMA_GOOGLE_{name.upper()}_URL", public_url)
        for name in ("api", "save", "keys")
    }
    return {
        "google_issuer_id": issuer_id,
        "google_service_account_file": file,
        **urls,
        "google_per_second": _between(values, "LEIMA_GOOGLE_PER_SECOND", 10, (0.1, 1000)),
        "google_notify_per_day": int(_between(values, "LEIMA_GOOGLE_NOTIFY_PER_DAY", 3, (0, 3))),
    }


def _service_url(values: Mapping[str, str], name: str, public_url: str) -> str | None:
    """An address of Google's, or of its stand-in: http only when all is on this machine."""
    url = values.get(name)
    if url is None:
        return None
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and _is_loopback(url) and _is_loopback(public_url)
    )
    if not is_safe or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{name}={url!r}: give an https address (http only on loopback)")
    return url.rstrip("/")


def _between(
    values: Mapping[str, str], name: str, default: float, limits: tuple[float, float]
) -> float:
    text = values.get(name, str(default))
    try:
        number = float(text)
    except ValueError:
        number = limits[0] - 1
    if not limits[0] <= number <= limits[1]:
        raise SettingsError(
            f"{name}={text!r}: give a number from {limits[0]:g} to {limits[1]:,.0f}"
        )
    return number


def _days(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 366:
        raise SettingsError(f"{name}={text!r} is not a number of days: give one from 1 to 366")
    return int(text)


def _file(values: Mapping[str, str], name: str) -> Path | None:
    if name not in values:
        return None
    path = Path(values[name]).absolute()
    if not path.is_file():
        raise SettingsError(f"{name}: there is no file {path}")
    return path


def _clock_file(values: Mapping[str, str], public_url: str) -> Path | None:
    path = _file(values, "LEIMA_SANDBOX_CLOCK_FILE")
    if path and not _is_loopback(public_url):
        raise SettingsError(
            "LEIMA_SANDBOX_CLOCK_FILE is for trials on this machine: leave it out, or leave "
            "LEIMA_PUBLIC_URL out"
        )
    return path


@cache
def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, and names may lead anywhere
        return False


def _public_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingsError(f"LEIMA_PUBLIC_URL={url!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError(f"LEIMA_PUBLIC_URL={url!r}: give scheme and host only: https://host")
    if parts.query or parts.fragment or parts.username:
        raise SettingsError(f"LEIMA_PUBLIC_URL={url!r}: give scheme and host only: https://host")
    if parts.scheme == "http" and not _is_loopback(url):
        raise SettingsError(f"LEIMA_PUBLIC_URL={url!r}: phones need https (http only on loopback)")
    return f"{parts.scheme}://{parts.netloc}"


def _secret_key(values: Mapping[str, str], data_dir: Path) -> str:
    key = values.get("LEIMA_SECRET_KEY")
    if key is None:
        return _own_secret_key(data_dir / "secret_key")
    if len(key) < _KEY_LENGTH:
        raise SettingsError("LEIMA_SECRET_KEY is too short: give at least 32 random characters")
    return key


def _own_secret_key(path: Path) -> str:
    """Made once, in one piece: of several processes that start together the first one wins."""
    try:
        if not path.exists():
            _make_secret_key(path)
        key = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"LEIMA_DATA_DIR: {path} can be neither read nor made: {error}. Give a folder that is "
            "ours to write"
        ) from error
    if len(key) < _KEY_LENGTH:
        raise SettingsError(f"{path} is damaged: remove it, and a new one is made")
    return key


def _make_secret_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by us alone
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    temporary = Path(name)
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f"{name}={value!r}: give one of {', '.join(choices)}")


def _metrics_token(values: Mapping[str, str]) -> str | None:
    token = values.get("LEIMA_METRICS_TOKEN")
    if token is not None and len(token) < 16:
        raise SettingsError("LEIMA_METRICS_TOKEN is too short: give at least 16 random characters")
    return token


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(
            f"LEIMA_TRUSTED_PROXIES: {error}: give addresses or networks, such as "
            "127.0.0.1,10.0.0.0/8"
        ) from error


def _tls(values: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    """The certificate and the key, tried together here rather than in the server's own words."""
    names = ("LEIMA_TLS_CERT_FILE", "LEIMA_TLS_KEY_FILE")
    certificate, key = (_file(values, name) for name in names)
    if certificate is None and key is None:
        return None, None
    if certificate is None or key is None:
        raise SettingsError(f"{' and '.join(names)} come together: give both or none")
    if values.get("LEIMA_PUBLIC_URL", "").startswith("http:"):
        raise SettingsError("LEIMA_PUBLIC_URL must be https when LEIMA_TLS_CERT_FILE is given")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=str)  # nobody is there to type one
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{' and '.join(names)} cannot be used: {error}. Give PEM files that belong "
            "together, the key without a password"
        ) from error
    return certificate, key
