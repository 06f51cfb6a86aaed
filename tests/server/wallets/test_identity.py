"""Loading the pass certificate."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from passkit.certificates import is_issued_by, load_certificate, load_key
from passkit.throwaway import Authority
from server.errors import SettingsError
from server.wallets.identity import load, refuse_throwaway


@pytest.fixture
def files(settings, authority, clock, tmp_path):
    """Settings that name files of the operator's own, and what is in them."""
    issued = authority.issue_pass_certificate("pass.fi.own.card", "OWNTEAM123", at=clock())
    paths = {name: tmp_path / f"{name}.pem" for name in ("certificate", "key", "wwdr")}
    paths["certificate"].write_bytes(issued.certificate_pem)
    paths["key"].write_bytes(issued.key_pem)
    paths["wwdr"].write_bytes(authority.intermediate_pem)
    return replace(settings, **{f"apple_{name}_file": path for name, path in paths.items()})


def test_throwaway_certificates_are_made_once(settings, clock):
    first, second = load(settings, at=clock()), load(settings, at=clock())
    assert first.certificate_pem == second.certificate_pem
    assert first.is_throwaway
    assert first.pass_type_identifier == "pass.test.leima.sandbox"
    assert first.team_identifier == "LEIMATEST1"


def test_throwaway_keys_are_readable_by_us_alone(settings, clock):
    load(settings, at=clock())
    made = list((settings.data_dir / "throwaway").iterdir())
    assert {path.stat().st_mode & 0o077 for path in made} == {0}
    assert sorted(path.name for path in made) == [
        "authority.pem",
        "pass_certificate.pem",
        "root.pem",
    ]


def test_processes_starting_together_agree(settings, clock):
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: load(settings, at=clock()), range(4)))
    assert len({identity.certificate_pem for identity in loaded}) == 1


def test_an_expired_throwaway_certificate_is_renewed(settings, clock):
    first = load(settings, at=clock())
    clock.move(days=400)
    second = load(settings, at=clock())
    second.signer.check(clock())
    assert second.certificate_pem != first.certificate_pem


def test_the_certificate_follows_a_new_authority(settings, clock):
    load(settings, at=clock())
    (settings.data_dir / "throwaway" / "authority.pem").unlink()
    renewed = load_certificate(load(settings, at=clock()).certificate_pem)
    authority = Authority.load_or_create(settings.data_dir / "throwaway", at=clock())
    assert is_issued_by(renewed, authority.intermediate)


def test_own_files_decide_pass_type_and_team(files, clock):
    identity = load(files, at=clock())
    assert identity.pass_type_identifier == "pass.fi.own.card"
    assert identity.team_identifier == "OWNTEAM123"
    assert not (files.data_dir / "throwaway").exists()


def test_a_locked_key_in_der_and_pem_works_for_signing_and_pushing(files, clock):
    certificate = load_certificate(files.apple_certificate_file.read_bytes())
    files.apple_certificate_file.write_bytes(certificate.public_bytes(Encoding.DER))
    key = load_key(files.apple_key_file.read_bytes())
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sala-sana")
    )
    files.apple_key_file.write_bytes(locked)
    identity = load(replace(files, apple_key_password="sala-sana"), at=clock())
    assert identity.certificate_pem.startswith(b"-----BEGIN CERTIFICATE")
    assert load_key(identity.key_pem).public_key() == certificate.public_key()


def test_a_wrong_key_password_is_told(files, clock):
    key = load_key(files.apple_key_file.read_bytes())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a"))
    files.apple_key_file.write_bytes(locked)
    with pytest.raises(SettingsError, match="password"):
        load(replace(files, apple_key_password="b"), at=clock())


@pytest.mark.parametrize("kind", ["certificate", "key"])
def test_certificate_and_key_come_together(files, clock, kind):
    with pytest.raises(SettingsError, match=f"LEIMA_APPLE_{kind.upper()}_FILE is missing"):
        load(replace(files, **{f"apple_{kind}_file": None}), at=clock())


def test_a_key_of_another_certificate_is_refused(files, authority, clock):
    other = authority.issue_pass_certificate("pass.fi.own.card", "OWNTEAM123", at=clock())
    files.apple_key_file.write_bytes(other.key_pem)
    with pytest.raises(SettingsError, match="belongs to another certificate"):
        load(files, at=clock())


def test_apples_own_intermediate_is_the_default(files, clock):
    with pytest.raises(SettingsError, match="the one that issued it"):
        load(replace(files, apple_wwdr_file=None), at=clock())


def test_an_unreadable_file_is_told(files, clock):
    files.apple_certificate_file.unlink()
    with pytest.raises(SettingsError, match="certificate"):
        load(files, at=clock())


def test_production_refuses_throwaway_certificates_also_as_own_files(files, settings, clock):
    for given in (files, settings):
        with pytest.raises(SettingsError, match="--production"):
            refuse_throwaway(load(given, at=clock()))


def test_an_identity_never_shows_its_key(settings, clock):
    assert "PRIVATE" not in repr(load(settings, at=clock()))


def test_an_expired_certificate_is_loaded_all_the_same(files, clock):
    """The till goes on; only signing fails, and says why."""
    identity = load(files, at=clock() + timedelta(days=4000))
    assert identity.signer.not_after < clock() + timedelta(days=4000)
