"""`python -m passkit`, as somebody meets it in a terminal."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

import passkit
from passkit.terminal import OK, REFUSED, WRONG, main
from tests.passkit.conftest import PASS_TYPE, TEAM


@pytest.fixture
def run(at, capsys):
    """A command with its exit code, what it said, and what it complained of."""

    def start(*arguments, is_colored=False):
        code = main([str(each) for each in arguments], now=at, is_colored=is_colored)
        said = capsys.readouterr()
        return code, said.out, said.err

    return start


@pytest.fixture
def folder(tmp_path, png, make_pass):
    """A pass as a designer keeps it."""
    folder = tmp_path / "card"
    (folder / "fi.lproj").mkdir(parents=True)
    (folder / "pass.json").write_bytes(make_pass().to_json())
    for name, size in (("icon.png", 38), ("icon@2x.png", 76), ("icon@3x.png", 114)):
        (folder / name).write_bytes(png(size, size))
    (folder / "fi.lproj" / "pass.strings").write_text('"Leimat" = "Leimät";\n', "utf-8")
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


@pytest.fixture
def signing(tmp_path, issued, authority):
    """The options that sign with the certificates of the tests."""
    parts = {
        "--certificate": issued.certificate_pem,
        "--key": issued.key_pem,
        "--intermediate": authority.intermediate_pem,
        "--root": authority.root_pem,
    }
    arguments = []
    for option, data in parts.items():
        path = tmp_path / f"{option.strip('-')}.pem"
        path.write_bytes(data)
        arguments += [option, path]
    return arguments


def test_a_folder_becomes_a_pass(run, folder, signing, authority, tmp_path):
    made = tmp_path / "card.pkpass"
    code, said, _ = run("build", folder, "-o", made, *signing)
    assert (code, "Nothing to be said against it" in said) == (OK, True)
    opened = passkit.read(made.read_bytes(), root_pem=authority.root_pem)
    assert opened.files["fi.lproj/pass.strings"].startswith(b"\xff\xfe")
    assert ".DS_Store" not in opened.files


def test_the_same_moment_gives_the_same_bytes(run, folder, signing, at, tmp_path):
    for name in ("a", "b"):
        moment = at.isoformat()
        assert run("build", folder, "-o", tmp_path / name, "--at", moment, *signing)[0] == OK
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_phones_would_refuse_is_not_written_unless_forced(run, folder, signing, tmp_path):
    content = json.loads((folder / "pass.json").read_bytes())
    del content["description"]
    (folder / "pass.json").write_text(json.dumps(content), "utf-8")
    made = tmp_path / "card.pkpass"
    code, said, _ = run("build", folder, "-o", made, *signing)
    assert (code, made.exists()) == (REFUSED, False)
    assert "pass.json has no description" in said
    code, _, _ = run("build", folder, "-o", made, "--force", *signing)
    assert (code, made.exists()) == (REFUSED, True)


def test_a_throwaway_signature_needs_no_certificate(run, folder, tmp_path):
    assert run("build", folder, "-o", tmp_path / "card.pkpass", "--throwaway")[0] == OK


@pytest.mark.parametrize("name", ["card.pkpass", "cards.pkpasses"])
def test_a_try_out_is_verified_by_the_root_that_is_beside_it(run, folder, tmp_path, name):
    made = tmp_path / name
    _, said, _ = run("build", folder, "-o", made, "--throwaway")
    root = made.with_suffix(".root.pem")
    assert f"--root {root}" in said
    assert run("verify", made, "--root", root)[0] == OK
    assert run("lint", made, "--root", root)[0] == OK


def test_a_try_out_that_is_refused_leaves_no_root(run, folder, tmp_path):
    (folder / "icon.png").write_bytes(b"no picture")
    assert run("build", folder, "-o", tmp_path / "card.pkpass", "--throwaway")[0] == REFUSED
    assert list(tmp_path.glob("*.pem")) == []


def test_folders_become_a_bundle(run, folder, tmp_path):
    made = tmp_path / "cards.pkpasses"
    assert run("build", folder, folder, "-o", made, "--throwaway")[0] == OK
    assert len(passkit.read_bundle(made.read_bytes())) == 2


def test_several_folders_are_no_single_pass(run, folder, tmp_path):
    made = tmp_path / "cards.pkpass"
    code, _, complaint = run("build", folder, folder, "-o", made, "--throwaway")
    assert (code, made.exists()) == (WRONG, False)
    assert "cards.pkpasses" in complaint


@pytest.mark.parametrize("key", ["passTypeIdentifier", "teamIdentifier"])
def test_a_pass_that_names_nobody_is_refused_in_words(run, folder, tmp_path, key):
    content = json.loads((folder / "pass.json").read_bytes())
    del content[key]
    (folder / "pass.json").write_text(json.dumps(content), "utf-8")
    code, _, complaint = run("build", folder, "-o", tmp_path / "card.pkpass", "--throwaway")
    assert code == WRONG
    assert key in complaint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [([], "give --certificate and --key"), (["--throwaway", "--at", "today"], "--at")],
)
def test_a_command_that_cannot_be_carried_out_says_why(run, folder, tmp_path, arguments, told):
    code, _, complaint = run("build", folder, "-o", tmp_path / "card.pkpass", *arguments)
    assert code == WRONG
    assert told in complaint


@pytest.mark.parametrize("name", ["notes/a.txt", "link"])
def test_a_folder_with_more_than_a_pass_is_refused(run, folder, tmp_path, name):
    if name == "link":
        (folder / name).symlink_to("/etc/passwd")
    else:
        (folder / "notes").mkdir()
    code, _, complaint = run("build", folder, "-o", tmp_path / "card.pkpass", "--throwaway")
    assert code == WRONG
    assert name.partition("/")[0] in complaint


def test_what_is_in_hidden_folders_is_left_out(run, folder, tmp_path):
    (folder / ".git" / "refs").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_bytes(b"ref: refs/heads/main")
    (folder / "fi.lproj" / ".cache").mkdir()
    (folder / "fi.lproj" / ".cache" / "a.txt").write_bytes(b"x")
    made = tmp_path / "card.pkpass"
    assert run("build", folder, "-o", made, "--throwaway")[0] == OK
    names = passkit.read(made.read_bytes(), root_pem=None).files
    assert [name for name in names if "/." in f"/{name}"] == []


def test_a_password_that_is_no_text_is_refused_in_words(run, folder, signing, tmp_path):
    (tmp_path / "password").write_bytes(b"\xff\xfek")
    options = [*signing, "--password-file", tmp_path / "password"]
    code, _, complaint = run("build", folder, "-o", tmp_path / "card.pkpass", *options)
    assert code == WRONG
    assert "UTF-8" in complaint
    assert "password" in complaint


@pytest.fixture
def file(tmp_path, pkpass):
    path = tmp_path / "card.pkpass"
    path.write_bytes(pkpass)
    return path


def test_inspect_shows_what_is_inside(run, file):
    code, said, _ = run("inspect", file)
    assert code == OK
    for each in (PASS_TYPE, TEAM, "Leimat", "storeCard", "icon.png", "throw-away"):
        assert each in said


def test_inspect_and_verify_go_through_a_bundle(run, tmp_path, pkpass, signing):
    path = tmp_path / "cards.pkpasses"
    path.write_bytes(passkit.bundle([pkpass, pkpass]))
    assert run("inspect", path)[1].count("Leimakortti") == 2
    assert run("verify", path, *signing[-2:])[1].count("is whole and signed") == 2


def test_verify_trusts_apple_or_who_is_named(run, file, signing):
    assert run("verify", file)[0] == REFUSED
    code, said, _ = run("verify", file, *signing[-2:])
    assert (code, "is whole and signed" in said) == (OK, True)


def test_lint_names_place_remedy_and_source(run, file, signing):
    code, said, _ = run("lint", file, *signing[-2:])
    assert code == OK
    for each in ("icon@3x.png", "→ Add", "icon-scales", "Pass Builder", "1 advice"):
        assert each in said


def test_lint_speaks_json_for_programs(run, file):
    code, said, _ = run("lint", file, "--json")
    findings = [json.loads(line) for line in said.splitlines()]
    assert code == REFUSED
    assert findings[0]["rule"] == "signature-not-trusted"
    assert set(findings[0]) >= {"severity", "systems", "path", "detail", "remedy", "source"}


def test_a_damaged_file_is_refused_in_words(run, tmp_path):
    path = tmp_path / "half.pkpass"
    path.write_bytes(b"PK\x03\x04")
    for command in ("inspect", "verify", "lint"):
        code, said, _ = run(command, path)
        assert (code, "not a whole zip" in said) == (REFUSED, True)


def test_a_strangers_pass_cannot_steer_the_terminal(run, tmp_path, files, packed):
    path = tmp_path / "evil.pkpass"
    path.write_bytes(packed(files | {"\x1b[2J.txt": b"x"}))
    for command in ("lint", "verify"):
        assert "\x1b" not in run(command, path)[1]


@pytest.fixture
def strange(tmp_path, files, signer, at):
    """A whole and signed pass in which every text that is shown holds the given one."""

    def make(text):
        content = json.loads(files["pass.json"])
        content |= {key: f"{text}{content[key]}" for key in ("organizationName", "description")}
        content |= {"serialNumber": text * 20, "logoText": text, text: text}
        content["storeCard"][text] = [{"key": "x", "label": text, "value": text}]
        mine = {"pass.json": json.dumps(content).encode(), "icon.png": files["icon.png"]}
        mine[f"{text}.txt"] = b"x"
        path = tmp_path / "strange.pkpass"
        path.write_bytes(passkit.pack(mine, signer, at=at))
        return path

    return make


@pytest.mark.parametrize("command", ["inspect", "verify", "lint"])
@pytest.mark.parametrize("steering", ["\x1b[2J", "\x9b2J", "\x07", "\u202e"])
def test_no_text_of_a_signed_pass_steers_the_terminal(run, strange, signing, command, steering):
    said = run(command, strange(f"a{steering}b"), *signing[-2:])[1]
    assert steering[0] not in said
    assert "a" in said


@pytest.mark.parametrize("arguments", [["inspect"], ["verify"], ["lint"], ["lint", "--json"]])
def test_half_a_character_in_a_pass_stops_no_command(
    run, tmp_path, files, packed, signer, at, signing, arguments
):
    content = json.loads(files["pass.json"])
    content |= {"organizationName": "\ud800x", "\udfff": 1, "serialNumber": "\ud800" * 20}
    mine = {"pass.json": json.dumps(content).encode(), "icon.png": files["icon.png"]}
    sums = {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in mine.items()
    }
    mine["manifest.json"] = json.dumps(sums).encode()
    mine["signature"] = signer.sign(mine["manifest.json"], at=at)
    path = tmp_path / "half.pkpass"
    path.write_bytes(packed(mine))
    command, *options = arguments
    said = run(command, path, *options, *signing[-2:])[1]
    assert said.encode()


def test_a_terminal_without_utf8_is_told_all_the_same(file):
    done = subprocess.run(
        [sys.executable, "-m", "passkit", "lint", str(file)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == REFUSED
    assert b"signature-not-trusted" in done.stdout
    assert b"Traceback" not in done.stderr


def test_colours_are_there_when_they_are_wanted(run, file):
    assert "\x1b[31m" in run("lint", file, is_colored=True)[1]


def test_a_missing_file_is_the_commands_fault(run, tmp_path):
    code, _, complaint = run("lint", tmp_path / "none.pkpass")
    assert code == WRONG
    assert "none.pkpass" in complaint


def test_the_help_tells_whose_time_an_ec_key_signs(capsys):
    with pytest.raises(SystemExit):
        main(["build", "--help"], now=None, is_colored=False)
    assert "EC key" in " ".join(capsys.readouterr().out.split())


def test_the_module_runs_and_explains_itself():
    command = [sys.executable, "-m", "passkit", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for each in ("build", "inspect", "verify", "lint", "exit codes"):
        assert each in done.stdout
