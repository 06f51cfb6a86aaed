"""Rules of the house that no other tool holds. An exception is listed here, with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("googlewallet", "passkit", "server")
EVERYWHERE = (*PRODUCT, "tests", "benchmarks", "fuzz", "soak", "scripts")
GENERATED = "server/migrations/versions"

# Words that belong to a wallet's own vocabulary.
VENDOR = re.compile(
    r"\b(storeCard|passTypeIdentifier|serialNumbers?|pushToken|webServiceURL|authenticationToken"
    r"|changeMessage|headerFields|primaryFields|backFields|loyaltyObject|loyaltyPoints)\b"
)
VENDOR_ROOMS = (
    "googlewallet/",
    "passkit/",
    "server/wallets/",
    "server/web/apple_web_service",
    "server/web/google_callbacks",
    "server/sandbox/",
)
KINDS = re.compile(r"""["']stamp_card["']""")
KIND_ROOMS = ("server/programmes/", "server/demo.py")


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(GENERATED):
                yield name, path.read_text("utf-8")


def found(pattern: re.Pattern[str], rooms: tuple[str, ...]) -> list[str]:
    return [
        f"{name}: {match.group()}"
        for name, text in sources(*PRODUCT)
        if not name.startswith(rooms)
        for match in pattern.finditer(text)
    ]


def test_no_file_is_longer_than_500_lines():
    assert [name for name, text in sources(*EVERYWHERE) if text.count("\n") > 500] == []


def test_no_function_is_longer_than_70_lines():
    long = [
        f"{name}: {node.name}"
        for name, text in sources(*EVERYWHERE)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 70
    ]
    assert long == []


def test_only_use_cases_open_transactions():
    opening = re.compile(r"\.(transaction|writing)\(\)")
    rooms = {name for name, text in sources("server") if opening.search(text)}
    assert rooms <= {
        "server/batches.py",
        "server/crowd.py",
        "server/demo.py",
        "server/deliveries.py",
        "server/events.py",
        "server/founding.py",
        "server/google_issuers.py",
        "server/google_objects.py",
        "server/registrations.py",
        "server/sessions.py",
        "server/staff.py",
        "server/renewals.py",
        "server/throttle.py",
        "server/traces.py",
    }


def test_only_the_ledger_writes_entries_and_lots():
    pattern = re.compile(r"\b(LedgerEntry|Lot)\((?!Row|SQLModel)")
    assert found(pattern, ("server/ledger.py",)) == []


def test_vendor_words_stay_at_the_edge():
    assert found(VENDOR, VENDOR_ROOMS) == []


def test_nobody_but_the_kind_knows_its_name():
    assert found(KINDS, KIND_ROOMS) == []


def test_the_environment_is_read_in_one_place():
    # A program of its own is its own edge: `python -m passkit` asks whether colours are wanted.
    edges = ("server/config.py", "passkit/__main__.py")
    assert found(re.compile(r"os\.environ|getenv"), edges) == []


def test_the_clock_is_read_in_one_place():
    edges = ("server/clock.py", "passkit/__main__.py")
    assert found(re.compile(r"datetime\.(now|utcnow|today)\("), edges) == []


def test_broad_excepts_are_rare_and_give_a_reason():
    broad = [
        line
        for _, text in sources(*PRODUCT)
        for line in text.splitlines()
        if re.search(r"except( Base| )Exception|except:", line)
    ]
    assert len(broad) <= 2
    assert all("BLE001" in line for line in broad)


def test_rooms_have_names_that_say_something():
    vague = {"utils", "helpers", "manager", "common"}
    assert [name for name, _ in sources(*PRODUCT) if Path(name).stem in vague] == []


def test_no_private_key_is_in_the_repository():
    key = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")
    files = [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not path.relative_to(ROOT).parts[0].startswith((".", "var"))
    ]
    assert [path.name for path in files if key.search(path.read_bytes())] == []


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_a_lock_names_hashes_and_no_host(lock: str):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|--index-url|--extra-index-url", text)
