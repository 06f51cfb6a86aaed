"""Whatever another program refuses, lint refuses too, but for the exceptions of docs/lint.md."""

import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from passkit.certificates import key_to_pem
from passkit.linting import lint, refuses
from scripts import pass_readers
from tests.corpus.draft import Issuer
from tests.corpus.test_corpus import EVERY, GOOD

EXCEPTIONS = re.compile(
    r"^\| `([a-z0-9-]+)` \| (OpenSSL|KPkPass|passkit-generator|edutap) \|", re.M
)
Verdicts = dict[str, str]


def there(program: Path) -> Path:
    if not program.exists():
        assert os.environ.get("REQUIRE_ALL") != "1", f"{program.parent.name} is missing"
        pytest.skip(f"{program.parent.name} is missing: python scripts/pass_readers.py")
    return program


@pytest.fixture(scope="session")
def made(issuer: Issuer) -> dict[str, bytes]:
    """Every pass of the corpus."""
    return {case.name: case.made(issuer) for case in EVERY}


@pytest.fixture(scope="session")
def folders(made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every pass that Python can unpack, unpacked."""
    root = tmp_path_factory.mktemp("unpacked")
    found = {}
    for name, data in made.items():
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) < 2**26:
                    archive.extractall(root / name)
                    found[name] = root / name
        except (OSError, RuntimeError, zipfile.BadZipFile):
            continue
    return found


@pytest.fixture(scope="session")
def paths(made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every pass as a file."""
    root = tmp_path_factory.mktemp("packed")
    for name, data in made.items():
        (root / f"{name}.pkpass").write_bytes(data)
    return {name: root / f"{name}.pkpass" for name in made}


@pytest.fixture(scope="session")
def signing(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What passkit-generator signs with, and the root."""
    folder = tmp_path_factory.mktemp("signing")
    (folder / "wwdr.pem").write_bytes(issuer.authority.intermediate_pem)
    (folder / "root.pem").write_bytes(issuer.authority.root_pem)
    (folder / "certificate.pem").write_bytes(issuer.leaf.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key_to_pem(issuer.key))
    return folder


def answers(command: list[str], names: list[str]) -> Verdicts:
    """Why each was refused, by name; what is taken is left out."""
    done = subprocess.run(
        [*command],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "LC_ALL": "en_US.UTF-8", "LANGUAGE": "en"},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        name: answer["refused"]
        for name, answer in zip(names, lines, strict=True)
        if "refused" in answer
    }


def openssl(paths, folders, signing) -> Verdicts:
    """A verified signature over the manifest, by the root: what OpenSSL alone can tell."""
    root = ["-CAfile", str(signing / "root.pem"), "-purpose", "any"]
    content = ["-in", "signature", "-content", "manifest.json", "-out", os.devnull]
    refused = {}
    for name, folder in folders.items():
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER", *content, *root],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            refused[name] = done.stderr.strip()[-200:]
    return refused


def kpkpass(paths, folders, signing) -> Verdicts:
    """A process for each file: what makes it crash, it has refused."""
    program = there(pass_readers.kpkpass())
    refused = {}
    for name, path in paths.items():
        try:
            refused |= answers([str(program), str(path)], [name])
        except subprocess.CalledProcessError as error:
            refused[name] = f"ended with {error.returncode}"
    return refused


def passkit_generator(paths, folders, signing) -> Verdicts:
    program = there(pass_readers.passkit_generator())
    command = [*pass_readers.node(), str(program), str(signing)]
    return answers([*command, *map(str, folders.values())], list(folders))


def edutap(paths, folders, signing) -> Verdicts:
    program = there(pass_readers.edutap())
    command = [*pass_readers.python(), str(program)]
    return answers([*command, *map(str, paths.values())], list(paths))


READERS: dict[str, Callable[..., Verdicts]] = {
    "OpenSSL": openssl,
    "KPkPass": kpkpass,
    "passkit-generator": passkit_generator,
    "edutap": edutap,
}


@pytest.fixture(scope="session")
def verdicts(paths, folders, signing) -> Callable[[str], Verdicts]:
    """What a reader refuses; each is asked once."""
    return cache(lambda reader: READERS[reader](paths, folders, signing))


def documented() -> set[tuple[str, str]]:
    """The exceptions in docs/lint.md: a case and the reader that refuses it."""
    text = (pass_readers.ROOT / "docs" / "lint.md").read_text("utf-8")
    return set(EXCEPTIONS.findall(text))


@pytest.mark.parametrize("reader", READERS)
def test_lint_refuses_what_another_program_refuses(reader, verdicts, made, at, issuer):
    refused = verdicts(reader)
    taken = {
        (name, reader)
        for name in refused
        if not refuses(lint(made[name], at=at, root_pem=issuer.authority.root_pem))
    }
    wanted = {each for each in documented() if each[1] == reader}
    assert {name: refused[name] for name, _ in taken ^ wanted if name in refused} == {}
    assert taken == wanted


@pytest.mark.parametrize("reader", READERS)
def test_each_program_takes_the_plain_pass(reader, verdicts):
    """So that what it refuses is refused for the one change."""
    assert "plain" not in verdicts(reader)


def test_the_good_passes_are_all_unpacked(folders):
    assert {case.name for case in GOOD} <= folders.keys()
