"""Whatever another program refuses, lint refuses too, but for the exceptions of docs/lint.md."""

import base64
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

from passkit import read
from passkit.certificates import key_to_pem
from passkit.linting import lint, refuses
from scripts import pass_readers
from tests.corpus.conftest import now
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
    """Every pass of the corpus that lint does not refuse: what others say of the rest is one."""
    every = {case.name: case.made(issuer) for case in EVERY}
    root, at = issuer.authority.root_pem, now()
    return {
        name: data for name, data in every.items() if not refuses(lint(data, at=at, root_pem=root))
    }


def laid_out(made: dict[str, bytes], root: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Passes as files and as folders."""
    for name, data in made.items():
        (root / f"{name}.pkpass").write_bytes(data)
        zipfile.ZipFile(io.BytesIO(data)).extractall(root / name)
    return {name: root / f"{name}.pkpass" for name in made}, {name: root / name for name in made}


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
def verdicts(made, signing, tmp_path_factory) -> Callable[[str], Verdicts]:
    """What a reader refuses; each is asked once."""
    paths, folders = laid_out(made, tmp_path_factory.mktemp("passes"))
    return cache(lambda reader: READERS[reader](paths, folders, signing))


def documented() -> set[tuple[str, str]]:
    """The exceptions in docs/lint.md: a case and the reader that refuses it."""
    text = (pass_readers.ROOT / "docs" / "lint.md").read_text("utf-8")
    return set(EXCEPTIONS.findall(text))


@pytest.mark.parametrize("reader", READERS)
def test_lint_refuses_what_another_program_refuses(reader, verdicts):
    refused = verdicts(reader)
    allowed = {name for name, who in documented() if who == reader}
    assert {name: why for name, why in refused.items() if name not in allowed} == {}
    assert allowed <= refused.keys(), "an exception that is none any more"


@pytest.mark.parametrize("reader", READERS)
def test_each_program_takes_the_plain_pass(reader, verdicts):
    """So that what it refuses is refused for the one change."""
    assert "plain" not in verdicts(reader)


BROKEN_FOR = {
    "OpenSSL": "manifest-edited-afterwards",
    "KPkPass": "no-style",
    "passkit-generator": "short-token",
    "edutap": "no-description",
}


@pytest.mark.parametrize("reader", READERS)
def test_each_program_refuses_a_broken_pass(reader, issuer, signing, tmp_path):
    """So that it is known to be asked the right way."""
    case = next(case for case in EVERY if case.name == BROKEN_FOR[reader])
    laid = laid_out({case.name: case.made(issuer)}, tmp_path)
    assert READERS[reader](*laid, signing).keys() == {case.name}


def test_what_passkit_generator_signs_is_read(issuer, signing, tmp_path, at):
    """It signs over SHA-1, and over attributes that are not in the order of DER."""
    case = next(case for case in GOOD if case.name == "poster-with-fallback")
    _, folders = laid_out({case.name: case.made(issuer)}, tmp_path)
    program = there(pass_readers.passkit_generator())
    command = [*pass_readers.node(), str(program), str(signing), str(folders[case.name])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made = base64.b64decode(json.loads(done.stdout)["made"])
    root = issuer.authority.root_pem
    assert read(made, root_pem=root, at=at).signature.digest == "sha1"
    assert [each.rule.id for each in lint(made, at=at, root_pem=root)] == ["signature-sha1"]


def test_the_good_passes_are_all_shown_to_them(made):
    assert {case.name for case in GOOD} <= made.keys()
