"""Putting a pass together: the constant part once, then a signed package for each member.

Apple: Wallet Passes, Building a Pass (manifest, signature and package); Distributing and Updating
a Pass (bundles of passes).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zlib import crc32

import msgspec

from passkit.content import Pass
from passkit.errors import PackageError, PassTypeMismatch, TeamMismatch
from passkit.images import File, Images, sha1
from passkit.signing import Signer
from passkit.strings import Strings

MIME_TYPE = "application/vnd.apple.pkpass"
BUNDLE_MIME_TYPE = "application/vnd.apple.pkpasses"
MAX_BUNDLE_PASSES = 10
MAX_BUNDLE_BYTES = 150 * 1000 * 1000

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


class _Identified(Protocol):
    @property
    def pass_type_identifier(self) -> str: ...

    @property
    def team_identifier(self) -> str: ...


class _Identity(msgspec.Struct, frozen=True):
    """What a pass.json says of whose pass it is."""

    pass_type_identifier: str = msgspec.field(name="passTypeIdentifier")
    team_identifier: str = msgspec.field(name="teamIdentifier")


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

    def close(self, count: int, entries: bytes = b"", directory: bytes = b"") -> bytes:
        """The whole file, with `entries` and `directory` before what was added here."""
        written = b"".join((directory, *self.directory))
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(written), self.size, 0)
        return b"".join((entries, *self.entries, written, end))


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
    count = template.count + len(files) + 3
    return archive.close(count, template.entries, template.directory)


def pack(files: Mapping[str, bytes], signer: Signer, *, at: datetime) -> bytes:
    """The .pkpass file of these very files (pass.json, images, strings), signed at `at`.

    For passes whose pass.json is somebody else's: nothing in it is checked here but what the
    certificate was issued for; `passkit.linting` judges the rest. The same files, certificate
    and second give the same bytes (with an RSA key). Raises PackageError when there is no
    pass.json, as the only name that has to be there, and as `build` for the certificate.
    """
    try:
        content = msgspec.json.decode(files["pass.json"], type=_Identity)
    except KeyError:
        raise PackageError("There is no pass.json: a pass starts with one.") from None
    except msgspec.DecodeError as error:
        raise PackageError(f"pass.json cannot be read: {error}.") from error
    _check_certificate(content, signer)
    listed = [File.of(name, data) for name, data in sorted(files.items())]
    manifest = msgspec.json.encode({file.name: file.sha1 for file in listed})
    return _zipped(
        [
            *listed,
            File.of("manifest.json", manifest),
            File.of("signature", signer.sign(manifest, at=at)),
        ]
    )


def bundle(passes: Sequence[bytes]) -> bytes:
    """A .pkpasses file (`BUNDLE_MIME_TYPE`) of 1 to 10 .pkpass files, in their order.

    Wallet adds them all at once. The same passes give the same bytes. Raises PackageError for
    none, for more than 10, for more than 150 MB together, and for what is no .pkpass file.
    """
    if not 1 <= len(passes) <= MAX_BUNDLE_PASSES:
        raise PackageError(
            f"A bundle has 1 to {MAX_BUNDLE_PASSES} passes, not {len(passes)}: make several."
        )
    for number, each in enumerate(passes, 1):
        if not each.startswith(_ENTRY):
            raise PackageError(f"Pass {number} of the bundle is no .pkpass file.")
    packed = _zipped(
        [File.of(f"pass-{number:02}.pkpass", each) for number, each in enumerate(passes, 1)]
    )
    if len(packed) > MAX_BUNDLE_BYTES:
        raise PackageError(f"The bundle has {len(packed)} bytes: {MAX_BUNDLE_BYTES} are allowed.")
    return packed


def _zipped(files: Sequence[File]) -> bytes:
    archive = _Archive()
    for file in files:
        archive.add(file.name, file.data, file.crc32)
    return archive.close(len(files))


def _manifest_lines(files: Iterable[File]) -> bytes:
    return "".join(f'"{file.name}":"{file.sha1}",' for file in files).encode()


def _check_certificate(pass_: _Identified, signer: Signer) -> None:
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
