"""`leima certificate request`, `install` and `list`, as somebody types them."""

import io
import re
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)

from passkit.certificates import load_certificate, load_key
from passkit.throwaway import Authority
from server import cli, clock
from tests.conftest import PASS_TYPE, TEAM


@pytest.fixture(scope="module")
def authority():
    return Authority.create(at=clock.now())


@pytest.fixture
def leima(monkeypatch, tmp_path, authority, capsys):
    """Runs a command; what it printed, after its exit code when that is not 0."""
    (tmp_path / "wwdr.pem").write_bytes(authority.intermediate_pem)
    monkeypatch.setenv("LEIMA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LEIMA_APPLE_WWDR_FILE", str(tmp_path / "wwdr.pem"))

    def run(line: str, stdin: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = cli.main(shlex.split(line))
        printed = capsys.readouterr()
        assert "PRIVATE" not in printed.out + printed.err
        return printed.out if code == 0 else f"{code} {printed.out}{printed.err}"

    return run


@pytest.fixture
def apple(authority, tmp_path):
    """Gives the .cer for a key, of which it needs nothing but the public half."""

    def sign(key_path, *, pass_type=PASS_TYPE, days=395, starts=0):
        key = load_key(Path(key_path).read_bytes())
        issued = authority.issue_pass_certificate(
            pass_type, TEAM, at=clock.now() + timedelta(days=starts), valid_days=days, key=key
        )
        der = load_certificate(issued.certificate_pem).public_bytes(Encoding.DER)
        (tmp_path / "pass.cer").write_bytes(der)
        return tmp_path / "pass.cer"

    return sign


def row(printed: str, label: str) -> str:
    found = re.search(rf"(?m)^  {label} +(\S+)", printed)
    assert found, printed
    return found.group(1)


def test_from_nothing_to_a_certificate_that_signs(leima, apple):
    assert leima("certificate list").startswith("1 ")
    printed = leima("certificate request --name Kahvila --email kahvila@example.com")
    key = row(printed, "Key")
    assert x509.load_pem_x509_csr(Path(row(printed, "Request")).read_bytes()).is_signature_valid
    assert "leima certificate install" in printed
    assert "waits" in leima("certificate list")
    assert "leima run --production" in leima(f"certificate install {apple(key)}")
    listed = leima("certificate list")
    assert f"signs   {PASS_TYPE}" in listed
    assert "waits" not in listed


def test_a_renewal_lists_old_and_new(leima, apple):
    for days in (30, 395):
        key = row(leima("certificate request"), "Key")
        printed = leima(f"certificate install {apple(key, days=days)}")
    assert "It signs from now on" in printed
    listed = leima("certificate list")
    assert [line.split()[0] for line in listed.splitlines()] == ["good", "signs"]


def test_a_shorter_one_is_installed_but_does_not_sign(leima, apple):
    for days in (395, 30):
        key = row(leima("certificate request"), "Key")
        printed = leima(f"certificate install {apple(key, days=days)}")
    assert "goes on signing: it is good for longer" in printed


def states(listed: str) -> list[str]:
    return re.findall(r"(?m)^(?:1 )?  (\w+(?: yet)?) +pass\.", listed)


def test_one_that_begins_later_and_lasts_longer_takes_over_on_its_day(leima, apple):
    leima(f"certificate install {apple(row(leima('certificate request'), 'Key'), days=30)}")
    key = row(leima("certificate request"), "Key")
    printed = leima(f"certificate install {apple(key, starts=3)}")
    day = clock.now() + timedelta(days=3, hours=-1)
    assert f"It signs from {day:%Y-%m-%d} on" in printed
    assert "goes on signing until then" in printed
    assert "good for longer" not in printed
    assert states(leima("certificate list")) == ["signs", "not yet"]


def test_one_that_begins_later_and_ends_earlier_never_signs(leima, apple):
    leima(f"certificate install {apple(row(leima('certificate request'), 'Key'))}")
    key = row(leima("certificate request"), "Key")
    printed = leima(f"certificate install {apple(key, starts=3, days=30)}")
    assert "goes on signing: it is good for longer" in printed
    assert sorted(states(leima("certificate list"))) == ["not yet", "signs"]


def test_a_first_one_that_begins_later_does_not_sign_yet(leima, apple):
    key = row(leima("certificate request"), "Key")
    printed = leima(f"certificate install {apple(key, starts=3)}")
    assert "Nothing signs until then" in printed
    assert "leima run --production" not in printed
    listed = leima("certificate list")
    assert listed.startswith("1 ")
    assert states(listed) == ["not yet"]


def test_a_p12s_password_may_come_by_standard_input(leima, tmp_path, authority):
    issued = authority.issue_pass_certificate(PASS_TYPE, TEAM, at=clock.now())
    made = x509.load_pem_x509_certificate(issued.certificate_pem)
    (tmp_path / "card.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"", load_key(issued.key_pem), made, None, BestAvailableEncryption(b"kahvi")
        )
    )
    line = f"certificate install {tmp_path}/card.p12 --password-stdin"
    assert leima(line, stdin="tee\n").startswith("2 ")
    assert f"Pass type  {PASS_TYPE}" in leima(line, stdin="kahvi\n")


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_no_certificate_is_told_with_its_name(leima, tmp_path, content):
    (tmp_path / "some.cer").write_bytes(content)
    assert re.match(r"2 .*some\.cer: ", leima(f"certificate install {tmp_path}/some.cer"))


def test_a_file_that_is_not_there_is_told(leima, tmp_path):
    assert leima(f"certificate install {tmp_path}/none.cer").startswith("2 leima: a certificate")
