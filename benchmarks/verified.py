"""Nothing counts before it was looked at: every pass is the one wanted, and OpenSSL agrees."""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.card import STRINGS, Workshop, facts

_VERIFY = "openssl cms -verify -binary -inform DER -in signature -content manifest.json"
_VERIFY += " -CAfile known.pem -purpose any -out verified"
_PRINT = "openssl cms -cmsout -print -noout -inform DER -in signature"
_UNLISTED = {"manifest.json", "signature"}


class Inspector:
    """Looks at the passes that were made of one workshop's materials."""

    def __init__(self, workshop: Workshop) -> None:
        self._images = workshop.images
        # The intermediate too: pass-js has Apple's built in and packs no other.
        authority = workshop.authority
        self._known = authority.root_pem + authority.intermediate_pem
        self.count = 0

    def accept(self, passes: Iterable[bytes], first: int) -> None:
        """Take the passes of the members from `first` on; raises at the first that is not right."""
        with ThreadPoolExecutor(2) as pool:
            numbered = enumerate(passes, first)
            self.count += sum(pool.map(lambda each: self._accept(each[1], each[0]), numbered))

    def traits(self, pkpass: bytes) -> str:
        """How its signature is made, in words."""
        with TemporaryDirectory() as name:
            self._unpack(pkpass, Path(name))
            printed = _run(_PRINT, Path(name))
        algorithms = printed.partition("digestAlgorithms:")[2].partition("encapContentInfo")[0]
        digest = "SHA-1" if "sha1 " in algorithms else "SHA-256"
        form = "detached" if "eContent: <ABSENT>" in printed else "attached"
        return f"{digest}, {form}"

    def _accept(self, pkpass: bytes, number: int) -> int:
        with TemporaryDirectory() as name:
            files = self._unpack(pkpass, Path(name))
            _run(_VERIFY, Path(name))
        sums = {path: hashlib.sha1(files[path]).hexdigest() for path in files.keys() - _UNLISTED}  # noqa: S324 - Apple's manifest
        if json.loads(files["manifest.json"]) != sums:
            raise ValueError(f"{number}: the manifest lists other files than there are")
        if any(files.get(path) != data for path, data in self._images.items()):
            raise ValueError(f"{number}: an image is missing")
        if any(f"{language}.lproj/pass.strings" not in files for language in STRINGS):
            raise ValueError(f"{number}: a language is missing")
        _compare(json.loads(files["pass.json"]), facts(number))
        return 1

    def _unpack(self, pkpass: bytes, folder: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(BytesIO(pkpass)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        for name in _UNLISTED:
            (folder / name).write_bytes(files[name])
        (folder / "known.pem").write_bytes(self._known)
        return files


def _compare(content: dict[str, Any], wanted: dict[str, Any]) -> None:
    fields = [
        field for group in content["storeCard"].values() if isinstance(group, list)
        for field in group
    ]  # fmt: skip
    values = {field["key"]: field["value"] for field in fields}
    code = content.get("barcodes", [content.get("barcode")])[0]
    said = {
        "serialNumber": content["serialNumber"],
        "authenticationToken": content["authenticationToken"],
        "barcode": {name: code[name] for name in wanted["barcode"]},
        "values": {key: values[key] for key in wanted["values"]},
    }
    if len(values) != 8 or said != wanted:
        raise ValueError(f"this is not the pass of {wanted['serialNumber']}: {said}")


def _run(command: str, folder: Path) -> str:
    done = subprocess.run(
        command.split(), cwd=folder, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise ValueError(f"OpenSSL does not verify it: {done.stderr.decode()[-300:].strip()}")
    return done.stdout.decode(errors="replace")
