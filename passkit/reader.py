"""Reading a pass as suspiciously as a phone does.

Apple: Wallet Passes, Building a Pass. Everything raises; nothing has to be asked afterwards.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from passkit.archive import unpack
from passkit.certificates import pass_type_identifier, team_identifier
from passkit.errors import CertificateError, ReaderError
from passkit.images import sha1
from passkit.verification import Signature, verify

_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII).fullmatch
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

    Without `root_pem` anybody may have signed it. With `at`, the certificates have to be valid
    then and not only when the pass was signed. Raises ReaderError.
    """
    files = unpack(pkpass)
    for name in ("pass.json", "manifest.json", "signature"):
        if name not in files:
            raise ReaderError(f"The package has no {name} at its root.")
    _verify_manifest(files)
    signature = verify(files["signature"], files["manifest.json"], root_pem=root_pem, at=at)
    content = _json_object(files["pass.json"], "pass.json")
    _verify_content(content, signature)
    return Opened(content=content, files=files, signature=signature)


def _verify_manifest(files: Mapping[str, bytes]) -> None:
    manifest = _json_object(files["manifest.json"], "manifest.json")
    present = files.keys() - _UNLISTED
    if unlisted := sorted(present - manifest.keys()):
        raise ReaderError(f"manifest.json does not list {', '.join(unlisted)}.")
    if absent := sorted(manifest.keys() - present):
        raise ReaderError(f"manifest.json lists files that are not there: {', '.join(absent)}.")
    for name, listed in manifest.items():
        if not isinstance(listed, str) or not _SHA1(listed):
            raise ReaderError(f"manifest.json has no lowercase hexadecimal SHA-1 for {name}.")
        if listed != sha1(files[name]):
            raise ReaderError(f"{name} is not the file that manifest.json lists.")


def _verify_content(content: Mapping[str, Any], signature: Signature) -> None:
    for key, kind in _REQUIRED.items():
        if type(content.get(key)) is not kind:
            raise ReaderError(f"pass.json has no usable {key}.")
    try:
        pass_type = pass_type_identifier(signature.certificate)
        team = team_identifier(signature.certificate)
    except CertificateError as error:
        raise ReaderError("The signing certificate is not a pass certificate.") from error
    for key, certified in (("passTypeIdentifier", pass_type), ("teamIdentifier", team)):
        if content[key] != certified:
            raise ReaderError(
                f"pass.json has {key} {content[key]!r}, its certificate has {certified!r}."
            )


def _json_object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise ReaderError(f"{name} is not JSON in UTF-8: {error}.") from error
    if not isinstance(value, dict):
        raise ReaderError(f"{name} is not a JSON object.")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
