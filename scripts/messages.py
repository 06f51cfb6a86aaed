"""Bring the catalogues up to date with the words in the pages and views.

Usage: python scripts/messages.py
New words come with an empty translation, which a test of the house refuses.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "server" / "locales"
LANGUAGES = {"fi": "Finnish", "sv": "Swedish"}

# The virtual phones speak English.
_METHODS = [
    ("server/web/**.py", "python"),
    ("templates/web/phones.html", "ignore"),
    ("templates/web/parts/android.html", "ignore"),
    ("templates/web/parts/phone_side.html", "ignore"),
    ("templates/web/**.html", "jinja2"),
]
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_KEYWORDS = {**DEFAULT_KEYWORDS, "later": None}


def collect() -> Catalog:
    """Every word that is marked for translation, with the files it stands in."""
    found = Catalog()
    for folder in ("server/web", "templates/web"):
        methods = [(pattern.removeprefix(f"{folder}/"), how) for pattern, how in _METHODS
                   if pattern.startswith(folder)]  # fmt: skip
        for name, _line, words, _comments, context in extract_from_dir(
            ROOT / folder, methods, keywords=_KEYWORDS
        ):
            found.add(words, locations=[(f"{folder}/{name}", 0)], context=context)
    return found


def path_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "messages.po"


def known(language: str) -> Catalog:
    """The catalogue as it is now, or an empty one."""
    if not path_of(language).is_file():
        header = f"# {LANGUAGES[language]} words of Leima's pages."
        return Catalog(language, header_comment=header, fuzzy=False)
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Add new words and drop those that are gone; translations stay."""
    catalogue = known(language)
    catalogue.update(collect(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    _name(catalogue)
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, include_lineno=False)


def _name(catalogue: Catalog) -> None:
    """A header that names no person and changes only with the words."""
    catalogue.project, catalogue.version = "Leima", "pages"
    catalogue.last_translator = catalogue.language_team = "Leima"
    catalogue.msgid_bugs_address = ""
    catalogue.creation_date = catalogue.revision_date = _NO_DATE


if __name__ == "__main__":
    for each in sys.argv[1:] or LANGUAGES:
        update(each)
