"""A renewed certificate under a running service: nothing dies, nobody is told, nobody restarts."""

from dataclasses import replace
from datetime import timedelta

import pytest

import passkit
from passkit.throwaway import Authority
from server import deliveries
from server.app import create_app
from server.wallets import keyring
from server.wallets.identity import Identities
from server.worker import Worker
from tests.conftest import PASS_TYPE, TEAM


@pytest.fixture
def renew(services, authority, clock, tmp_path):
    """Installs a certificate, which ends after so many days."""

    def make(days=395, *, by=authority, pass_type=PASS_TYPE):
        issued = by.issue_pass_certificate(pass_type, TEAM, at=clock(), valid_days=days)
        file = tmp_path / "card.pem"
        file.write_bytes(issued.certificate_pem + by.intermediate_pem + issued.key_pem)
        return keyring.install(services.settings, file, at=clock())

    return make


@pytest.fixture
def holder(services, renew):
    """What a running service knows; it looks at the files each time it is asked."""
    renew(days=50)
    return Identities(services.settings, services.now, look_seconds=0)


@pytest.fixture
def phone(ledger, phones, services, holder):
    phone = phones.new(ledger.card)
    phone.client = create_app(services, identity=holder).test_client()
    phone.register()
    return phone


def signature(answer, authority):
    return passkit.read(answer.data, root_pem=authority.root_pem).signature


def test_passes_are_signed_anew_as_they_are_fetched_and_nothing_else_moves(
    phone, renew, authority, clock, services
):
    before = phone.fetch()
    tag = phone.list().json["lastUpdated"]
    new = renew()
    after = phone.fetch()
    assert signature(after, authority).certificate == new.certificate
    assert signature(after, authority).certificate != signature(before, authority).certificate
    assert after.headers["Last-Modified"] == before.headers["Last-Modified"]
    held = before.headers["Last-Modified"]
    assert phone.fetch(If_Modified_Since=held).status_code == 304
    assert phone.list(tag).status_code == 204
    assert deliveries.owed(services.database) == 0


def test_when_the_old_one_ends_phones_notice_nothing(phone, renew, clock, authority):
    clock.move(days=40)
    new = renew()
    clock.move(days=11)
    assert signature(phone.fetch(), authority).certificate == new.certificate


def test_a_new_one_of_tomorrow_waits_while_the_old_one_is_good(
    phone, renew, clock, authority, holder
):
    old = holder.current().certificate_pem
    clock.move(days=2)
    renew()
    clock.move(days=-1)
    assert phone.fetch().status_code == 200
    assert holder.current().certificate_pem == old


def test_what_cannot_be_used_leaves_the_old_one_at_work_and_is_said_once(
    phone, holder, services, caplog
):
    broken = services.settings.data_dir / "certificates" / "broken.pem"
    broken.write_bytes(b"half a file")
    for _ in range(3):
        assert phone.fetch().status_code == 200
    assert caplog.text.count("apple.certificate_not_taken") == 1
    assert "broken.pem" in caplog.text
    broken.unlink()
    assert phone.fetch().status_code == 200


def test_a_certificate_for_other_cards_is_not_taken(phone, holder, services, renew, caplog):
    for path in (services.settings.data_dir / "certificates").glob("*.pem"):
        path.unlink()
    renew(pass_type="pass.fi.other")
    assert phone.fetch().status_code == 200
    assert holder.current().pass_type_identifier == PASS_TYPE
    assert "pass.fi.other" in caplog.text


def test_the_files_are_not_looked_at_with_every_request(services, renew):
    renew(days=50)
    rare = Identities(services.settings, services.now, look_seconds=3600)
    first = rare.current()
    renew()
    assert rare.current() is first


def test_a_trial_does_not_become_the_real_thing_while_it_runs(services, clock, tmp_path):
    holder = Identities(services.settings, services.now, look_seconds=0)
    assert holder.current().is_throwaway
    assert holder.current() is holder.current()


def test_pushes_go_on_under_the_new_certificate_without_a_restart(
    services, apns, authority, ledger, clock, renew, desk
):
    """The old one is one that the push service does not take any more."""
    stranger = Authority.create(at=clock())
    renew(days=50, by=stranger)
    holder = Identities(desk.services.settings, services.now, look_seconds=0)
    desk.worker.stop()
    desk.worker = Worker(desk.services, holder)
    token = desk.phone(ledger.card, "t" * 64)
    ledger.stamp()
    desk.run_until(lambda: desk.delivery(token).error != "")
    assert desk.pushed() == []
    renew()
    desk.drain()
    assert desk.pushed() == [token]


@pytest.mark.parametrize(
    ("left", "levels"),
    [(61, []), (60, ["WARNING"]), (30, ["WARNING"]), (8, ["WARNING"]), (7, ["ERROR"])],
)
def test_the_log_says_once_a_day_that_the_end_comes_near(
    services, identity, clock, caplog, left, levels
):
    clock.at = identity.signer.not_after - timedelta(days=left)
    worker = Worker(services, identity)
    for _ in range(3):
        worker.step()
    worker.stop()
    assert [r.levelname for r in caplog.records if "certificate_ends" in r.message] == levels


def test_a_renewal_ends_the_alarm(services, renew, holder, clock, caplog):
    worker = Worker(services, holder)
    worker.step()
    assert "in 50 days" in caplog.text
    renew()
    caplog.clear()
    worker.step()
    clock.move(days=1)
    worker.step()
    worker.stop()
    assert "certificate_ends" not in caplog.text


@pytest.fixture
def named(services, renew, authority, tmp_path):
    """Settings that name a file with certificate and key, as a configuration tool writes it."""
    path = renew(days=50).path.rename(tmp_path / "named.pem")
    wwdr = tmp_path / "wwdr.pem"
    wwdr.write_bytes(authority.intermediate_pem)
    own = {"apple_certificate_file": path, "apple_key_file": path, "apple_wwdr_file": wwdr}
    return replace(services.settings, **own)


def test_files_that_the_settings_name_may_be_replaced_too(named, services, authority, clock):
    holder = Identities(named, services.now, look_seconds=0)
    issued = authority.issue_pass_certificate(PASS_TYPE, TEAM, at=clock(), valid_days=300)
    named.apple_certificate_file.write_bytes(issued.certificate_pem)
    assert holder.current().signer.not_after == clock() + timedelta(days=50), "its key is missing"
    named.apple_certificate_file.write_bytes(issued.certificate_pem + issued.key_pem)
    assert holder.current().signer.not_after == clock() + timedelta(days=300)
