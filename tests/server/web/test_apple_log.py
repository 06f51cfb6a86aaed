"""What phones report."""

import json
import logging

import pytest

from server import metrics
from server.wallets import device_log


@pytest.fixture
def send(phones, monkeypatch):
    monkeypatch.setattr(device_log, "_budget", device_log._Budget())
    return lambda **body: phones.client.post("/v1/log", **body).status_code


def test_reported_lines_are_logged(send, caplog):
    assert send(json={"logs": ["Something happened"]}) == 200
    assert "Something happened" in caplog.text


def test_a_bare_array_is_taken_too(send, caplog):
    assert send(json=["Something happened"]) == 200
    assert "Something happened" in caplog.text


@pytest.mark.parametrize(
    "body", [{}, {"logs": "x"}, {"logs": None}, 7, None, "x", [[1]], {"x": []}]
)
def test_any_other_json_is_taken_and_ignored(send, caplog, body):
    assert send(data=json.dumps(body)) == 200
    assert not caplog.records


def test_what_is_no_json_is_400(send):
    assert send(data=b"\xff not json") == 400


def test_ten_thousand_lines_are_capped(send, caplog):
    assert send(json={"logs": ["x"] * 10_000}) == 200
    assert len(caplog.records) == 100


def test_all_senders_together_have_a_limit(send, caplog):
    for _ in range(20):
        send(json={"logs": ["x"] * 100})
    assert len(caplog.records) <= 1200  # twice the limit, should the minute change meanwhile


def test_more_than_half_a_megabyte_is_413(send):
    assert send(data=b"[" + b" " * 512 * 1024 + b"]") == 413
    assert send(data=b"[" + b" " * (512 * 1024 - 2) + b"]") == 200


def test_lines_can_neither_forge_entries_nor_tell_secrets(send, caplog):
    secret = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
    send(json={"logs": [f"ApplePass {secret}\nERROR forged \x1b[31m<b>"]})
    assert secret not in caplog.text
    assert len(caplog.text.splitlines()) == 1
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Get pass task (for …) encountered error: Authentication failure", "wrong_token"),
        ("Register task (…) encountered error: Unexpected response code 500", "unexpected_status"),
        ("Server ignored the 'if-modified-since' header (…)", "condition_ignored"),
        ("Server requested update to serial number 'x', but the pass was unchanged.",
         "listed_unchanged"),
        ("Update requested for unregistered serial number x", "listed_unregistered"),
        ("Hello", "other"),
    ],
)  # fmt: skip
def test_each_of_wallets_complaints_is_known(line, kind):
    assert device_log.kind_of(line) == kind


def test_the_kind_is_logged_with_the_line(send, caplog):
    caplog.set_level(logging.WARNING)
    send(json={"logs": ["Update requested for unregistered serial number x"]})
    assert "kind=listed_unregistered" in caplog.text


COMPLAINTS = {
    "wrong_token": "Get pass task (for device d, pass type {type}, serial number s) "
    "encountered error: Authentication failure",
    "condition_ignored": "Web service error for {type} (https://x): Server ignored the "
    "'if-modified-since' header and returned the full unchanged pass data",
    "listed_unchanged": "Web service error for {type}: Server requested update to serial number "
    "s, but the pass was unchanged.",
    "listed_unregistered": "Web service error for {type}: Update requested for unregistered "
    "serial number s",
}


def counted(kind: str, pass_type: str) -> float:
    return metrics.value("leima_device_log_lines_total", kind=kind, pass_type=pass_type)


@pytest.mark.parametrize("kind", COMPLAINTS)
def test_each_complaint_is_counted_for_its_pass_type(send, house, kind):
    line = COMPLAINTS[kind].format(type="pass.test.leima.card")
    before = counted(kind, "pass.test.leima.card")
    assert send(json={"logs": [line, line]}) == 200
    assert counted(kind, "pass.test.leima.card") == before + 2


@pytest.mark.parametrize("name", ["pass.test.leima.cards", "pass.invented", "x"])
def test_a_pass_type_that_is_not_ours_makes_no_series_of_its_own(send, house, name):
    before = counted("wrong_token", "other")
    send(json={"logs": [COMPLAINTS["wrong_token"].format(type=name)]})
    assert counted("wrong_token", "other") == before + 1
    assert counted("wrong_token", name) == 0


def test_capped_lines_are_not_counted_either(send):
    before = counted("other", "other")
    send(json={"logs": ["x"] * 10_000})
    assert counted("other", "other") == before + 100
