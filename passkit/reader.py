"""Reading a pass as suspiciously as a phone does.

Apple: Wallet Passes, Building a Pass; Distributing and Updating a Pass (bundles). Everything
raises; nothing has to be asked afterwards. `passkit.linting` tells all that is wrong at once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NoReturn

from passkit.archive import unpack
from passkit.certificates import pass_type_identifier, team_identifier
from passkit.errors import CertificateError, ReaderError
from passkit.images import sha1
from passkit.package import MAX_BUNDLE_BYTES, MAX_BUNDLE_PASSES
from passkit.verification import Signature, verify

MAX_JSON_BYTES = 2 * 1024 * 1024  # read, it takes up to thirty times as much memory

_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII).fullmatch
_ROOT_FILES = ("pass.json", "manifest.json", "signature")
_UNLISTED = {"manifest.json", "signature"}
_REQUIRED = {
    "formatVersion": int,
    "passTypeIdentifier": str,
    "teamIdentifier": str,
    "serialNumber": str,
    "organizationName": str,
    "description": str,
}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A pass that has been verified: pass.json, every file by name, and who signed when."""

    content: dict[str, Any]
    files: Mapping[str, bytes]
    signature: Signature


def read(pkpass: bytes, *, root_pem: bytes | None, at: datetime | None = None) -> Opened:
    """The content of a .pkpass file, once its manifest and its signature have been verified.

    The certificates have to lead to `root_pem`, a root or the intermediate itself; without it
    anybody may have signed. With `at`, they have to be valid then and not only when the pass was
    signed. Raises ReaderError, which says by its `rule` what was broken.
    """
    files = unpack(pkpass)
    for fault in chain(missing_files(files), manifest_faults(files)):
        raise fault
    signature = verify(files["signature"], files["manifest.json"], root_pem=root_pem, at=at)
    content = json_object(files["pass.json"], "pass.json")
    _verify_content(content, signature)
    return Opened(content=content, files=files, signature=signature)


def read_bundle(pkpasses: bytes) -> list[bytes]:
    """The .pkpass files of a .pkpasses bundle, in their order; each is still to be read.

    Raises ReaderError for what is no safe zip file, holds anything but .pkpass files, more than
    10 of them, or more than 150 MB.
    """
    files = unpack(pkpasses, max_bytes=MAX_BUNDLE_BYTES)
    if not files or not all(name.endswith(".pkpass") for name in files):
        raise ReaderError("A bundle holds .pkpass files and nothing else.", rule="bundle-content")
    if len(files) > MAX_BUNDLE_PASSES:
        raise ReaderError(
            f"The bundle has {len(files)} passes: {MAX_BUNDLE_PASSES} are allowed.",
            rule="bundle-too-large",
        )
    return list(files.values())


def missing_files(files: Mapping[str, bytes]) -> Iterator[ReaderError]:
    """What every package has at its root and this one has not."""
    inside = {name.rpartition("/")[2] for name in files if name.count("/") == 1}
    for name in _ROOT_FILES:
        if name not in files:
            rule = "package-in-folder" if name in inside else f"{name.partition('.')[0]}-missing"
            yield ReaderError(f"The package has no {name} at its root.", rule=rule, path=name)


def manifest_faults(files: Mapping[str, bytes]) -> Iterator[ReaderError]:
    """Every way in which the manifest and the files of a package differ."""
    try:
        manifest = json_object(files["manifest.json"], "manifest.json")
    except ReaderError as error:
        yield error
        return
    present = files.keys() - _UNLISTED
    for name in sorted(present - manifest.keys()):
        message = f"manifest.json does not list {name}."
        yield ReaderError(message, rule="manifest-unlisted-file", path=name)
    for name in sorted(manifest.keys() - present):
        message = f"manifest.json lists files that are not there: {name}."
        yield ReaderError(message, rule="manifest-absent-file", path=name)
    for name in sorted(manifest.keys() & present):
        listed = manifest[name]
        if not isinstance(listed, str) or not _SHA1(listed):
            message = f"manifest.json has no lowercase hexadecimal SHA-1 for {name}."
            yield ReaderError(message, rule="manifest-sum-form", path=name)
        elif listed != sha1(files[name]):
            message = f"{name} is not the file that manifest.json lists."
            yield ReaderError(message, rule="manifest-wrong-sum", path=name)


def certificate_faults(
    content: Mapping[str, Any], signature_certificate: Any
) -> Iterator[ReaderError]:
    """How the pass and the certificate that signed it name different passes or teams."""
    try:
        pass_type = pass_type_identifier(signature_certificate)
        team = team_identifier(signature_certificate)
    except CertificateError as error:
        yield ReaderError(
            f"The signing certificate is not a pass certificate: {error}",
            rule="certificate-not-for-passes",
            path="signature",
        )
        return
    for key, certified, rule in (
        ("passTypeIdentifier", pass_type, "certificate-other-pass-type"),
        ("teamIdentifier", team, "certificate-other-team"),
    ):
        if content.get(key) != certified:
            yield ReaderError(
                f"pass.json has {key} {content.get(key)!r}, its certificate has {certified!r}.",
                rule=rule,
                path=key,
            )


def json_object(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object in a file of a package; ReaderError when it holds anything else.

    Refused as well: more than 2 MB, other encodings than UTF-8, a byte order mark, a key given
    twice, NaN.
    """
    rule = f"{name.partition('.')[0]}-not-json"
    if len(data) > MAX_JSON_BYTES:
        message = f"{name} has {len(data)} bytes: {MAX_JSON_BYTES} are allowed."
        raise ReaderError(message, rule="zip-too-large", path=name)
    if data.startswith(b"\xef\xbb\xbf"):
        raise ReaderError(
            f"{name} is not JSON in UTF-8: it starts with a byte order mark.",
            rule="byte-order-mark",
            path=name,
        )
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        message = f"{name} is not JSON in UTF-8: {error}."
        raise ReaderError(message, rule=rule, path=name) from error
    if not isinstance(value, dict):
        raise ReaderError(f"{name} is not a JSON object.", rule=rule, path=name)
    return value


def _verify_content(content: Mapping[str, Any], signature: Signature) -> None:
    for key, kind in _REQUIRED.items():
        if type(content.get(key)) is not kind:
            raise ReaderError(f"pass.json has no usable {key}.", rule="key-missing", path=key)
    for fault in certificate_faults(content, signature.certificate):
        raise fault


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
