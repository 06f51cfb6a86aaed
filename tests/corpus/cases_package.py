"""Broken packages: the archive, the manifest, the signature and its certificates."""

import io
import json
import stat
import zipfile
from typing import Any

from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options
from pyasn1_modules import rfc5652

from tests.corpus.draft import (
    DETACHED,
    both,
    cases,
    drop,
    files,
    png,
    put,
    set_on_draft,
    signed,
    signed_anew,
    zipped,
)


def packed(**how: Any):
    return set_on_draft(pack=lambda files: zipped(files, **how))


def rewritten(change):
    """The archive with its bytes changed afterwards."""
    return set_on_draft(pack=lambda files: change(bytearray(zipped(files))))


def with_entry(entry: zipfile.ZipInfo | str, data: bytes = b"x"):
    return packed(more=lambda archive: archive.writestr(entry, data))


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def lock(data: bytearray) -> bytes:
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def boast(data: bytearray) -> bytes:
    """One entry claims to unpack to four gigabytes."""
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    return bytes(data)


def with_hidden_entry(data: bytearray) -> bytes:
    """An entry in front that the directory does not list."""
    entry = zipped({"hidden.png": b"x"})
    return entry[: entry.index(b"PK\x01\x02")] + data


class Pipe(io.BytesIO):
    """Takes bytes one after another, as a connection does."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError("a pipe has no place")


def streamed(files: dict[str, bytes]) -> bytes:
    """Stored entries whose sizes follow the data, as a program writes that cannot seek."""
    target = Pipe()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def tampered(name: str, data: bytes | None):
    def change(made: dict[str, bytes]) -> None:
        if data is None:
            del made[name]
        else:
            made[name] = data

    return set_on_draft(tamper=change)


def listed(change):
    return set_on_draft(listed=change)


def folder_entry(archive: zipfile.ZipFile) -> None:
    archive.mkdir("fi.lproj")


def other_line_ends(issuer, data: bytes) -> bytes:
    return issuer.sign(data.replace(b"\n", b"\r\n"))


ARCHIVES = cases(
    {
        "cut-in-half": ("zip-damaged", rewritten(lambda data: bytes(data[: len(data) // 2]))),
        "no-zip-at-all": ("zip-damaged", set_on_draft(pack=lambda files: b"<html>404</html>")),
        "locked": ("zip-encrypted", rewritten(lock)),
        "bzip2": ("zip-compression", packed(compression=zipfile.ZIP_BZIP2)),
        "lzma": ("zip-compression", packed(compression=zipfile.ZIP_LZMA)),
        "leads-out": ("zip-unsafe-entry", with_entry("../evil.png")),
        "absolute-path": ("zip-unsafe-entry", with_entry("/etc/evil.png")),
        "link": ("zip-unsafe-entry", with_entry(link(), b"/etc/passwd")),
        "capitals-only-differ": ("zip-duplicate-name", with_entry("ICON.png")),
        "bomb": ("zip-too-large", with_entry("bomb", bytes(20_000_000))),
        "boasts-of-4-gb": ("zip-too-large", rewritten(boast)),
        "601-files": (
            "zip-too-large",
            packed(more=lambda archive: [archive.writestr(f"{n}", b"") for n in range(601)]),
        ),
        "folder-entry": ("zip-folder-entry", packed(more=folder_entry)),
        "script-in-front": ("zip-stray-bytes", rewritten(lambda data: b"#!/bin/sh\n" + data)),
        "more-behind": ("zip-stray-bytes", rewritten(lambda data: data + b"more")),
        "entry-that-is-not-listed": ("zip-stray-bytes", rewritten(with_hidden_entry)),
        "sizes-after-data": ("zip-streamed-entry", set_on_draft(pack=streamed)),
        "zipped-with-its-folder": (
            "package-in-folder",
            packed(folder="card/"),
        ),
    }
)

MANIFESTS = cases(
    {
        "no-pass-json": ("pass-missing manifest-absent-file", tampered("pass.json", None)),
        "no-manifest": ("manifest-missing", tampered("manifest.json", None)),
        "unsigned": ("signature-missing", tampered("signature", None)),
        "manifest-is-a-list": ("manifest-not-json", set_on_draft(manifest=lambda data: b"[]")),
        "manifest-with-a-mark": (
            "byte-order-mark",
            set_on_draft(manifest=lambda data: b"\xef\xbb\xbf" + data),
        ),
        "unlisted-ds-store": ("manifest-unlisted-file file-unknown", tampered(".DS_Store", b"x")),
        "listed-but-absent": (
            "manifest-absent-file",
            listed(lambda sums: sums.update({"thumbnail.png": "0" * 40})),
        ),
        "sums-in-capitals": (
            "manifest-sum-form",
            listed(lambda sums: sums.update({"icon.png": sums["icon.png"].upper()})),
        ),
        "sums-of-sha256": (
            "manifest-sum-form",
            listed(lambda sums: sums.update({"icon.png": "0" * 64})),
        ),
        "image-exchanged": ("manifest-wrong-sum", tampered("logo.png", png(100, 50))),
        "content-exchanged": (
            "manifest-wrong-sum",
            lambda draft: tampered(
                "pass.json", json.dumps(draft.content | {"description": "Another"}).encode()
            )(draft),
        ),
        "file-of-nobody": ("file-unknown", files(**{"notes.txt": b"hello"})),
        "picture-of-nobody": ("file-unknown", files(**{"photo.png": png(90, 90)})),
    }
)

SIGNATURES = cases(
    {
        "signature-is-pem": ("signature-damaged", tampered("signature", b"-----BEGIN PKCS7-----")),
        "attached": ("signature-attached", signed(options=[PKCS7Options.Binary])),
        "attached-by-old-intermediate": (
            "signature-attached intermediate-out-of-date",
            signed(
                options=[PKCS7Options.Binary],
                intermediate=lambda issuer: issuer.old_intermediate().intermediate,
            ),
        ),
        "two-signers": ("signature-not-one-signer", signed(signers=2)),
        "no-attributes": ("signature-bare", signed(options=[*DETACHED, PKCS7Options.NoAttributes])),
        "no-signing-time": (
            "signature-no-signing-time",
            signed_anew(without=rfc5652.id_signingTime),
        ),
        "no-digest": ("signature-bare", signed_anew(without=rfc5652.id_messageDigest)),
        "crlf-manifest": ("signature-rewritten-line-ends", set_on_draft(sign=other_line_ends)),
        "manifest-edited-afterwards": (
            "signature-other-manifest",
            lambda draft: set_on_draft(sign=lambda issuer, data: issuer.sign(data + b" "))(draft),
        ),
        "key-of-somebody-else": ("signature-forged", signed_anew(forged=True)),
        "rsa-pss": ("signature-algorithm", signed_anew(named="1.2.840.113549.1.1.10")),
        "sha1": ("signature-sha1", signed_anew(sha1=True)),
        "no-certificates": (
            "signature-no-certificate",
            signed(alone=True, options=[*DETACHED, PKCS7Options.NoCerts]),
        ),
        "no-intermediate": ("signature-no-intermediate", signed(alone=True)),
        "another-authority": (
            "signature-not-trusted",
            signed(
                leaf=lambda issuer: issuer.another(authority=issuer.stranger),
                intermediate=lambda issuer: issuer.stranger.intermediate,
            ),
        ),
        "leaf-expired": ("certificate-expired", signed(leaf=lambda i: i.another(days=500))),
        "leaf-not-yet-valid": (
            "certificate-not-yet-valid",
            signed(leaf=lambda i: i.another(days=-5)),
        ),
        "leaf-ends-soon": ("certificate-ends-soon", signed(leaf=lambda i: i.another(days=380))),
        "old-intermediate": (
            "intermediate-out-of-date",
            signed(intermediate=lambda issuer: issuer.old_intermediate().intermediate),
        ),
        "mail-certificate": (
            "certificate-not-for-passes",
            signed(leaf=lambda issuer: issuer.plain_certificate()),
        ),
        "other-pass-type": (
            "certificate-other-pass-type",
            signed(leaf=lambda issuer: issuer.another(pass_type="pass.test.other")),
        ),
        "other-pass-type-in-the-pass": (
            "certificate-other-pass-type",
            put(passTypeIdentifier="pass.test.other"),
        ),
        "other-team": (
            "certificate-other-team",
            signed(leaf=lambda issuer: issuer.another(team="OTHERTEAM1")),
        ),
        "everything-at-once": (
            "signature-sha1 certificate-other-team key-missing icon-missing",
            both(
                signed_anew(sha1=True),
                put(teamIdentifier="OTHERTEAM1"),
                drop("description"),
                files(**dict.fromkeys(("icon.png", "icon@2x.png", "icon@3x.png"))),
            ),
        ),
    }
)

PACKAGE_CASES = [*ARCHIVES, *MANIFESTS, *SIGNATURES]
