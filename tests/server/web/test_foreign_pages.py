"""A page of another site changes nothing here, whatever cookie the browser sends along."""

from dataclasses import replace

import pytest

from server.app import create_app

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8443"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture
def signed_in(client, house):
    client.post("/till/login", data={"login": house.login, "password": house.password})
    client.post("/till/pin", json={"pin": house.pin})
    return client


def test_there_are_ways_in_that_change_something(changing):
    assert {route.method for route in changing} == {"POST", "DELETE"}
    assert {"till.scan", "till.undo", "till.sign_out"} < {route.endpoint for route in changing}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_every_way_to_change_something_is_closed_to_it(signed_in, changing, headers):
    for route in changing:
        answer = signed_in.open(route.path, method=route.method, headers=headers, json={})
        assert (answer.status_code, answer.json["code"]) == (403, "foreign_page"), route
    assert signed_in.get("/till").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}],
    ids=str,
)
def test_our_own_pages_and_programs_are_let_in(signed_in, headers):
    answer = signed_in.post("/till/lock", json={}, headers=headers)
    assert answer.status_code == 200


def test_the_public_address_is_ours_behind_a_proxy_too(services, house):
    headers = {"Origin": services.settings.public_url}
    client = create_app(services).test_client()
    login = {"login": house.login, "password": house.password}
    assert client.post("/till/login", data=login, headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("origin", "status"), [("https://cards.example.com", 303), ("https://rebound.example", 403)]
)
def test_out_in_the_open_a_name_that_points_here_is_not_ours(services, house, origin, status):
    settings = replace(services.settings, public_url="https://cards.example.com")
    client = create_app(replace(services, settings=settings)).test_client()
    login = {"login": house.login, "password": house.password}
    answer = client.post("/till/login", data=login, base_url=origin, headers={"Origin": origin})
    assert answer.status_code == status


def test_nothing_is_changed_by_a_mere_look(app):
    """What only reads answers GET; browsers send cookies along with links of other sites."""
    changing = {"lock", "pin", "scan", "undo", "sign_out", "login", "join", "add_event"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[2] in changing:
            assert "GET" not in (rule.methods or ()), rule
