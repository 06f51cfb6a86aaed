"""The official badges of the wallets, where the operator has put their files.

Apple and Google let nobody draw one, change one or pass one on, so none comes with us: until the
file is there a page has a plain button. `templates/web/badges/README.md` says where to get them.
"""

from pathlib import Path

from flask import Flask

from server.config import TEMPLATES
from server.face import LANGUAGES
from server.web.languages import spoken

FOLDER = TEMPLATES / "web" / "badges"
NAMES = ("add_to_apple_wallet", "add_to_google_wallet", "view_in_google_wallet")
_OTHERWISE = "en"  # Google: English where there is none in the page's language


def init_app(app: Flask) -> None:
    """Let templates ask for a badge."""
    app.jinja_env.globals["badge_address"] = address


def address(name: str) -> str | None:
    """Where the badge `name` is served in the page's language, else in English.

    None when there is neither. The address changes with the file.
    """
    for language in (spoken(), _OTHERWISE):
        path = FOLDER / f"{name}.{language}.svg"
        if path.is_file():
            return f"/badges/{path.name}?v={path.stat().st_mtime_ns:x}"
    return None


def find(file_name: str) -> Path | None:
    """The file of a badge; None when it is not there, or no badge is called so."""
    path = FOLDER / file_name
    return path if file_name in _FILES and path.is_file() else None


def missing(names: tuple[str, ...] = NAMES) -> list[str]:
    """The files of the badges `names` that are not there, in every language of the pages."""
    return [f for name in names for f in _files(name) if not (FOLDER / f).is_file()]


def _files(name: str) -> list[str]:
    return [f"{name}.{language}.svg" for language in LANGUAGES]


_FILES = frozenset(file for name in NAMES for file in _files(name))
