"""What the documents claim is checked against the code."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from passkit import terminal
from server import cli, config

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_setting_is_documented_and_nothing_else():
    documented = set(re.findall(r"`(LEIMA_\w+)`", read("docs/settings.md")))
    assert documented == set(config.NAMES)


def test_every_certificate_setting_is_explained_and_exists():
    named = set(re.findall(r"\bLEIMA_\w+", read("certs.example/README.md")))
    wanted = {
        name
        for name in config.NAMES
        if name.startswith(("LEIMA_APPLE", "LEIMA_APNS", "LEIMA_GOOGLE"))
    }
    assert wanted <= named <= set(config.NAMES) | {f"{name}_FILE" for name in config.NAMES}


def test_the_way_to_google_wallet_names_settings_and_addresses_that_exist():
    guide = read("docs/google.md")
    assert set(re.findall(r"\bLEIMA_\w+", guide)) <= set(config.NAMES)
    assert set(re.findall(r"`leima ([a-z]+)", guide)) <= set(
        re.findall(r"[a-z]+", cli.parser().format_help())
    )
    served = read("server/web/pages.py")
    assert '"/designs/<name>/<edition>/google/<file_name>"' in served


def test_every_conformance_case_names_a_test_that_exists():
    rows = re.findall(r"`(tests/[\w/.]+)::(\w+)`", read("docs/conformance.md"))
    assert rows
    missing = [f"{file}::{name}" for file, name in rows if f"def {name}(" not in read(file)]
    assert missing == []


def test_the_changelog_starts_with_the_version_in_the_making():
    assert re.search(r"(?m)^## (\d+\.\d+\.\d+)", read("CHANGELOG.md"))


def test_every_module_stands_in_the_architecture():
    text = read("ARCHITECTURE.md")
    rooms = [p.stem for p in (ROOT / "server").iterdir() if not p.name.startswith(("_", "py"))]
    assert [room for room in rooms if f"`{room}" not in text and f"/{room}" not in text] == []


def test_no_room_of_the_architecture_is_described_twice():
    cells = re.findall(r"(?m)^\| (`.*?`) \| ", read("ARCHITECTURE.md"))
    rooms = [room for cell in cells for room in re.findall(r"`([^`]+)`", cell)]
    assert len(rooms) > 20
    assert sorted(rooms) == sorted(set(rooms))


def test_decisions_are_numbered_one_after_another():
    numbers = [int(number) for number in re.findall(r"(?m)^## (\d+)\.", read("DECISIONS.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_page_that_a_document_points_to_is_there():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("certs.example/*.md")]
    links = [
        (page.name, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / link).exists()
    ]
    assert links == []


def test_the_sample_of_the_readme_makes_a_pass_that_is_verified(tmp_path, monkeypatch):
    (sample,) = re.findall(r"(?s)```python\n(.*?)```", read("README.md"))
    icon = ROOT / "templates" / "passes" / "kahvila" / "icon@2x.png"
    shutil.copy(icon, tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(sample, "README.md", "exec"), {})  # noqa: S102 - our own
    (command,) = re.findall(r"`python -m passkit (verify card[^`]+)`", read("README.md"))
    assert terminal.main(command.split(), now=datetime.now(UTC), is_colored=False) == terminal.OK


def test_the_readme_names_commands_that_exist():
    targets = set(re.findall(r"(?m)^([a-z]+):", read("Makefile")))
    assert set(re.findall(r"`make ([a-z]+)`", read("README.md"))) <= targets
    commands = set(re.findall(r"`leima ([a-z]+)", read("README.md")))
    help_text = cli.parser().format_help()
    assert [command for command in commands if command not in help_text] == []
