"""The files of a pass as a designer keeps them in a folder."""

from pathlib import Path

from passkit.errors import PackageError
from passkit.strings import read_strings, write_strings

_SKIPPED = {"manifest.json", "signature"}
_STRINGS = "pass.strings"


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file to be packed by its name in the package; strings files as UTF-16.

    Left out are hidden files, all of hidden folders, and a manifest and signature of an earlier
    time. Links and other folders than `fi.lproj` are refused, since no package has them. Raises
    PackageError.
    """
    if not (folder / "pass.json").is_file():
        raise PackageError(f"There is no pass.json in {folder}: a pass starts with one.")
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        name = inside.as_posix()
        if any(part.startswith(".") for part in inside.parts) or name in _SKIPPED:
            continue
        if path.is_symlink() or (path.is_dir() and not _is_locale(path, folder)):
            raise PackageError(f"{name} is no file of a pass: keep files and .lproj folders only.")
        if path.is_file():
            data = path.read_bytes()
            found[name] = _strings(data, name) if path.name == _STRINGS else data
    return found


def _is_locale(path: Path, folder: Path) -> bool:
    return path.parent == folder and path.suffix == ".lproj"


def _strings(data: bytes, name: str) -> bytes:
    try:
        return write_strings(read_strings(data))
    except PackageError as error:
        raise PackageError(f"{name}: {error}") from error
