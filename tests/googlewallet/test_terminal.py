"""`python -m googlewallet`, as somebody meets it in a terminal."""

import json
import subprocess
import sys

import pytest
from jwt.utils import base64url_encode

from googlewallet.terminal import OK, REFUSED, WRONG, main
from tests.googlewallet.bodies import SMALLEST

CLAIMS = {
    "iss": "leima@project.example",
    "aud": "google",
    "typ": "savetowallet",
    "iat": 1795341600,
    "payload": {"loyaltyObjects": [{"id": "33.card"}], "offerObjects": [{"id": "33.offer"}]},
}


@pytest.fixture
def run(capsys):
    """A command with its exit code, what it said, and what it complained of."""

    def start(*arguments):
        code = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return start


@pytest.fixture
def check(run, tmp_path):
    """`check` of a body."""

    def start(body, *options):
        file = tmp_path / "card.json"
        file.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")
        return run("check", file, *options)

    return start


def link(claims, *, algorithm="RS256", **header):
    """A link as it might arrive; who signed it is not looked at."""
    parts = ({"alg": algorithm, **header}, claims)
    spelt = [base64url_encode(json.dumps(each).encode()).decode() for each in parts]
    return f"https://pay.google.com/gp/v/save/{'.'.join([*spelt, 'c2lnbmVk'])}"


@pytest.mark.parametrize("kind", SMALLEST)
def test_what_is_right_is_told_so(check, kind):
    name = kind[0].lower() + kind[1:]
    code, said, _ = check(SMALLEST[kind], "--kind", name)
    assert code == OK
    assert name in said
    assert "Nothing to be said against it" in said


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        ("LoyaltyClass", {}),
        ("LoyaltyObject", {"loyaltyPoints": {"balance": {"int": 8}}}),
        ("OfferClass", {}),
        ("OfferObject", {"disableExpirationNotification": True}),
        ("GenericClass", {}),
        ("GenericObject", {}),
    ],
)
def test_what_it_is_shows_by_itself(check, kind, mark):
    code, said, _ = check(SMALLEST[kind] | mark)
    assert code == OK
    assert said.lower().startswith(kind.lower())


def test_every_fault_is_told(check):
    wrong = SMALLEST["LoyaltyObject"] | {"accountName": 5, "state": "active", "hasUsers": True}
    code, said, _ = check(wrong)
    assert code == REFUSED
    for path in ("accountName", "state", "hasUsers"):
        assert f"✗ {path}: " in said


def test_a_warning_is_no_refusal(check):
    code, said, _ = check(SMALLEST["LoyaltyObject"] | {"accountName": "x" * 21})
    assert code == OK
    assert "! accountName: has 21 characters, and 20 are shown" in said


def test_a_payload_is_judged_one_by_one(check):
    good, bad = SMALLEST["LoyaltyObject"], SMALLEST["LoyaltyObject"] | {"state": "?"}
    code, said, _ = check({"loyaltyObjects": [good, bad], "offerClasses": [SMALLEST["OfferClass"]]})
    assert code == REFUSED
    assert "loyaltyObjects[1]: loyaltyObject" in said
    assert "offerClasses[0]: offerClass" in said
    assert said.count("✗") == 1


def test_http_is_for_those_who_ask_for_it(check):
    logo = {"sourceUri": {"uri": "http://127.0.0.1:8000/logo.png"}}
    body = SMALLEST["LoyaltyClass"] | {"programLogo": logo}
    assert check(body)[0] == REFUSED
    assert check(body, "--allow-http")[0] == OK


@pytest.mark.parametrize("content", ["{", "[]", "5", '{"loyaltyObjects": [5]}', "[" * 100_000])
def test_a_file_that_holds_nothing_to_judge_is_no_refusal(check, content):
    code, _, complaint = check(content)
    assert code == WRONG
    assert complaint.startswith("googlewallet: ")


def test_a_file_that_is_not_there_is_told(run, tmp_path):
    code, _, complaint = run("check", tmp_path / "nothing.json")
    assert code == WRONG
    assert "nothing.json" in complaint


def test_what_is_told_does_not_move_the_cursor(check):
    _, said, _ = check(SMALLEST["LoyaltyObject"] | {"\x1b[2J": 1, "accountName": "\x9b" * 21})
    assert "\\x1b[2J" in said
    assert not {"\x1b", "\x9b"} & set(said)


def test_a_link_tells_what_it_holds(run):
    code, said, _ = run("link", link(CLAIMS, kid="4f"))
    assert code == OK
    for told in ("RS256", "4f", "leima@project.example", "33.card", "33.offer", "1,800 are safe"):
        assert told in said
    assert "2026-11-22 10:00:00 UTC" in said


def test_the_jwt_alone_will_do(run):
    assert run("link", link(CLAIMS).rpartition("/")[2])[0] == OK


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        (CLAIMS | {"aud": "apple"}, "aud is not 'google'"),
        (CLAIMS | {"aud": ["google"]}, "aud is not 'google'"),
        (CLAIMS | {"typ": "JWT"}, "typ is not 'savetowallet'"),
        (CLAIMS | {"iat": "1795341600"}, "iat is no whole number"),
        (CLAIMS | {"iat": 1e300}, "iat is no whole number"),
        (CLAIMS | {"iss": None}, "iss is missing"),
        (CLAIMS | {"payload": {}}, "holds no class and no object"),
        (CLAIMS | {"payload": "x"}, "holds no class and no object"),
        (CLAIMS | {"origins": ["https://kahvila.example"] * 60}, "characters too long"),
    ],
)
def test_a_link_that_google_would_not_save_is_refused(run, claims, fault):
    code, said, _ = run("link", link(claims))
    assert code == REFUSED
    assert fault in said


def test_a_link_of_another_algorithm_is_refused(run):
    code, said, _ = run("link", link(CLAIMS, algorithm="HS256"))
    assert (code, "alg is not RS256" in said) == (REFUSED, True)


@pytest.mark.parametrize("text", ["", "https://pay.google.com/gp/v/save/", "33.card", "a.b.c"])
def test_what_is_no_link_is_told(run, text):
    code, _, complaint = run("link", text)
    assert (code, "JWT" in complaint) == (WRONG, True)


def test_it_runs_as_a_program(tmp_path):
    file = tmp_path / "card.json"
    file.write_text(json.dumps(SMALLEST["LoyaltyObject"]), "utf-8")
    command = [sys.executable, "-m", "googlewallet", "check", str(file)]
    environment = {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == OK
    assert "? Nothing to be said against it." in done.stdout
