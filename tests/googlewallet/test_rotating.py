"""Rotating codes: as RFC 6238 makes them, and each taken once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from googlewallet.errors import CodeRefused, ContentError
from googlewallet.rotating import RotatingCode, UsedCodes

AT = datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC)
RFC_KEY = b"12345678901234567890"


@pytest.fixture
def code() -> RotatingCode:
    return RotatingCode(key=RotatingCode.new_key(), prefix="10042")


class Burnt(set[str]):
    """Remembers codes."""

    def __call__(self, name: str) -> bool:
        is_new = name not in self
        self.add(name)
        return is_new


def refusal(code: RotatingCode, value: str, at: datetime, burn: Burnt) -> str:
    with pytest.raises(CodeRefused) as caught:
        code.verify(value, at=at, burn=burn)
    return caught.value.code


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, digits: str):
    code = RotatingCode(key=RFC_KEY, prefix="10042")
    assert code.value(datetime.fromtimestamp(seconds, UTC)) == f"10042.{digits}"


def test_the_object_tells_the_phone_all_that_it_needs(code: RotatingCode):
    content = code.content(alternate_text="10042")
    assert content == {
        "type": "QR_CODE",
        "valuePattern": "10042.{totp_value_0}",
        "alternateText": "10042",
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": "30000",
            "parameters": [{"key": code.key.hex().upper(), "valueLength": 8}],
        },
    }
    assert "alternateText" not in code.content()


def test_what_the_phone_makes_of_the_object_is_taken(code: RotatingCode):
    """The phone's half, from the object's content alone."""
    content = code.content()
    details = content["totpDetails"]
    parameters = details["parameters"][0]
    phone = RotatingCode(
        key=bytes.fromhex(parameters["key"]),
        prefix="",
        digits=parameters["valueLength"],
        period_seconds=int(details["periodMillis"]) // 1000,
    )
    shown = content["valuePattern"].replace("{totp_value_0}", phone.value(AT).lstrip("."))
    code.verify(shown, at=AT, burn=Burnt())


@pytest.mark.parametrize("seconds", [-30, -5, 0, 24, 54])
def test_a_clock_that_is_a_step_off_does_no_harm(code: RotatingCode, seconds: int):
    code.verify(code.value(AT + timedelta(seconds=seconds)), at=AT, burn=Burnt())


@pytest.mark.parametrize("seconds", [-36, 55, 3600])
def test_a_code_of_another_moment_is_refused(code: RotatingCode, seconds: int):
    burnt = Burnt()
    assert refusal(code, code.value(AT + timedelta(seconds=seconds)), AT, burnt) == "wrong"
    assert burnt == set()


def test_a_code_is_taken_once_also_a_step_later(code: RotatingCode):
    burnt, value = Burnt(), code.value(AT)
    code.verify(value, at=AT, burn=burnt)
    assert refusal(code, value, AT, burnt) == "used"
    assert refusal(code, value, AT + timedelta(seconds=30), burnt) == "used"
    code.verify(code.value(AT + timedelta(seconds=30)), at=AT + timedelta(seconds=30), burn=burnt)


def test_codes_of_two_objects_are_burnt_apart(code: RotatingCode):
    burnt, other = Burnt(), RotatingCode(key=code.key, prefix="10043")
    for each in (code, other):
        each.verify(each.value(AT), at=AT, burn=burnt)
    assert len(burnt) == 2


def test_another_objects_code_is_refused(code: RotatingCode):
    other = RotatingCode(key=RotatingCode.new_key(), prefix="10043")
    assert refusal(code, other.value(AT), AT, Burnt()) == "foreign"
    forged = other.value(AT).replace("10043", "10042")
    assert refusal(code, forged, AT, Burnt()) == "wrong"


@pytest.mark.parametrize(
    "text", ["10042.", "10042.9", "10042.\ud800", "10042.９４２８７０８２", "10042.-1"]
)
def test_any_text_of_a_scanner_is_looked_at(code: RotatingCode, text: str):
    assert refusal(code, text, AT, Burnt()) == "wrong"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"key": b"short"}, "totpDetails.parameters[0].key"),
        ({"key": "a text of twenty....."}, "totpDetails.parameters[0].key"),
        ({"digits": 8.0}, "totpDetails.parameters[0].valueLength"),
        ({"period_seconds": 0.5}, "totpDetails.periodMillis"),
        ({"prefix": "\ud800"}, "valuePattern"),
        ({"prefix": 10042}, "valuePattern"),
        ({"digits": 5}, "totpDetails.parameters[0].valueLength"),
        ({"digits": 10}, "totpDetails.parameters[0].valueLength"),
        ({"period_seconds": 0}, "totpDetails.periodMillis"),
        ({"type": "AZTEC"}, "type"),
        ({"prefix": "{totp_value_1}"}, "valuePattern"),
    ],
)
def test_what_no_phone_can_rotate_is_refused(changes: dict[str, object], path: str):
    with pytest.raises(ContentError) as caught:
        RotatingCode(**{"key": RFC_KEY, "prefix": "10042", **changes})
    assert caught.value.path == f"rotatingBarcode.{path}"


def test_keys_are_random_and_long_enough():
    made = {RotatingCode.new_key() for _ in range(100)}
    assert len(made) == 100
    assert {len(key) for key in made} == {20}


def test_of_many_tills_that_take_one_code_at_the_same_moment_one_gets_it():
    tills, used = 16, UsedCodes()
    ready = threading.Barrier(tills)

    def take(value: str) -> str:
        ready.wait(10)
        try:
            code.verify(value, at=AT, burn=used.burn)
        except CodeRefused as error:
            return error.code
        return "taken"

    with ThreadPoolExecutor(tills) as pool:
        for number in range(20):
            code = RotatingCode(key=RotatingCode.new_key(), prefix=f"{number}")
            said = list(pool.map(take, [code.value(AT)] * tills))
            assert sorted(said) == ["taken", *["used"] * (tills - 1)]


def test_a_used_code_is_forgotten_once_it_can_come_no_more():
    seconds = [0.0]
    used = UsedCodes(keep_seconds=90, clock=lambda: seconds[0])
    assert used.burn("10042.1")
    seconds[0] = 90.0
    assert not used.burn("10042.1")
    seconds[0] = 90.5
    assert used.burn("10042.2")
    assert used.burn("10042.1")
