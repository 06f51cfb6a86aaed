"""Opening a zip file that a stranger may have made."""

import re
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from passkit.errors import ReaderError

MAX_FILES = 500
MAX_BYTES = 64 * 1024 * 1024
MAX_RATIO = 200

_SAFE_NAME = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[^\\/\0]([^\\\0]*[^\\/\0])?", re.DOTALL).fullmatch
_REGULAR = 0o100000
_LOCKED = 1  # the bit of an encrypted entry
_METHODS = {ZIP_STORED, ZIP_DEFLATED}
_DAMAGE = (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error)
_DIRECTORY_LINE = b"PK\x01\x02"
_END, _END_SIZE = b"PK\x05\x06", 22  # without a comment
_STREAMED = 1 << 3  # the bit of an entry whose sizes follow its data
_NOTHING: tuple[int, ...] = (0,)
_TRAILERS: tuple[int, ...] = (0, 12, 16, 20, 24)  # bytes that such sizes may take
_MAX_LINES = 20_000  # zipfile reads the whole directory before any of it can be counted


def unpack(data: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, bytes]:
    """The files of a zip archive by name, within limits on number, size and compression.

    Folders of their own are passed over, as `zip -r` writes them. Nothing is written to a disk,
    and no entry is unpacked beyond the size that it declares.

    Raises ReaderError for a damaged or locked archive, another compression than deflate, a name
    that leads elsewhere, a name given twice, a link, more than 500 files, `max_bytes` (64 MB),
    or a file that grows 200 times.
    """
    if len(data) > max_bytes or data.count(_DIRECTORY_LINE) > _MAX_LINES:
        raise ReaderError(f"The package is larger than {max_bytes} bytes.", rule="zip-too-large")
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not _is_folder(each)]
            _check_entries(entries, max_bytes)
            return {entry.filename: _content(archive, entry) for entry in entries}
    except _DAMAGE as error:
        raise ReaderError(f"This is not a whole zip file: {error}.", rule="zip-damaged") from error


def folders(data: bytes) -> list[str]:
    """The folders that have an entry of their own in a zip file that `unpack` takes."""
    with ZipFile(BytesIO(data)) as archive:
        return [each.filename for each in archive.infolist() if _is_folder(each)]


def first_stray_byte(data: bytes) -> int | None:
    """Where bytes are that belong to no file, in a zip file that `unpack` takes; None if nowhere.

    Readers that go through the file from its start take an entry that the directory does not list.
    """
    with ZipFile(BytesIO(data)) as archive:
        end, may_follow = 0, _NOTHING
        for entry in sorted(archive.infolist(), key=lambda each: each.header_offset):
            if entry.header_offset - end not in may_follow:
                return end
            lengths = data[entry.header_offset + 26 : entry.header_offset + 30]
            name, extra = lengths[:2], lengths[2:]
            inner = int.from_bytes(name, "little") + int.from_bytes(extra, "little")
            end = entry.header_offset + 30 + inner + entry.compress_size
            may_follow = _TRAILERS if entry.flag_bits & _STREAMED else _NOTHING
        if archive.start_dir - end not in may_follow:
            return end
        last = len(data) - _END_SIZE - len(archive.comment)
    return None if data[max(last, 0) :].startswith(_END) else last + _END_SIZE


def _content(archive: ZipFile, entry: ZipInfo) -> bytes:
    # Asked for a size, zipfile unpacks no further, whatever the stream would grow to.
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise BadZipFile(f"{entry.filename!r} is cut short")
    return content


def _check_entries(entries: list[ZipInfo], max_bytes: int) -> None:
    if len(entries) > MAX_FILES:
        raise ReaderError(
            f"The package has {len(entries)} files: {MAX_FILES} are allowed.", rule="zip-too-large"
        )
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise ReaderError(
            f"The package unpacks to more than {max_bytes} bytes.", rule="zip-too-large"
        )
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if not _SAFE_NAME(name) or _is_special(entry):
            raise ReaderError(
                f"The package has an unsafe entry {name!r}: only plain files may be.",
                rule="zip-unsafe-entry",
            )
        if name.casefold() in seen:
            raise ReaderError(f"The package has {name!r} twice.", rule="zip-duplicate-name")
        seen.add(name.casefold())
        _check_packing(entry, name)


def _check_packing(entry: ZipInfo, name: str) -> None:
    if entry.flag_bits & _LOCKED:
        raise ReaderError(f"{name!r} is locked with a password.", rule="zip-encrypted")
    if entry.compress_type not in _METHODS:
        raise ReaderError(
            f"{name!r} is compressed in an unusual way ({entry.compress_type}).",
            rule="zip-compression",
        )
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ReaderError(f"{name!r} grows too much when it is unpacked.", rule="zip-too-large")


def _is_folder(entry: ZipInfo) -> bool:
    name = entry.orig_filename
    return name.endswith("/") and not entry.file_size and bool(_SAFE_NAME(name[:-1]))


def _is_special(entry: ZipInfo) -> bool:
    kind = entry.external_attr >> 16 & 0o170000
    return kind not in (0, _REGULAR)
