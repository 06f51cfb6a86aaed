"""The doctor's answers to the three old complaints."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from passkit import Signer
from server import phone_checks, traces
from server.errors import SettingsError
from server.models import Trace
from server.wallets.identity import Identity
from tests.server.conftest import ISSUED_AT


@pytest.fixture
def look(services, house, identity, clock):
    def found(load=lambda: identity):
        checks = phone_checks.look(services.database, load, at=clock())
        return {check.name: check for check in checks}

    return found


@pytest.fixture
def seen(services, clock):
    """Something was noted, so many times, a while ago."""

    def note(what: str, count: int = 1, *, minutes: float = 30, **given: object) -> None:
        at = clock() - timedelta(minutes=minutes)
        rows = [
            {
                "at": at,
                "what": what,
                "serial_number": f"s{n}",
                "device": f"d{n}",
                "data": {},
                **given,
            }
            for n in range(count)
        ]
        with services.database.transaction() as session:
            session.connection().execute(insert(Trace), rows)

    return note


def pushed(verdict: str = "accepted", reason: str = "") -> dict[str, object]:
    return {"data": {"verdict": verdict, "reason": reason, "tag": 1}, "serial_number": None}


def test_a_quiet_service_is_well(look):
    assert {check.level for check in look().values()} == {"ok"}
    assert list(look()) == ["pass types", "adding", "updating", "answering"]


def test_a_certificate_for_another_pass_type_is_found(look, authority):
    issued = authority.issue_pass_certificate("pass.of.others", "TEAMTEST01", at=ISSUED_AT)
    signer = Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)
    check = look(lambda: Identity(signer, issued.certificate_pem, issued.key_pem))["pass types"]
    assert check.level == "fail"
    assert "pass.test.leima.card" in check.says
    assert "pass.of.others" in check.says


def test_without_a_certificate_the_rest_is_looked_at(look):
    def none() -> Identity:
        raise SettingsError("no certificate")

    assert look(none)["pass types"].level == "fail"
    assert look(none)["adding"].level == "ok"


def test_cards_that_are_opened_and_never_added_are_minded(look, seen):
    seen("downloaded", 5)
    check = look()["adding"]
    assert (check.level, "within a week: 5" in check.says) == ("warn", True)
    assert "origin" in check.do
    seen("registered", 1)
    assert look()["adding"].level == "ok"


def test_what_was_opened_long_ago_says_nothing(look, seen):
    seen("downloaded", 5, minutes=60 * 24 * 8)
    assert look()["adding"].level == "ok"


def test_phones_that_are_refused_when_they_register_are_a_fault(look, seen):
    seen("refused", 3, data={"call": "register"})
    check = look()["adding"]
    assert (check.level, "Authorization" in check.do) == ("fail", True)


def test_what_phones_complain_of_is_told_with_its_cause(look, seen):
    seen("complained", 4, data={"kind": "condition_ignored", "text": ""})
    check = look()["updating"]
    assert (check.level, "4 said" in check.says) == ("warn", True)
    assert "If-Modified-Since" in check.do


def test_lines_that_nobody_knows_are_not_minded(look, seen):
    seen("complained", 4, data={"kind": "other", "text": ""})
    assert look()["updating"].level == "ok"


def test_calls_that_failed_are_a_fault(look, seen):
    seen("failed", 1, data={"call": "fetch"})
    assert look()["updating"].level == "fail"


def test_wrong_tokens_are_minded_when_they_are_several(look, seen):
    seen("refused", 2, data={"call": "fetch"})
    assert look()["updating"].level == "ok"
    seen("refused", 2, data={"call": "fetch"})
    assert look()["updating"].level == "warn"


def test_cards_without_any_phone_are_minded(look, ledger):
    for name in ("Aino", "Eeva", "Onni"):
        ledger.enrol(name)
    assert look()["updating"].level == "warn"


def test_phones_that_do_not_ask_after_a_push_are_minded(look, seen):
    seen("pushed", 4, **pushed())
    check = look()["answering"]
    assert (check.level, "not asked since: 4" in check.says) == ("warn", True)
    seen("asked", 4, minutes=29, serial_number=None)
    assert look()["answering"].level == "ok"


def test_phones_that_were_just_told_have_time_to_ask(look, seen):
    seen("pushed", 4, minutes=5, **pushed())
    assert look()["answering"].level == "ok"


def test_a_certificate_that_apple_refuses_is_named(look, seen):
    seen("pushed", 2, **pushed("halt", "BadCertificateEnvironment"))
    check = look()["answering"]
    assert (check.level, "BadCertificateEnvironment" in check.says) == ("fail", True)


def test_a_journey_leaves_the_doctor_content(look, phones, ledger, services):
    phone = phones.new(ledger.card)
    phone.register(), phone.list(), phone.fetch()
    traces.write(services)
    assert {check.level for check in look().values()} == {"ok"}
