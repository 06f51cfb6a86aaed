"""Putting a pass together: the constant part once, then a signed package for each member.

Apple: Wallet Passes, Building a Pass (manifest, signature and package).
"""

import struct
from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from passkit.content import Pass
from passkit.errors import PackageError, PassTypeMismatch, TeamMismatch
from passkit.images import File, Images, sha1
from passkit.signing import Signer
from passkit.strings import Strings

MIME_TYPE = "application/vnd.apple.pkpass"

_MAX_CONSTANT_BYTES = 32 * 1024 * 1024

# Stored entries of a zip file: no compression, sizes known beforehand, always the same date.
# An entry and its line in the directory have the middle in common.
_ENTRY = b"PK\x03\x04"
_DIRECTORY = b"PK\x01\x02\x14\x03"  # made by version 2.0 on Unix
_MIDDLE = struct.Struct("<5H3I2H")
_REST = struct.Struct("<3H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_DATE = 1 << 5 | 1  # 1 January 1980
_PLAIN_FILE = 0o100644 << 16


class Template:
    """What all passes of one design have in common, made ready once.

    `strings` are translations that are the same in each of these passes; those that depend on
    the pass are given to `build`. Immutable, and safe to share between threads. Raises
    PackageError for more than 32 MB.
    """

    def __init__(self, images: Images, strings: Strings | None = None) -> None:
        files = [*images, *(strings.files if strings else ())]
        self.has_strings = strings is not None
        self.manifest_start = b"{" + _manifest_lines(files)
        archive = _Archive()
        for file in files:
            archive.add(file.name, file.data, file.crc32)
        self.entries, self.directory = b"".join(archive.entries), b"".join(archive.directory)
        self.count, self.size = len(files), archive.size
        if self.size > _MAX_CONSTANT_BYTES:
            raise PackageError(
                f"The images and strings have {self.size} bytes: keep them below"
                f" {_MAX_CONSTANT_BYTES}."
            )


class _Archive:
    """The two halves of a zip file, entries and directory, growing side by side."""

    def __init__(self, size: int = 0) -> None:
        self.entries: list[bytes] = []
        self.directory: list[bytes] = []
        self.size = size

    def add(self, path: str, data: bytes, crc: int) -> None:
        name, size = path.encode(), len(data)
        middle = _MIDDLE.pack(_VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0)
        rest = _REST.pack(0, 0, 0, _PLAIN_FILE, self.size)
        self.directory += (_DIRECTORY, middle, rest, name)
        self.entries += (_ENTRY, middle, name, data)
        self.size += len(_ENTRY) + len(middle) + len(name) + size


def build(
    pass_: Pass,
    template: Template,
    signer: Signer,
    *,
    at: datetime,
    strings: Strings | None = None,
) -> bytes:
    """The .pkpass file, signed at `at`; `strings` are the translations of this very pass.

    The same pass, template, strings, certificate and second give the same bytes (with an RSA
    key). Make `strings` once for all passes that say the same: they are packed as they are.
    Raises PassTypeMismatch or TeamMismatch when the certificate is for other passes,
    CertificateExpired, CertificateNotYetValid or IntermediateExpired as `Signer.check`, and
    PackageError when the template has strings as well.
    """
    _check_certificate(pass_, signer)
    files = strings.files if strings else ()
    if files and template.has_strings:
        raise PackageError("The template has strings of its own: give strings to one of the two.")
    content = pass_.to_json()
    manifest = b'%b%b"pass.json":"%b"}' % (
        template.manifest_start,
        _manifest_lines(files),
        sha1(content).encode(),
    )
    signature = signer.sign(manifest, at=at)
    archive = _Archive(template.size)
    for file in files:
        archive.add(file.name, file.data, file.crc32)
    archive.add("pass.json", content, crc32(content))
    archive.add("manifest.json", manifest, crc32(manifest))
    archive.add("signature", signature, crc32(signature))
    directory = b"".join((template.directory, *archive.directory))
    count = template.count + len(files) + 3
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), archive.size, 0)
    return b"".join((template.entries, *archive.entries, directory, end))


def _manifest_lines(files: Iterable[File]) -> bytes:
    return "".join(f'"{file.name}":"{file.sha1}",' for file in files).encode()


def _check_certificate(pass_: Pass, signer: Signer) -> None:
    if pass_.pass_type_identifier != signer.pass_type_identifier:
        raise PassTypeMismatch(
            f"The pass says {pass_.pass_type_identifier!r}, but the certificate was issued for"
            f" {signer.pass_type_identifier!r}: make them equal."
        )
    if pass_.team_identifier != signer.team_identifier:
        raise TeamMismatch(
            f"The pass says team {pass_.team_identifier!r}, but the certificate was issued to"
            f" {signer.team_identifier!r}: make them equal."
        )
