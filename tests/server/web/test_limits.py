"""A loop is told to wait, what real phones do never is; bodies are measured before being read."""

from dataclasses import replace
from io import BytesIO
from ipaddress import ip_network
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlmodel import func, select

from server.app import create_app
from server.models import Registration
from server.web.limits import body_limit

FAR = {"REMOTE_ADDR": "203.0.113.9"}
PROXY = ip_network("198.51.100.0/24")
TINY = 0.01  # bursts of ten and twenty


@pytest.fixture
def phone_with(services, identity, phones, ledger):
    """A phone with Aino's pass, on a service with other settings."""

    def make(**settings: object):
        changed = replace(services, settings=replace(services.settings, **settings))
        client = create_app(changed, identity=identity).test_client()
        return replace(phones, client=client).new(ledger.card)

    return make


@pytest.fixture
def phone(phone_with):
    return phone_with(rate_limit_factor=TINY)


def statuses(ask, times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_a_phone_that_asks_for_the_list_in_a_loop_is_told_to_wait(phone):
    phone.register()
    assert statuses(phone.list, 12) == [200] * 10 + [429] * 2
    answer = phone.list()
    assert answer.json["code"] == "too_many_requests"
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_a_pass_that_is_fetched_in_a_loop_is_not_built_again(phone):
    assert statuses(phone.fetch, 11) == [200] * 10 + [429]


def test_guessing_a_passs_token_is_slowed_like_fetching_it(phone):
    guess = {"Authorization": "ApplePass " + "x" * 43}
    assert statuses(lambda: phone.fetch(**guess), 11) == [401] * 10 + [429]


def test_keys_that_are_tried_in_a_loop_are_not_looked_at(services, house):
    settings = replace(services.settings, rate_limit_factor=1)
    client = create_app(replace(services, settings=settings)).test_client()

    def ask(key: str, environ: dict[str, str] = FAR) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        path = "/api/v1/members/nobody"
        return client.get(path, headers=headers, environ_base=environ).status_code

    assert [ask(house.api_key) for _ in range(40)] == [404] * 40
    assert [ask(f"wrong-{n}") for n in range(32)] == [401] * 30 + [429] * 2
    assert ask(house.api_key) == 429
    assert ask(house.api_key, {"REMOTE_ADDR": "203.0.113.10"}) == 404


def test_one_phones_loop_takes_nothing_from_another(phone, phones, ledger):
    other = replace(phones, client=phone.client).new(ledger.enrol("Siiri")["id"], "b" * 32)
    statuses(phone.list, 11)
    statuses(phone.fetch, 11)
    assert (other.list().status_code, other.fetch().status_code) == (204, 200)


def test_a_storm_of_registrations_under_changing_identifiers_is_answered(phone_with, services):
    phone = phone_with()
    made = []
    for number in range(300):
        phone.library = f"{number:032x}"
        made += statuses(phone.register, 2)
    assert made == [201, 200] * 300
    with services.database.reading() as session:
        kept = session.exec(select(func.count()).select_from(Registration)).one()
    assert kept == services.settings.devices_per_pass


def test_a_loop_of_registrations_under_changing_identifiers_ends(phone):
    made = []
    for number in range(21):
        phone.library = f"{number:032x}"
        made += statuses(phone.register, 1)
    assert made == [201] * 20 + [429]


def test_a_change_of_every_card_brings_every_phone_back_once_through_one_address(phone_with):
    phone = phone_with()
    phone.client.environ_base.update(FAR)
    phone.register()
    answers = set()
    for number in range(500):
        phone.library = f"{number:032x}"
        answers |= {phone.list().status_code, phone.fetch().status_code}
    assert answers == {200, 204}


def test_reports_are_counted_by_address(phone):
    def report(address: str) -> int:
        base = {"REMOTE_ADDR": address}
        return phone.client.post("/v1/log", json={"logs": []}, environ_base=base).status_code

    assert [report("203.0.113.9") for _ in range(7)] == [200] * 6 + [429]
    assert report("203.0.113.10") == 200


def test_the_addresses_of_one_ipv6_network_count_together(phone):
    found = [
        phone.client.post(
            "/v1/log", json={"logs": []}, environ_base={"REMOTE_ADDR": f"2001:db8::{number:x}"}
        ).status_code
        for number in range(7)
    ]
    assert found[-1] == 429


def test_phones_behind_a_proxy_nobody_declared_are_not_taken_for_one(phone_with):
    phone = phone_with(rate_limit_factor=TINY, public_url="https://cards.example.com")
    phone.client.environ_base.update(FAR)
    assert set(statuses(lambda: phone.client.post("/v1/log", json=[]), 20)) == {200}


def test_behind_a_declared_proxy_the_phones_own_address_counts(phone_with):
    phone = phone_with(
        rate_limit_factor=TINY, public_url="https://cards.example.com", trusted_proxies=(PROXY,)
    )

    def ask(address: str) -> int:
        return phone.client.post(
            "/v1/log",
            json={"logs": []},
            headers={"X-Forwarded-For": address},
            environ_base={"REMOTE_ADDR": "198.51.100.7"},
        ).status_code

    assert [ask("203.0.113.9") for _ in range(7)][-1] == 429
    assert ask("203.0.113.10") == 200


def test_joining_in_a_loop_from_one_address_ends_with_a_page(phone):
    form = {"name": "Aino", "event_id": ""}

    def join():
        return phone.client.post(
            "/join/aalto/kahvipassi",
            data={**form, "event_id": str(uuid4())},
            headers={"Accept": "text/html"},
            environ_base=FAR,
        )

    assert statuses(join, 4) == [303, 303, 303, 429]
    assert int(join().headers["Retry-After"]) > 0


def test_a_way_into_google_wallet_that_is_opened_in_a_loop_ends(phone, ledger):
    path = f"{urlsplit(str(ledger.enrol('Siiri')['card_url'])).path}/google"
    assert statuses(lambda: phone.client.get(path), 3) == [404, 429, 429]
    other = f"{urlsplit(str(ledger.enrol('Eeva')['card_url'])).path}/google"
    assert statuses(lambda: phone.client.post(other), 2) == [404, 429]


def test_it_can_be_turned_off(phone_with):
    phone = phone_with(rate_limit_factor=0.0)
    assert set(statuses(phone.list, 1500)) == {204}


def test_who_is_told_to_wait_costs_no_look_at_the_database(phone, services):
    statuses(phone.list, 11)
    services.database.dispose()  # so that any look opens a connection
    asked: list[object] = []
    event.listen(services.database.engine, "connect", lambda *_: asked.append(1))
    assert phone.list().status_code == 429
    assert asked == []
    phone.library = "b" * 32
    phone.list()
    assert asked


class Counting(BytesIO):
    """A body that knows whether it was read."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)

    readline = readinto = read  # type: ignore[assignment]


def test_every_route_refuses_too_large_a_body_and_reads_nothing_of_it(client, routes):
    for route in routes:
        body = Counting()
        answer = client.open(
            route.path,
            method=route.method,
            input_stream=body,
            environ_overrides={"CONTENT_LENGTH": str(body_limit(route.endpoint) + 1)},
            buffered=True,
            content_type="application/json",
        )
        assert (answer.status_code, body.reads) == (413, 0), route


def test_every_route_refuses_a_body_without_a_length(client, routes):
    for route in routes:
        headers = {"Transfer-Encoding": "chunked"}
        answer = client.open(route.path, method=route.method, headers=headers)
        assert answer.status_code == 411, route


def test_only_the_api_and_phones_reports_may_send_more_than_a_page_does(routes):
    large = {route.endpoint for route in routes if body_limit(route.endpoint) > 64 * 1024}
    assert {name.partition(".")[0] for name in large} == {"api", "apple_web_service"}
    assert body_limit("apple_web_service.register") == 8 * 1024
    assert body_limit("google_callbacks.take") == 16 * 1024
    assert max(body_limit(name) for name in large) == 512 * 1024
