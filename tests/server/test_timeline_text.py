"""`leima card` and `leima doctor --card`: what an operator reads."""

import io

import pytest

from server import cli, timeline_text, traces
from server.errors import NotFound
from server.timeline_text import find
from server.timelines import timeline


@pytest.fixture
def phone(phones, ledger, clock):
    """It has added the card a minute ago, and the card was stamped just now."""
    phone = phones.new(ledger.card)
    phone.register(), phone.list(), phone.fetch()
    clock.move(minutes=1)
    ledger.stamp()
    return phone


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def report(services, ledger, clock):
    def told(*, out: io.StringIO | None = None, limit: int = 50) -> str:
        traces.write(services)
        (shown,) = find(services.database, ledger.card, brand=None, at=clock())
        out = out or io.StringIO()
        found = timeline.read(services, shown, limit=limit)
        timeline_text.report(shown, found, at=clock(), out=out)
        return out.getvalue()

    return told


def test_the_story_is_told_from_old_to_new(report, phone, clock):
    clock.move(seconds=3)
    phone.list(), phone.fetch()
    lines = [line.strip() for line in report().splitlines()]
    told = [line.partition("  ")[2].strip() for line in lines if line[:2].isdigit()]
    assert told[0].startswith("enrolled (api)")
    assert told[1] == "version 1"
    assert [line.split("  ")[-1].strip() for line in told[-2:]] == [
        "asked what changed: told of this card",
        "fetched version 2",
    ]
    assert "stamps: 0 / 10 → 1 / 10" in lines


def test_no_line_is_wider_than_a_terminal(report, phone):
    serial_number = phone.pass_.serial_number
    line = f"Get pass task (serial number {serial_number}) " + "said something long " * 20
    phone.client.post("/v1/log", json={"logs": [line]})
    phone.fetch(Authorization="ApplePass " + "x" * 40)
    assert max(map(len, report().splitlines())) <= 100


def test_colour_is_for_terminals_only(report, phone):
    assert "\x1b" not in report()
    assert "\x1b[" in report(out=_Terminal())


def test_names_and_tokens_are_not_told(report, phone):
    text = report()
    for secret in ("Aino", phone.library, phone.pass_.authentication_token, phone.pass_.barcode):
        assert secret not in text


def test_a_card_is_found_by_each_of_its_numbers(services, ledger, phone, clock):
    made = ledger.enrol("Eeva")
    with services.database.reading():
        pass_ = phone.pass_
    (shown,) = find(services.database, pass_.barcode, brand=None, at=clock())
    for code in (str(shown.card.id), pass_.serial_number, shown.member.member_number):
        (found,) = find(services.database, code, brand="aalto", at=clock())
        assert found.card.id == shown.card.id != made["id"]


@pytest.mark.parametrize("code", ["x", "", "0" * 10, "\x00", "ä" * 300])
def test_an_unknown_number_is_told_so(services, ledger, clock, code):
    with pytest.raises(NotFound):
        find(services.database, code, brand=None, at=clock())


def test_another_brands_card_is_not_found_in_this_one(services, ledger, other_house, clock):
    with pytest.raises(NotFound):
        find(services.database, ledger.card, brand=other_house.slug, at=clock())


@pytest.fixture
def command(services, monkeypatch, capsys):
    monkeypatch.setenv("LEIMA_DATA_DIR", str(services.settings.data_dir))
    monkeypatch.setenv("LEIMA_SECRET_KEY", services.settings.secret_key)
    url = services.database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("LEIMA_DATABASE_URL", url)
    monkeypatch.setenv("LEIMA_APNS_URL", "https://127.0.0.1:1")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_command_tells_of_a_card(command, services, ledger, phone):
    traces.write(services)
    code, out, _ = command("card", ledger.card)
    assert "version 2" in out
    assert "no worker is sending" in out  # by the real clock, what is owed is long due
    assert code == 1


def test_the_command_ends_in_2_for_what_is_no_card(command, ledger):
    code, out, err = command("card", "nothing")
    assert (code, out) == (2, "")
    assert "'nothing'" in err


def test_the_doctor_goes_on_to_the_card(command, services, ledger, phone):
    traces.write(services)
    _, out, _ = command("doctor", "--offline", "--card", ledger.card)
    assert out.index("database") < out.index("Phone A")


@pytest.mark.parametrize("lines", ["0", "-1", "x", "5001"])
def test_a_number_of_lines_is_a_number(command, lines):
    with pytest.raises(SystemExit):
        command("card", "x", "--lines", lines)
