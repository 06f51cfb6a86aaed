"""A whole package, looked through from the zip file to the last field.

Apple: Wallet Passes, Building a Pass.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from passkit import reader, verification
from passkit.archive import first_stray_byte, folders, unpack
from passkit.certificates import apple_wwdr_g4
from passkit.errors import ReaderError
from passkit.linting.content import content
from passkit.linting.findings import Finding, Findings, found
from passkit.linting.pictures import image_slot, misnamed_slot, pictures
from passkit.linting.translations import translations
from passkit.linting.values import shown

_MAX_OF_A_RULE = 100
_SOON = timedelta(days=30)
_STREAMED = 1 << 3  # the bit of an entry whose sizes follow its data
_ASKED = [
    f"PKPassPersonalizationField{each}"
    for each in ("Name", "PostalCode", "EmailAddress", "PhoneNumber")
]
_KNOWN_FILE = re.compile(
    r"pass\.json|manifest\.json|signature|personalization\.json|tooling\.json"
    r"|[^/]+\.lproj/(pass|personalization)\.strings"
).fullmatch


def lint(pkpass: bytes, *, at: datetime, root_pem: bytes | None = None) -> tuple[Finding, ...]:
    """Why phones would refuse or degrade a .pkpass file at `at`, worst first.

    Anybody's file is judged by its own bytes; nothing raises. The signature has to lead to
    Apple's intermediate G4, or to the certificate given as `root_pem`. A .pkpasses bundle is
    judged pass by pass, and the paths then start with the number of the pass. Of one rule no
    more than 100 findings are given.
    """
    try:
        files = unpack(pkpass)
    except ReaderError as error:
        return (_told(error),)
    is_bundle = bool(files) and all(name.endswith(".pkpass") for name in files)
    findings = _bundle(pkpass, at, root_pem) if is_bundle else _one(pkpass, at, root_pem)
    return tuple(sorted(_first_of_each_rule(findings), key=_gravity))


def refuses(findings: Iterable[Finding]) -> bool:
    """Whether some phone would not take the pass at all."""
    return any(each.rule.severity == "refuse" for each in findings)


def _bundle(pkpasses: bytes, at: datetime, root_pem: bytes | None) -> Findings:
    try:
        passes = reader.read_bundle(pkpasses)
    except ReaderError as error:
        yield _told(error)
        return
    for number, one in enumerate(passes, 1):
        # A bundle inside is no pass: it is not opened any further.
        for each in _first_of_each_rule(_one(one, at, root_pem)):
            yield Finding(rule=each.rule, path=f"pass {number}: {each.path}", detail=each.detail)


def _one(pkpass: bytes, at: datetime, root_pem: bytes | None) -> Findings:
    try:
        files = unpack(pkpass)
    except ReaderError as error:
        yield _told(error)
        return
    yield from _archive(pkpass)
    yield from _files(files)
    yield from _signature(files, at, root_pem)
    yield from _content(files, at)


def _first_of_each_rule(findings: Findings) -> Findings:
    """Enough to see what is wrong: a hostile file breaks one rule a million times."""
    counts = Counter[str]()
    for each in findings:
        counts[each.rule.id] += 1
        if counts[each.rule.id] <= _MAX_OF_A_RULE:
            yield each


def _gravity(finding: Finding) -> int:
    return ("refuse", "degrade", "advice").index(finding.rule.severity)


def _told(error: ReaderError) -> Finding:
    return found(error.rule, error.path, str(error))


def _archive(pkpass: bytes) -> Findings:
    for folder in folders(pkpass):
        yield found("zip-folder-entry", folder)
    if (stray := first_stray_byte(pkpass)) is not None:
        yield found("zip-stray-bytes", "", f"They begin at byte {stray:,}.")
    with ZipFile(BytesIO(pkpass)) as archive:
        for entry in archive.infolist():
            if entry.flag_bits & _STREAMED and entry.compress_type == ZIP_STORED:
                yield found("zip-streamed-entry", entry.filename)


def _files(files: Mapping[str, bytes]) -> Findings:
    missing = [_told(fault) for fault in reader.missing_files(files)]
    yield from missing[:1] if _is_nested(missing) else missing
    if _is_nested(missing):
        return
    if "manifest.json" in files:
        for fault in reader.manifest_faults(files):
            yield _told(fault)
    for name in files:
        if not (_KNOWN_FILE(name) or image_slot(name) or misnamed_slot(name)):
            yield found("file-unknown", name)


def _is_nested(missing: Sequence[Finding]) -> bool:
    return bool(missing) and missing[0].rule.id == "package-in-folder"


def _signature(files: Mapping[str, bytes], at: datetime, root_pem: bytes | None) -> Findings:
    if not {"signature", "manifest.json"} <= files.keys():
        return
    trusted = root_pem or apple_wwdr_g4().public_bytes(Encoding.PEM)
    seen = verification.examine(files["signature"], files["manifest.json"], root_pem=trusted, at=at)
    for fault in seen.faults:
        yield _told(fault)
    if seen.certificate is None:
        return
    if seen.digest == "sha1":
        yield found("signature-sha1", "signature")
    ends = seen.certificate.not_valid_after_utc
    if at <= ends < at + _SOON:
        yield found("certificate-ends-soon", "signature", f"It ends on {ends:%Y-%m-%d}.")
    yield from _certificate(files.get("pass.json", b"{}"), seen.certificate)


def _certificate(pass_json: bytes, certificate: Certificate) -> Findings:
    try:
        written = reader.json_object(pass_json, "pass.json")
    except ReaderError:
        return
    for fault in reader.certificate_faults(written, certificate):
        if fault.path in written or fault.path == "signature":
            yield _told(fault)


def _content(files: Mapping[str, bytes], at: datetime) -> Findings:
    if "pass.json" not in files:
        return
    try:
        written = reader.json_object(files["pass.json"], "pass.json")
    except ReaderError as error:
        yield _told(error)
        if error.rule != "byte-order-mark":
            return
        try:
            written = reader.json_object(files["pass.json"][3:], "pass.json")
        except ReaderError as second:
            yield _told(second)
            return
    yield from content(written, at=at)
    checks: list[Callable[[Mapping[str, bytes], Mapping[str, Any]], Findings]]
    checks = [pictures, translations, _personalization]
    for check in checks:
        yield from check(files, written)


def _personalization(files: Mapping[str, bytes], written: Mapping[str, Any]) -> Findings:
    name = "personalization.json"
    if name not in files:
        return
    if "nfc" not in written:
        yield found("personalization-without-nfc", name)
    try:
        asked = reader.json_object(files[name], name)
    except ReaderError as error:
        yield found("personalization-shape", name, str(error))
        return
    yield from _asked_for(asked, name)


def _asked_for(asked: Mapping[str, Any], name: str) -> Findings:
    fields: Any = asked.get("requiredPersonalizationFields")
    is_known = isinstance(fields, list) and bool(fields) and all(each in _ASKED for each in fields)
    for key, is_good, wanted in (
        ("description", _is_text(asked.get("description")), "a text"),
        ("termsAndConditions", _is_text(asked.get("termsAndConditions", "x")), "a text"),
        ("requiredPersonalizationFields", is_known, f"some of {', '.join(_ASKED)}"),
    ):
        if not is_good:
            detail = f"{key} wants {wanted}, not {shown(asked.get(key))}."
            yield found("personalization-shape", name, detail)
    if is_known and len(set(fields)) < len(fields):
        yield found("personalization-shape", name, "A field is asked for twice.")
    for key in asked:
        if key not in ("description", "termsAndConditions", "requiredPersonalizationFields"):
            yield found("key-unknown", name, f"{shown(key)} is no key of Apple's.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
