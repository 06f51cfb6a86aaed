"""The strings files of a package.

Apple: Wallet Passes, Creating the Source for a Pass (localization).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from passkit.errors import PackageError
from passkit.linting.findings import Findings, found
from passkit.linting.values import shown
from passkit.strings import locale_name, string_lines

_FILE = "pass.strings"
_MAX_BYTES = 1024 * 1024
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def translations(files: Mapping[str, bytes], written: Mapping[str, Any]) -> Findings:
    """All that is wrong with locales and their strings."""
    yield from _folders(files)
    read: dict[str, dict[str, str]] = {}
    for name, data in sorted(files.items()):
        if not name.endswith(f".lproj/{_FILE}"):
            continue
        if len(data) > _MAX_BYTES:
            detail = f"It has {len(data)} bytes: {_MAX_BYTES} are more than enough."
            yield found("strings-damaged", name, detail)
            continue
        try:
            lines = string_lines(data)
        except PackageError as error:
            yield found("strings-damaged", name, str(error))
            continue
        read[name] = dict(lines)
        yield from _lines(name, lines)
        if not data.startswith(_UTF16_MARKS) and not data.isascii():
            yield found("strings-encoding", name)
    yield from _differences(read)
    for name, entries in read.items():
        yield from _messages(name, entries, written)


def _lines(name: str, lines: Sequence[tuple[str, str]]) -> Findings:
    if not lines:
        yield found("strings-empty", name)
    counts = Counter(key for key, _ in lines)
    if twice := nsmallest(5, (key for key, count in counts.items() if count > 1)):
        detail = f"These come twice: {', '.join(map(shown, twice))}."
        yield found("strings-key-twice", name, detail)


def _folders(files: Mapping[str, bytes]) -> Findings:
    for folder in sorted({name.partition("/")[0] for name in files if ".lproj/" in name}):
        language = folder.removesuffix(".lproj")
        try:
            wanted = locale_name(language)
        except PackageError as error:
            yield found("locale-name", folder, str(error))
            continue
        if language != wanted:
            yield found("locale-name", folder, f"Wallet looks for {wanted}.lproj.")


def _differences(read: Mapping[str, Mapping[str, str]]) -> Findings:
    keys = {key for entries in read.values() for key in entries}
    for name, entries in read.items():
        if missing := nsmallest(5, keys - entries.keys()):
            detail = f"It lacks {', '.join(shown(key) for key in missing)}."
            yield found("strings-keys-differ", name, detail)


def _messages(name: str, entries: Mapping[str, str], written: Mapping[str, Any]) -> Findings:
    for message in sorted(set(_change_messages(written))):
        if message in entries and "%@" in message and "%@" not in entries[message]:
            detail = f"{shown(entries[message])} has no %@."
            yield found("strings-change-message", name, detail)


def _change_messages(written: Mapping[str, Any]) -> Iterable[str]:
    for style in written.values():
        groups = style.values() if isinstance(style, dict) else ()
        for fields in groups:
            for each in fields if isinstance(fields, list) else ():
                message = each.get("changeMessage") if isinstance(each, dict) else None
                if isinstance(message, str):
                    yield message
