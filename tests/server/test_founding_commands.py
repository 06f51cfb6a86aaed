"""`leima brand create` and its companions, as somebody types them."""

import io
import re
import shlex
from pathlib import Path

import pytest

from server import cli, config, sessions, staff
from server.app import create_app
from server.db import Database
from server.services import Services

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "first-brand.md").read_text("utf-8")
BRAND = 'brand create aalto --name Aalto --contact "Vaasankatu 10"'
TILL = "till create aalto --location Kallio --login aalto-1"
PROGRAMME = "programme create aalto passi --name Passi --design kahvila --throwaway"
REWARD = "--rule reward.fi=Kahvi --rule reward.sv=Kaffe --rule 'reward.en=A \"big\" cup'"


@pytest.fixture
def leima(monkeypatch, tmp_path, migrated_file, capsys):
    """Runs a command; what it printed, and its exit code when that is not 0."""
    (tmp_path / "leima.db").write_bytes(migrated_file.read_bytes())
    monkeypatch.setenv("LEIMA_DATA_DIR", str(tmp_path))

    def run(line: str, stdin: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = cli.main(shlex.split(line))
        printed = capsys.readouterr()
        return printed.out if code == 0 else f"{code} {printed.err}"

    return run


@pytest.fixture
def service(leima):
    """The service on the data folder of the commands."""
    settings = config.read()
    services = Services(Database(settings.database_url), settings)
    yield services
    services.database.dispose()


def row(printed: str, label: str) -> str:
    found = re.search(rf"(?m)^  {label} +(.+)$", printed)
    assert found, printed
    return found.group(1)


def test_every_command_of_the_guide_is_one(tmp_path):
    lines = re.findall(r"(?m)^leima ([^<\n]+)", GUIDE)
    assert len(lines) >= 8
    for line in lines:
        assert callable(cli.parser().parse_args(shlex.split(line)).command)


def test_the_file_of_the_guide_makes_a_programme(leima, tmp_path):
    leima(BRAND)
    plan = tmp_path / "plan.toml"
    plan.write_text(re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0])
    join = row(leima(f"programme create aalto --file {plan} --throwaway"), "Join")
    assert join.endswith("/join/aalto/kahvipassi")


def test_the_guide_lists_every_rule(leima):
    leima(BRAND)
    known = leima(f"{PROGRAMME} --rule speed=3").partition("there are ")[2].partition(")")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", GUIDE)) == set(known.split(", "))


def test_flags_make_the_programme_they_say(leima, service):
    leima(BRAND)
    leima(f"{PROGRAMME} --rule stamps_required=7 {REWARD}")
    client = create_app(service).test_client()
    page = client.get("/join/aalto/passi?lang=en").get_data(as_text=True)
    assert "Collect 7 stamps and get a reward: A &#34;big&#34; cup." in page


def test_a_password_that_was_made_opens_the_till(leima, service):
    leima(BRAND)
    printed = leima(TILL)
    password = row(printed, "Password")
    assert staff.open_till(service, login="aalto-1", password=password, address="x")
    assert "not shown again" in printed


def test_secrets_that_were_sent_are_taken_and_not_shown(leima, service):
    leima(BRAND)
    printed = leima(f"{TILL} --password-stdin", "korkea-kuusi-9\n")
    printed += leima("staff create aalto --name Bertta --pin-stdin", "2468\n")
    assert not re.search("korkea|2468|not shown again", printed)
    till_id = staff.open_till(service, login="aalto-1", password="korkea-kuusi-9", address="x")
    till = sessions.find(service, sessions.start(service, till_id)).till
    assert staff.name_person(service, till, pin="2468").name == "Bertta"


def test_a_key_speaks_for_its_brand(leima, service):
    leima(BRAND)
    assert staff.brand_of_key(service, row(leima("key create aalto --name shop"), "Key"))


@pytest.mark.parametrize(
    ("line", "stdin", "says"),
    [
        (BRAND, "", "There is a brand aalto already"),
        ("staff create berg --name Bertta", "", "no brand 'berg'"),
        ("staff create aalto --name Bertta --pin-stdin", "12\n", "4 to 6 digits"),
        ("staff create aalto --name Bertta --pin-stdin", "", "Standard input holds no PIN"),
        (f"{TILL} --password-stdin", "short\n", "at least 10"),
        (f"{PROGRAMME} --rule max_per_day", "", "give NAME=VALUE"),
        (f"{PROGRAMME} --rule max_per_day=3 --rule max_per_day=4", "", "overwrite"),
        (f"{PROGRAMME} --rule stamps_required=many {REWARD}", "", "stamps_required: .*integer"),
        (f"{PROGRAMME} --file plan.toml", "", "not in both"),
        ("programme create aalto passi", "", "Give --file, or a slug"),
        (f"{PROGRAMME} --kind coupon", "", "no kind 'coupon'"),
        (PROGRAMME.replace("kahvila", "none"), "", "no design 'none'"),
        (PROGRAMME.replace("--throwaway", REWARD), "", "LEIMA_APPLE_CERTIFICATE_FILE"),
    ],
)
def test_what_cannot_be_done_says_why_and_ends_with_2(leima, line, stdin, says):
    leima(BRAND)
    assert re.match(f"2 leima: .*{says}", leima(line, stdin))


def test_a_database_that_was_not_migrated_is_not_touched(leima, tmp_path):
    (tmp_path / "leima.db").unlink()
    assert "leima migrate" in leima(BRAND)
