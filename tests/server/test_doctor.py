"""`leima doctor`: every fault is found and comes with what to do."""

import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from googlewallet import throwaway
from passkit.throwaway import Authority
from server import checks, cli, designs, doctor
from server.errors import SettingsError
from server.models import Programme
from server.web import badges

AT = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def examine(monkeypatch, tmp_path):
    """What the doctor finds, by name, with these settings."""

    def find(**settings: object) -> dict[str, checks.Check]:
        given = {"LEIMA_DATA_DIR": str(tmp_path), **settings}
        for name, value in given.items():
            monkeypatch.setenv(name, str(value))
        return {check.name: check for check in doctor.examine(AT)}

    return find


@pytest.fixture
def own(tmp_path):
    """Settings with a certificate that was issued so that it ends in so many days."""
    authority = Authority.create(at=AT - timedelta(days=100))

    def settings(days: int, *, key: bytes | None = None) -> dict[str, str]:
        at = AT - timedelta(days=50)
        issued = authority.issue_pass_certificate(
            "pass.test.x", "TEAMTEST01", at=at, valid_days=days + 50
        )
        for name, pem in (
            ("certificate", issued.certificate_pem),
            ("key", key or issued.key_pem),
            ("wwdr", authority.intermediate_pem),
        ):
            (tmp_path / f"{name}.pem").write_bytes(pem)
        return {
            f"LEIMA_APPLE_{name.upper()}_FILE": str(tmp_path / f"{name}.pem")
            for name in ("certificate", "key", "wwdr")
        }

    return settings


@pytest.fixture
def migrated(tmp_path, migrated_file) -> Path:
    (tmp_path / "leima.db").write_bytes(migrated_file.read_bytes())
    return tmp_path / "leima.db"


def test_a_new_machine_is_well_but_not_ready_for_phones(examine, migrated):
    found = examine()
    assert doctor.is_well(list(found.values()))
    assert {name for name, check in found.items() if check.level == "warn"} == {
        "address",
        "secret key",
        "origin",
    }


def test_wrong_settings_are_the_only_finding(examine):
    found = examine(LEIMA_PUBLIC_URL="http://cards.example.com")
    assert list(found) == ["settings"]
    assert found["settings"].level == "fail"


@pytest.mark.parametrize(
    ("days", "level"),
    [(61, "ok"), (60, "warn"), (30, "warn"), (8, "warn"), (7, "fail"), (-2, "fail")],
)
def test_the_end_of_the_certificate_comes_near(examine, migrated, own, days, level):
    found = examine(**own(days))["certificate"]
    assert found.level == level
    assert ("leima certificate request" in found.do) == (level != "ok" and days >= 0)


def test_a_key_of_another_certificate_is_found(examine, own, migrated):
    other = Authority.create(at=AT).issue_pass_certificate("pass.y", "TEAMTEST01", at=AT)
    found = examine(**own(100, key=other.key_pem))["certificate"]
    assert found.level == "fail"
    assert "key" in found.says


def test_a_database_that_is_not_there_is_not_made(examine, tmp_path):
    assert examine()["storage"].level == "fail"
    assert not (tmp_path / "leima.db").exists()


