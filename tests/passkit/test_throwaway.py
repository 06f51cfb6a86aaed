"""Certificates for tests and the sandbox."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from passkit import UnreadableCertificate
from passkit.certificates import is_issued_by, load_certificate, load_key
from passkit.throwaway import (
    PASS_SIGNING_USAGE,
    PASS_TYPE_EXTENSION,
    Authority,
    is_throwaway,
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory, at):
    folder = tmp_path_factory.mktemp("authority")
    Authority.load_or_create(folder, at=at)
    return folder


def openssl_verifies(folder, *options: str) -> bool:
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-CAfile", "root.pem", *options],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_a_pass_certificate_carries_apples_marks(issued):
    extensions = load_certificate(issued.certificate_pem).extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {PASS_SIGNING_USAGE, ExtendedKeyUsageOID.CLIENT_AUTH}
    marked = extensions.get_extension_for_oid(PASS_TYPE_EXTENSION).value
    assert marked.value == b"\x0c\x14pass.test.leima.card"


def test_everything_made_is_known_as_throw_away(authority, issued, at):
    server = authority.issue_server_certificate(["localhost"], at=at)
    for pem in (
        authority.root_pem,
        authority.intermediate_pem,
        issued.certificate_pem,
        server.certificate_pem,
    ):
        assert is_throwaway(load_certificate(pem))


def test_openssl_accepts_what_is_made(authority, issued, at, tmp_path):
    server = authority.issue_server_certificate(["localhost", "127.0.0.1", "::1"], at=at)
    for name, data in (
        ("root", authority.root_pem),
        ("intermediate", authority.intermediate_pem),
        ("leaf", issued.certificate_pem),
        ("server", server.certificate_pem),
    ):
        (tmp_path / f"{name}.pem").write_bytes(data)
    leaf = ("-untrusted", "intermediate.pem", "leaf.pem")
    assert openssl_verifies(tmp_path, "-purpose", "sslclient", *leaf)
    for name in ("-verify_hostname=localhost", "-verify_ip=127.0.0.1", "-verify_ip=::1"):
        assert openssl_verifies(tmp_path, "-purpose", "sslserver", *name.split("="), "server.pem")
    assert not openssl_verifies(tmp_path, "-verify_hostname", "other.example", "server.pem")


def test_a_certificate_can_be_renewed_with_its_key(authority, issued, at):
    key = load_key(issued.key_pem)
    again = authority.issue_pass_certificate("pass.a.b", "TEAM", at=at, key=key)
    assert again.key_pem == issued.key_pem


def test_a_very_long_pass_type_is_taken(authority, issued, at):
    key, name = load_key(issued.key_pem), "pass." + "x" * 100
    made = authority.issue_pass_certificate(name, "TEAM", at=at, key=key)
    assert is_issued_by(load_certificate(made.certificate_pem), authority.intermediate)


def test_a_kept_authority_comes_back(folder, at):
    first, again = (Authority.load_or_create(folder, at=at) for _ in range(2))
    assert first.root_pem == again.root_pem
    assert (folder / "root.pem").read_bytes() == first.root_pem
    assert first.intermediate_key.public_key() == first.intermediate.public_key()


def test_keys_are_for_their_owner_only(folder):
    mode = (folder / "authority.pem").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_missing_root_file_is_written_again(folder, at):
    (folder / "root.pem").unlink()
    kept = Authority.load_or_create(folder, at=at)
    assert (folder / "root.pem").read_bytes() == kept.root_pem


def test_an_authority_near_its_end_is_replaced(tmp_path, folder, at):
    (tmp_path / "authority.pem").write_bytes((folder / "authority.pem").read_bytes())
    old = Authority.load_or_create(tmp_path, at=at + timedelta(days=3200))
    new = Authority.load_or_create(tmp_path, at=at + timedelta(days=3300))
    assert old.root_pem == (folder / "root.pem").read_bytes()
    assert new.root_pem != old.root_pem
    assert (tmp_path / "root.pem").read_bytes() == new.root_pem


def test_processes_that_start_together_share_one_authority(tmp_path, at):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: Authority.load_or_create(tmp_path, at=at), range(4)))
    assert len({each.root_pem for each in made}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authority.pem", "root.pem"]


def test_a_damaged_file_says_what_to_do(tmp_path, at):
    (tmp_path / "authority.pem").write_text("hello")
    with pytest.raises(UnreadableCertificate, match="delete"):
        Authority.load_or_create(tmp_path, at=at)
