"""The two calls that phones make all the time take a shortcut; nobody can tell that they do."""

import logging

import pytest

from server import metrics
from server.app import create_app
from server.wallets.pass_files import PassFiles

LOGGER = "server.web.observed"


@pytest.fixture
def phone(ledger, phones):
    phone = phones.new(ledger.card)
    phone.register()
    ledger.stamp()
    phone.fetch()  # signed and kept: the same bytes from now on
    return phone


@pytest.fixture
def framework(phone, monkeypatch):
    """Counts the requests that the framework answers."""
    app = phone.client.application
    seen = []
    answer = app.full_dispatch_request

    def counted():
        seen.append(1)
        return answer()

    monkeypatch.setattr(app, "full_dispatch_request", counted)
    return seen


def paths(phone) -> list[str]:
    pass_ = phone.pass_
    devices = f"/v1/devices/{phone.library}/registrations/{pass_.pass_type_identifier}"
    return [
        devices,
        f"{devices}?passesUpdatedSince=0",
        f"{devices}?passesUpdatedSince=999999",
        f"/v1/devices/{'x' * 32}/registrations/{pass_.pass_type_identifier}",
        f"/v1/passes/{pass_.pass_type_identifier}/{pass_.serial_number}",
        f"/v1/passes/{pass_.pass_type_identifier}/{'s' * 24}",
    ]


def right(phone) -> dict[str, str]:
    return {"Authorization": f"ApplePass {phone.pass_.authentication_token}"}


def modified(phone) -> str:
    return phone.fetch().headers["Last-Modified"]


def told(answer) -> tuple[object, ...]:
    return answer.status_code, sorted(answer.headers.items()), answer.data


def test_what_phones_ask_all_the_time_never_reaches_the_framework(phone, framework):
    pass_path, devices = paths(phone)[4], paths(phone)[:3]
    since = {"If-Modified-Since": modified(phone)}
    framework.clear()
    answers = [phone.client.get(path).status_code for path in devices]
    answers.append(phone.client.get(pass_path, headers=right(phone)).status_code)
    answers.append(phone.client.get(pass_path, headers=right(phone) | since).status_code)
    assert answers == [200, 200, 200, 200, 304]
    assert framework == []


@pytest.mark.parametrize("headers", [{}, {"If-Modified-Since": "now"}, {"If-None-Match": "*"}])
@pytest.mark.parametrize("is_right", [True, False])
def test_the_answer_is_the_frameworks_own_to_the_letter(phone, framework, headers, is_right):
    token = right(phone) if is_right else {"Authorization": "ApplePass another"}
    for path in paths(phone):
        short = told(phone.client.get(path, headers=headers | token))
        count = len(framework)
        logger = logging.getLogger(LOGGER)
        logger.setLevel(logging.DEBUG)
        try:
            long = told(phone.client.get(path, headers=headers | token))
        finally:
            logger.setLevel(logging.NOTSET)
        assert len(framework) == count + 1
        assert short == long, path


def test_an_unchanged_pass_is_answered_alike(phone, framework):
    headers = right(phone) | {"If-Modified-Since": modified(phone)}
    short = told(phone.client.get(paths(phone)[4], headers=headers))
    phone.client.application.wsgi_app = type(phone.client.application).wsgi_app.__get__(
        phone.client.application
    )
    assert short == told(phone.client.get(paths(phone)[4], headers=headers))
    assert short[0] == 304


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("HEAD", {}),
        ("GET", {"data": b"{}"}),
        ("GET", {"headers": {"Transfer-Encoding": "chunked"}}),
        ("GET", {"query_string": "passesUpdatedSince=2026-11-22T10:00:00Z"}),
        ("GET", {"query_string": "passesUpdatedSince=1&passesUpdatedSince=2"}),
    ],
)
def test_what_is_unusual_is_left_to_the_framework(phone, framework, method, change):
    framework.clear()
    phone.client.open(paths(phone)[0], method=method, **change)
    assert framework == [1]


def test_what_goes_wrong_in_the_shortcut_is_answered_in_the_usual_shape(
    phone, framework, monkeypatch
):
    framework.clear()

    def fail(*_args, **_values):
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("server.registrations.find_pass", fail)
    phone.client.application.testing = False
    phone.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = phone.client.get(paths(phone)[4], headers=right(phone))
    assert answer.status_code == 500
    assert answer.json["code"] == "internal_error"
    assert framework == [1]


def test_a_refusal_is_counted_once_by_the_limits_and_once_in_the_timeline(phone, services):
    buckets = phone.client.application.extensions["leima_buckets"]
    taken = []
    take = buckets.take
    buckets.take = lambda key, rate: taken.append(key[0]) or take(key, rate)
    services.tracer.take()
    answer = phone.client.get(paths(phone)[4], headers={"Authorization": "ApplePass another"})
    assert answer.status_code == 401
    assert taken == ["apple_web_service.fetch"]
    assert [note.what for note in services.tracer.take()] == ["refused"]


def test_both_ways_leave_the_same_note(phone, framework, services):
    for path, headers in ((paths(phone)[0], {}), (paths(phone)[4], right(phone))):
        services.tracer.take()
        phone.client.get(path, headers=headers)
        assert framework == []
        phone.client.get(path, headers=headers, data=b"{}")
        assert framework.pop() == 1
        short, long = services.tracer.take()
        assert short == long


def test_both_ways_are_counted_in_the_same_place(phone):
    def count(status: str) -> float:
        labels = {"group": "apple_web_service", "method": "GET", "status": status}
        return metrics.value("leima_request_seconds_count", **labels)

    before = count("200")
    phone.client.get(paths(phone)[0])
    phone.client.get(f"{paths(phone)[0]}?odd=1")
    assert count("200") == before + 2


def test_an_identity_that_is_loaded_late_is_used_from_then_on(services, ledger, phones):
    phone = phones.new(ledger.card)
    app = create_app(services)
    assert app.extensions["leima_identity"] is None
    assert isinstance(app.extensions["leima_pass_files"], PassFiles)
    client = app.test_client()
    path = f"/v1/devices/{phone.library}/registrations/{phone.pass_.pass_type_identifier}"
    assert client.get(path).status_code == 204