def test_a_database_of_another_version_wants_migrating(examine, migrated):
    with closing(sqlite3.connect(migrated)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
    assert examine()["database"].do == "leima migrate"


def test_a_database_without_wal_is_found(examine, migrated):
    with closing(sqlite3.connect(migrated)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    assert examine()["storage"].level == "warn"


def test_pushes_that_have_waited_long_are_minded(services, ledger, desk, clock):
    desk.phone(ledger.card, "t" * 64)
    ledger.stamp()
    assert checks.owed(services.database, at=clock()).level == "ok"
    clock.move(hours=3)
    late = checks.owed(services.database, at=clock())
    assert late.level == "warn"
    assert "3 hours" in late.says


def test_a_clock_that_went_back_is_found(services, ledger, clock):
    assert checks.clock(services.database, at=clock()).level == "ok"
    clock.move(hours=-3)
    assert checks.clock(services.database, at=clock()).level == "fail"
    assert checks.clock(services.database, at=clock().replace(year=1970)).level == "fail"


def test_a_design_that_cannot_be_loaded_is_named(monkeypatch):
    def refuse(name: str) -> designs.Design:
        raise SettingsError(f"{name}: no colour")

    monkeypatch.setattr(designs, "load", refuse)
    assert "kahvila: no colour" in checks.looks().says


def test_a_programme_whose_design_is_gone_is_named(ledger, services):
    assert checks.looks_in_use(services.database).level == "ok"
    with services.database.transaction() as session:
        programme = session.exec(select(Programme)).one()
        programme.design = "syksy"
        name = programme.name
        session.add(programme)
    found = checks.looks_in_use(services.database)
    assert (found.level, name in found.says, "syksy" in found.says) == ("fail", True, True)


def test_a_proxy_that_was_not_named_is_minded(examine, migrated):
    assert examine(LEIMA_PUBLIC_URL="https://cards.example.com")["front"].level == "warn"
    assert examine(LEIMA_TRUSTED_PROXIES="10.0.0.0/8")["front"].level == "ok"


@pytest.mark.parametrize(("age", "level"), [(0, "ok"), (815, "warn"), (830, "fail")])
def test_the_certificate_of_https_is_looked_at(settings, tmp_path, age, level):
    at = AT - timedelta(days=age)
    issued = Authority.create(at=at).issue_server_certificate(["127.0.0.1"], at=at)
    (tmp_path / "tls.pem").write_bytes(issued.certificate_pem)
    settings = replace(settings, tls_cert_file=tmp_path / "tls.pem")
    assert [check.level for check in doctor._tls(settings, AT)] == [level]


def test_google_is_looked_at_and_asked_when_it_is_set_up(examine, migrated, tmp_path, monkeypatch):
    assert examine()["google"].level == "ok"
    path = throwaway.load_or_create(tmp_path / "t", token_uri="http://127.0.0.1:1/token")
    own = {
        "LEIMA_GOOGLE_ISSUER_ID": throwaway.ISSUER_ID,
        "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE": path,
        "LEIMA_GOOGLE_API_URL": "http://127.0.0.1:1",
    }
    offline = examine(**own)
    assert offline["google"].level == "warn"
    assert "google queue" in offline
    assert "google access" not in offline
    asked = {check.name: check for check in doctor.examine(AT, is_outside_tried=True)}
    assert asked["google access"].level == "fail"


@pytest.fixture
def badge_folder(tmp_path, monkeypatch) -> Path:
    """Where badges are, for this test."""
    folder = tmp_path / "badges"
    folder.mkdir()
    monkeypatch.setattr(badges, "FOLDER", folder)
    return folder


def test_badges_that_are_missing_are_named(examine, migrated, tmp_path, badge_folder):
    assert examine()["badges"].level == "ok"
    check = examine(LEIMA_PUBLIC_URL="https://cards.example.com")["badges"]
    assert (check.level, "add_to_apple_wallet.fi.svg" in check.says) == ("warn", True)
    assert "google" not in check.says
    path = throwaway.load_or_create(tmp_path / "t", token_uri="http://127.0.0.1:1/token")
    own = {"ISSUER_ID": throwaway.ISSUER_ID, "SERVICE_ACCOUNT_FILE": path}
    check = examine(**{f"LEIMA_GOOGLE_{name}": value for name, value in own.items()})["badges"]
    assert "view_in_google_wallet.sv.svg" in check.says


def test_badges_that_are_in_place_are_well(examine, migrated, badge_folder):
    for name in badges.missing():
        (badge_folder / name).write_text("<svg/>")
    assert examine(LEIMA_PUBLIC_URL="https://cards.example.com")["badges"].level == "ok"


def test_before_there_are_tables_only_the_account_is_looked_at(examine, tmp_path):
    path = throwaway.load_or_create(tmp_path / "t", token_uri="http://127.0.0.1:1/token")
    found = examine(
        LEIMA_GOOGLE_ISSUER_ID=throwaway.ISSUER_ID, LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE=path
    )
    assert [name for name in found if name.startswith("google")] == ["google"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_only():
    found = [checks.Check("database", "fail", "is gone", "find it")]
    plain, terminal = io.StringIO(), _Terminal()
    doctor.report(found, plain)
    doctor.report(found, terminal)
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[31m" in terminal.getvalue()
    assert "→ find it" in plain.getvalue()


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [
        (["ok"], "All is well."),
        (["ok", "warn"], "Nothing to mend; 1 warning."),
        (["warn", "warn", "fail"], "1 to mend, and 2 warnings."),
        (["fail"], "1 to mend."),
    ],
)
def test_the_last_line_says_how_it_stands(levels, verdict):
    out = io.StringIO()
    doctor.report([checks.Check("x", level, "…") for level in levels], out)
    assert out.getvalue().splitlines()[-1].strip() == verdict


def test_a_fault_ends_in_1_also_for_programs(examine, capsys):
    examine()  # without a database
    assert cli.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert {"name", "level", "says", "do"} == set(report["checks"][0])
