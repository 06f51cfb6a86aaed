"""The texts of a pass in several languages: `<locale>.lproj/pass.strings`.

A text of the pass that equals a key is shown in the phone's language; where nothing is translated,
the key itself is shown. So a key is the text in the language of whoever issues the pass, and
`choose_keys` keeps it apart from all that is to be shown as it stands.

Apple: Wallet Passes, Creating the Source for a Pass (localization); Bundle Programming Guide,
strings files.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import count

from passkit.errors import PackageError
from passkit.images import File

_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.I).fullmatch
_ESCAPES = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SKIPPED = re.compile(r"(?:\s+|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:U([0-9a-fA-F]{4})|(.))", re.DOTALL)


class Strings:
    """Translations of a pass, made ready once: `{"fi": {"Stamps": "Leimat"}, "sv": …}`.

    `files` are what is packed, in the order of the locales' names. Immutable, and safe to share
    between threads and passes.

    Raises PackageError for a locale that is none or is spelt in two ways, an empty key, keys that
    one language has and another lacks, a key with `%@` (the message about a change) whose text has
    none, and a text that cannot be written.
    """

    __slots__ = ("files", "keys")

    def __init__(self, locales: Mapping[str, Mapping[str, str]]) -> None:
        named = _by_locale(locales)
        self.keys = frozenset(key for entries in named.values() for key in entries)
        _check_keys(self.keys)
        _check_complete(named, self.keys)
        for locale, entries in named.items():
            _check_messages(locale, entries)
        self.files = tuple(
            File.of(f"{locale}.lproj/pass.strings", write_strings(entries, locale))
            for locale, entries in sorted(named.items())
        )


def locale_name(written: str) -> str:
    """The name of the folder: `fi`, `fi-FI`, `zh-Hans`, however it was written (`fi_FI`).

    Raises PackageError when it is no locale.
    """
    match = _LOCALE(written)
    if not match:
        raise PackageError(f"{written!r} is no locale: write it like fi, fi-FI or zh-Hans.")
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def choose_keys(wanted: Iterable[str], literals: Collection[str]) -> list[str]:
    """A key for each of the `wanted` texts: the text itself, as long as no other has it.

    What is in `literals`, such as a person's name, is shown as it stands in every language, so no
    key equals it. A text that is wanted twice is said in two ways by some language. Where the text
    is not free, the key counts on: `Coffee (2)`.
    """
    wanted = list(wanted)
    taken = {*literals, *wanted}
    keys: list[str] = []
    for text in wanted:
        is_free = text and text not in literals and text not in keys
        key = text if is_free else next(key for key in _counted(text) if key not in taken)
        taken.add(key)
        keys.append(key)
    return keys


def _counted(text: str) -> Iterable[str]:
    return (f"{text} ({number})".strip() for number in count(2))


def write_strings(entries: Mapping[str, str], locale: str = "") -> bytes:
    """One strings file: UTF-16 with a byte order mark, a line for each key, in order of keys.

    Raises PackageError when a text is half a character.
    """
    lines = (f'"{_escaped(key)}" = "{_escaped(text)}";\n' for key, text in sorted(entries.items()))
    try:
        return b"\xff\xfe" + "".join(lines).encode("utf-16-le")
    except UnicodeEncodeError as error:
        raise PackageError(
            f"A text of {locale or 'the strings'} holds half a character: write whole ones."
        ) from error


def read_strings(data: bytes) -> dict[str, str]:
    """The entries of a strings file: UTF-16 when it starts with the mark of it, UTF-8 else.

    Raises PackageError when it cannot be read to its end. Of a key that is there twice, the last.
    """
    return dict(string_lines(data))


def string_lines(data: bytes) -> list[tuple[str, str]]:
    """Every line of a strings file, read as `read_strings` does, keys that come twice as well."""
    encoding = "utf-16" if data[:2] in _UTF16_MARKS else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise PackageError(
            f"A strings file is neither UTF-16 nor UTF-8: {error.reason}."
        ) from error
    lines: list[tuple[str, str]] = []
    place = _after_space(text, 0)
    while place < len(text):
        match = _ENTRY.match(text, place)
        if not match:
            line = text.count("\n", 0, place) + 1
            raise PackageError(f'Line {line} of a strings file is not like "key" = "text";')
        lines.append((_unescaped(match[1]), _unescaped(match[2])))
        place = _after_space(text, match.end())
    return lines


def _after_space(text: str, place: int) -> int:
    match = _SKIPPED.match(text, place)
    return match.end() if match else place


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _unescaped(text: str) -> str:
    """The text itself; a character beyond U+FFFF may be in two escapes, `\\UD83D\\UDE00`."""
    halves = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _UNESCAPED.get(found[2], found[2]),
        text,
    )
    try:
        return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise PackageError(
            f"A strings file holds half a character in {text[:40]!r}: write both halves."
        ) from error


def _by_locale(locales: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    named: dict[str, Mapping[str, str]] = {}
    spelt: dict[str, str] = {}
    for written, entries in locales.items():
        name = locale_name(written)
        if name in spelt:
            raise PackageError(
                f"{spelt[name]!r} and {written!r} are the same locale: write {name!r} once."
            )
        named[name], spelt[name] = entries, written
    return named


def _check_keys(keys: Iterable[str]) -> None:
    if "" in keys:
        raise PackageError("A key is empty: an empty text of a pass cannot be translated.")


def _check_complete(named: Mapping[str, Mapping[str, str]], keys: frozenset[str]) -> None:
    lacking = {name: sorted(keys - entries.keys()) for name, entries in named.items()}
    if any(lacking.values()):
        told = "; ".join(
            f"{name} lacks {', '.join(each)}" for name, each in lacking.items() if each
        )
        raise PackageError(f"Every language has the same keys, but {told}.")


def _check_messages(locale: str, entries: Mapping[str, str]) -> None:
    for key, text in entries.items():
        if "%@" in key and "%@" not in text:
            raise PackageError(
                f"{locale} has no %@ in {key!r}, so no phone would show it: put %@ where the new"
                " value goes."
            )
