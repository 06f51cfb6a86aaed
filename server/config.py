"""Settings: read once from the environment, checked, and then never again.

Every setting is a field of `Settings`; its description here is what docs/settings.md repeats.
An unknown `LEIMA_*` name refuses to start, so that a misspelt one is never silently ignored.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"

# name -> (may also come from <NAME>_FILE, what it is)
NAMES: dict[str, tuple[bool, str]] = {
    "LEIMA_HOST": (False, "address to listen on; default 127.0.0.1"),
    "LEIMA_PORT": (False, "port to listen on; default 8000"),
    "LEIMA_PUBLIC_URL": (False, "where phones reach the service: https://host, no path"),
    "LEIMA_DATA_DIR": (False, "folder for what the service makes itself; default ./var"),
    "LEIMA_DATABASE_URL": (
        True,
        "sqlite:///… or postgresql+psycopg://…; default SQLite in the folder",
    ),
    "LEIMA_SECRET_KEY": (True, "32 or more random characters: signs sessions, seals PINs"),
    "LEIMA_APPLE_CERTIFICATE_FILE": (False, "your pass type certificate, PEM or DER"),
    "LEIMA_APPLE_KEY_FILE": (False, "the private key of that certificate, PEM"),
    "LEIMA_APPLE_KEY_PASSWORD": (True, "the password of the key, when it has one"),
    "LEIMA_APPLE_WWDR_FILE": (False, "Apple's intermediate certificate; default G4, built in"),
    "LEIMA_APNS_URL": (False, "push service; default https://api.push.apple.com"),
    "LEIMA_APNS_CA_FILE": (False, "root certificates to trust for it; default the system's"),
    "LEIMA_PUSH_JOIN_SECONDS": (False, "changes within this time share one push; default 2"),
    "LEIMA_PUSH_RETRY_SECONDS": (False, "wait after Apple's 5xx answers; default 900"),
    "LEIMA_SANDBOX_FILE": (
        False,
        "what the front page offers to try; `leima run --sandbox` sets it",
    ),
    "LEIMA_SANDBOX_PORT": (False, "port of the sandbox's phones page; default 8001"),
    "LEIMA_SANDBOX_APNS_PORT": (False, "port of the sandbox's APNs stand-in; default 8443"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decided. Times in seconds, paths absolute."""

    host: str
    port: int
    public_url: str
    data_dir: Path
    database_url: str
    secret_key: str
    apple_certificate_file: Path | None
    apple_key_file: Path | None
    apple_key_password: str | None
    apple_wwdr_file: Path | None
    apns_url: str | None
    apns_ca_file: Path | None
    push_join_seconds: float
    push_retry_seconds: float
    sandbox_file: Path | None
    sandbox_port: int
    sandbox_apns_port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the public URL can be reached from this machine only."""
        return _is_loopback(self.public_url)

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
    return Settings(
        host=values.get("LEIMA_HOST", "127.0.0.1"),
        port=port,
        public_url=_public_url(values.get("LEIMA_PUBLIC_URL", f"http://127.0.0.1:{port}")),
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
    )


def child_environment(**changes: str) -> dict[str, str]:
    """The process's environment with `changes`, for a child process."""
    return {**os.environ, **changes}


def require_production(settings: Settings) -> None:
    """Refuse to go live on anything that is only fit for trying out.

    Raises:
        SettingsError: names what is missing and where it comes from.
    """
    missing = [
        name
        for name, value in (
            ("LEIMA_APPLE_CERTIFICATE_FILE", settings.apple_certificate_file),
            ("LEIMA_APPLE_KEY_FILE", settings.apple_key_file),
        )
        if value is None
    ]
    if missing:
        raise SettingsError(
            f"--production needs {' and '.join(missing)}: see certs.example/README.md"
        )
    if not settings.public_url.startswith("https://"):
        raise SettingsError(
            "--production needs LEIMA_PUBLIC_URL with https: phones refuse plain http"
        )
    own = settings.data_dir / "secret_key"
    if own.is_file() and own.read_text("utf-8").strip() == settings.secret_key:
        raise SettingsError(
            "--production needs a LEIMA_SECRET_KEY of your own (or LEIMA_SECRET_KEY_FILE): "
            "the one in the data folder was made for trying out"
        )


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
        except OSError as error:
            raise SettingsError(f"{name}_FILE: cannot read {path}: {error.strerror}") from error
    return given.get(name)


def _whole(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SettingsError(f"{name}={text!r} is not a port: give a whole number up to 65535")
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


def _file(values: Mapping[str, str], name: str) -> Path | None:
    if name not in values:
        return None
    path = Path(values[name]).absolute()
    if not path.is_file():
        raise SettingsError(f"{name}: there is no file {path}")
    return path


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _public_url(url: str) -> str:
    parts = urlsplit(url)
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
    if len(key) < 32:
        raise SettingsError("LEIMA_SECRET_KEY is too short: give at least 32 random characters")
    return key


def _own_secret_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text("utf-8").strip()
