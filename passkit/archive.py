"""Opening a zip file that a stranger may have made."""

import re
import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from passkit.errors import ReaderError

MAX_FILES = 500
MAX_BYTES = 64 * 1024 * 1024
MAX_RATIO = 200

_SAFE_NAME = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[^\\/\0]([^\\\0]*[^\\/\0])?", re.DOTALL).fullmatch
_REGULAR = 0o100000
_DAMAGE = (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a zip archive by name, within limits on number, size and compression.

    Raises ReaderError for a damaged or locked archive, a name that leads elsewhere, a name given
    twice, a directory, a link, more than 500 files, 64 MB, or a file that grows 200 times.
    """
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            return {entry.filename: archive.read(entry) for entry in entries}
    except _DAMAGE as error:
        raise ReaderError(f"This is not a whole zip file: {error}.") from error


def _check_entries(entries: list[ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        raise ReaderError(f"The package has {len(entries)} files: {MAX_FILES} are allowed.")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise ReaderError(f"The package unpacks to more than {MAX_BYTES} bytes.")
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if not _SAFE_NAME(name) or _is_special(entry):
            raise ReaderError(f"The package has an unsafe entry {name!r}: only plain files may be.")
        if name.casefold() in seen:
            raise ReaderError(f"The package has {name!r} twice.")
        seen.add(name.casefold())
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise ReaderError(f"{name!r} grows too much when it is unpacked.")


def _is_special(entry: ZipInfo) -> bool:
    kind = entry.external_attr >> 16 & 0o170000
    return entry.is_dir() or kind not in (0, _REGULAR)
