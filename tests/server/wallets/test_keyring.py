"""The operator's certificates and keys: requested, installed, renewed."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs12,
)

from passkit.certificates import key_to_pem, load_certificate, load_key
from passkit.throwaway import Authority
from server.errors import SettingsError
from server.wallets import keyring

CARD, TEAM = "pass.fi.own.card", "OWNTEAM123"


@pytest.fixture
def apple(authority, clock, tmp_path):
    """Does what Apple does with a request: gives the .cer file of a certificate."""

    def sign(csr, *, pass_type=CARD, name="pass.cer", by=authority, **dates):
        request = x509.load_pem_x509_csr(csr.read_bytes())
        key = PublicOnly(request.public_key())
        issued = by.issue_pass_certificate(pass_type, TEAM, **{"at": clock(), "key": key, **dates})
        path = tmp_path / name
        der = load_certificate(issued.certificate_pem).public_bytes(Encoding.DER)
        path.write_bytes(der)
        return path

    return sign


class PublicOnly:
    """All that Apple knows of a key."""

    def __init__(self, public):
        self._public = public

    def public_key(self):
        return self._public

    def private_bytes(self, *_):
        return b""


@pytest.fixture
def wwdr(authority, tmp_path):
    """The intermediate; it stands in for the one that is built in."""
    path = tmp_path / "wwdr.pem"
    path.write_bytes(authority.intermediate_pem)
    return path


@pytest.fixture
def own(settings, wwdr):
    return replace(settings, apple_wwdr_file=wwdr)


@pytest.fixture
def request_(own, clock):
    return lambda settings=own: keyring.request(settings, name="Leima", email=None, at=clock())


@pytest.fixture
def renew(own, apple, clock, request_):
    """Requests and installs a certificate for so many days from now."""

    def make(days=395, settings=own):
        _, csr = request_(settings)
        return keyring.install(settings, apple(csr, valid_days=days), at=clock())

    return make


def files(settings):
    return sorted(path.name for path in (settings.data_dir / "certificates").iterdir())


def test_a_request_leaves_a_key_for_its_owner_alone(own, request_):
    key, csr = request_()
    assert [path.stat().st_mode & 0o777 for path in (key, csr, key.parent)] == [0o600, 0o600, 0o700]
    public = load_key(key.read_bytes()).public_key()
    assert x509.load_pem_x509_csr(csr.read_bytes()).public_key() == public
    assert keyring.requests(own) == [csr]


def test_no_request_takes_the_place_of_another(own, request_):
    keys = {request_()[0].read_bytes() for _ in range(3)}
    assert len(keys) == len(keyring.requests(own)) == 3


def test_a_folder_that_cannot_be_written_is_told(own, request_):
    (own.data_dir / "certificates").write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match="cannot be used"):
        request_()


def test_apples_file_finds_its_key_among_others(own, request_, apple, clock):
    request_()
    key, csr = request_()
    pair = keyring.install(own, apple(csr), at=clock())
    assert pair.issued_for == (CARD, TEAM)
    assert pair.key_pem.strip() in pair.path.read_bytes()
    assert pair.path.stat().st_mode & 0o777 == 0o600
    assert not key.exists()
    assert not csr.exists()
    assert len(keyring.requests(own)) == 1, "the other request still waits"
    assert keyring.choose(own, at=clock()).certificate == pair.certificate


def test_the_same_file_twice_is_one_certificate(own, request_, apple, clock):
    _, csr = request_()
    cer = apple(csr)
    assert keyring.install(own, cer, at=clock()) == keyring.install(own, cer, at=clock())
    assert len(files(own)) == 1


def test_without_its_key_a_certificate_is_refused_with_the_way_on(own, request_, apple, clock):
    key, csr = request_()
    cer = apple(csr)
    key.unlink()
    with pytest.raises(SettingsError, match="leima certificate request") as refusal:
        keyring.install(own, cer, at=clock())
    assert str(own.data_dir) in str(refusal.value)


def test_the_key_that_the_settings_name_may_be_used_again(own, apple, request_, clock, tmp_path):
    key, csr = request_()
    key.rename(tmp_path / "pass.key")
    named = replace(own, apple_key_file=tmp_path / "pass.key")
    cer = apple(csr)
    named = replace(named, apple_certificate_file=cer)
    assert keyring.install(named, cer, at=clock()).path.parent.name == "certificates"


def test_a_p12_brings_its_key_and_its_intermediate(settings, authority, clock, tmp_path):
    issued = authority.issue_pass_certificate(CARD, TEAM, at=clock())
    data = pkcs12.serialize_key_and_certificates(
        b"",
        load_key(issued.key_pem),
        load_certificate(issued.certificate_pem),
        [authority.root, authority.intermediate],
        BestAvailableEncryption(b"kahvi"),
    )
    (tmp_path / "Certificates.p12").write_bytes(data)
    with pytest.raises(SettingsError, match=r"Certificates\.p12: .* wrong"):
        keyring.install(settings, tmp_path / "Certificates.p12", at=clock(), p12_password="tee")
    pair = keyring.install(
        settings, tmp_path / "Certificates.p12", at=clock(), p12_password="kahvi"
    )
    assert pair.signer(None).pass_type_identifier == CARD


def test_a_locked_key_stays_locked(own, request_, apple, clock):
    locked = replace(own, apple_key_password="sala-sana")
    _, csr = request_(locked)
    cer = apple(csr)
    with pytest.raises(SettingsError, match="LEIMA_APPLE_KEY_PASSWORD"):
        keyring.install(own, cer, at=clock())
    pair = keyring.install(locked, cer, at=clock())
    assert b"ENCRYPTED PRIVATE KEY" in pair.path.read_bytes()
    assert pair.signer("sala-sana").team_identifier == TEAM


def test_a_p12s_key_is_locked_by_the_services_own_password(own, authority, clock, tmp_path):
    issued = authority.issue_pass_certificate(CARD, TEAM, at=clock())
    certificate, key = load_certificate(issued.certificate_pem), load_key(issued.key_pem)
    (tmp_path / "a.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"", key, certificate, None, NoEncryption())
    )
    locked = replace(own, apple_key_password="sala-sana")
    pair = keyring.install(locked, tmp_path / "a.p12", at=clock())
    assert b"ENCRYPTED PRIVATE KEY" in pair.path.read_bytes()


def test_a_pem_of_both_is_installed_whole(own, authority, clock, tmp_path):
    """As openssl makes it of a .p12: with words around what counts."""
    issued = authority.issue_pass_certificate(CARD, TEAM, at=clock())
    words = b"Bag Attributes\n    localKeyID: D5 84\nsubject=UID = pass\n"
    (tmp_path / "card.pem").write_bytes(words + issued.certificate_pem + words + issued.key_pem)
    pair = keyring.install(own, tmp_path / "card.pem", at=clock())
    assert b"Bag" not in pair.path.read_bytes()
    assert keyring.choose(own, at=clock()).certificate == pair.certificate


def test_a_certificate_of_a_wrong_intermediate_is_refused(settings, request_, apple, clock):
    _, csr = request_(settings)
    with pytest.raises(SettingsError, match="but the intermediate given is"):
        keyring.install(settings, apple(csr), at=clock())
    assert len(files(settings)) == 2, "key and request are kept"


def test_another_intermediate_is_kept_with_its_certificate(settings, request_, apple, clock, wwdr):
    _, csr = request_(settings)
    keyring.install(settings, apple(csr), at=clock(), intermediate=wwdr)
    wwdr.unlink()
    assert keyring.choose(settings, at=clock()).signer(None).pass_type_identifier == CARD


def test_another_pass_type_would_be_the_end_of_the_cards_and_is_refused(
    own, renew, request_, apple, clock
):
    renew()
    _, csr = request_()
    with pytest.raises(SettingsError, match=rf"pass\.fi\.other.*{CARD}"):
        keyring.install(own, apple(csr, pass_type="pass.fi.other"), at=clock())


def test_an_ended_certificate_is_not_installed(own, request_, apple, clock):
    _, csr = request_()
    cer = apple(csr, valid_days=10)
    clock.move(days=11)
    with pytest.raises(SettingsError, match="has expired"):
        keyring.install(own, cer, at=clock())


def test_old_and_new_overlap_and_the_one_that_is_good_for_longest_signs(own, renew, clock):
    old = renew(days=100)
    clock.move(days=80)
    new = renew(days=395)
    assert old.path.exists()
    assert keyring.choose(own, at=clock()).certificate == new.certificate
    assert keyring.choose(own, at=clock() - timedelta(days=1)).certificate == old.certificate
    assert keyring.choose(own, at=clock() + timedelta(days=300)).certificate == new.certificate


def test_when_all_have_ended_the_last_one_tells_so(own, renew, clock):
    renew(days=10), renew(days=20)
    clock.move(days=50)
    last = keyring.choose(own, at=clock())
    assert last.certificate.not_valid_after_utc == clock() - timedelta(days=30)
    assert not last.is_good(clock())


@pytest.fixture
def two_types(own, renew, authority, clock, tmp_path):
    """Somebody copied in what belongs to another service."""
    renew()
    issued = authority.issue_pass_certificate("pass.fi.other", TEAM, at=clock(), valid_days=900)
    both = issued.certificate_pem + issued.key_pem
    (own.data_dir / "certificates" / "other.pem").write_bytes(both)
    (tmp_path / "mine.pem").write_bytes(both)
    return tmp_path / "mine.pem"


def test_between_two_pass_types_nobody_guesses(own, two_types, clock):
    with pytest.raises(SettingsError, match=r"pass\.fi\.other of team .*, pass\.fi\.own"):
        keyring.choose(own, at=clock())


def test_what_the_settings_name_decides_between_pass_types(own, two_types, clock):
    named = replace(own, apple_certificate_file=two_types, apple_key_file=two_types)
    assert keyring.choose(named, at=clock()).issued_for[0] == "pass.fi.other"


def test_a_renewal_goes_before_the_files_that_the_settings_name(own, renew, clock, tmp_path):
    old = renew(days=50)
    shutil.move(old.path, tmp_path / "named.pem")
    path = tmp_path / "named.pem"
    named = replace(own, apple_certificate_file=path, apple_key_file=path)
    assert keyring.choose(named, at=clock()).path == path
    new = renew(days=395, settings=named)
    assert keyring.choose(named, at=clock()).certificate == new.certificate


@pytest.mark.parametrize("spoil", [lambda pem: b"", lambda pem: pem[: len(pem) // 2]])
def test_a_damaged_file_is_named(own, renew, clock, spoil):
    pair = renew()
    pair.path.write_bytes(spoil(pair.path.read_bytes()))
    with pytest.raises(SettingsError, match=pair.path.name):
        keyring.choose(own, at=clock())


def test_a_certificate_of_another_kind_in_the_folder_is_named(own, renew, clock):
    pair = renew()
    issued = Authority.create(at=clock()).issue_server_certificate(["127.0.0.1"], at=clock())
    pair.path.with_name("tls.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    with pytest.raises(SettingsError, match=r"tls\.pem"):
        keyring.choose(own, at=clock())


def test_a_pair_never_shows_its_key(renew):
    assert "PRIVATE" not in repr(renew())


def test_a_name_that_does_not_fit_is_told(own, clock):
    with pytest.raises(SettingsError, match="--name"):
        keyring.request(own, name="x" * 65, email=None, at=clock())


def test_keys_are_kept_as_they_are(own, renew):
    pair = renew()
    assert key_to_pem(load_key(pair.key_pem)) == pair.key_pem
