"""What every answer says in its head, whatever it answers."""

from dataclasses import replace

import pytest

from server.app import create_app

CSP = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# What everybody is shown alike; the poster is kept by browsers only.
PUBLIC = {
    "static": "no-cache",
    "pages.brand_stylesheet": "max-age=300",
    "pages.design_image": "max-age=31536000",
    "pages.stamp_image": "max-age=31536000",
    "pages.badge_image": "max-age=31536000",
    "pages.google_image": "max-age=31536000",
    "poster.poster_file": "private, max-age=300",
}


def assert_guarded(answer, where: object) -> None:
    assert answer.headers.get("Content-Security-Policy") == CSP, where
    assert answer.headers.get("X-Content-Type-Options") == "nosniff", where
    assert answer.headers.get("Referrer-Policy") == "same-origin", where
    assert answer.headers.get("Cross-Origin-Opener-Policy") == "same-origin", where


@pytest.fixture
def answers(app, client, routes, ledger, house):
    """Every route asked as it likes, by nobody, with a wrong method, and with Bertta's cookie."""
    app.testing = False  # a fault is answered as in service
    found = []
    for route in routes:
        for given in (
            {"method": route.method},
            {"method": route.method, "headers": {"Accept": "text/html"}},
            {"method": route.method, "headers": {"Authorization": f"Bearer {house.api_key}"}},
            {"method": "PATCH"},
            {"method": "OPTIONS"},
            {"method": route.method, "headers": {"Sec-Fetch-Site": "cross-site"}},
        ):
            answer = client.open(route.path, buffered=True, **given)
            found.append((route, given, answer))
    return found


def test_every_answer_of_every_route_is_guarded(answers):
    assert {200, 303, 401, 403, 404, 405} - {303} <= {each.status_code for _, _, each in answers}
    for route, given, answer in answers:
        assert_guarded(answer, (route, given))


def test_nothing_is_kept_but_what_is_the_same_for_everybody(answers):
    for route, given, answer in answers:
        kept = answer.headers["Cache-Control"]
        is_public = route.endpoint in PUBLIC and answer.status_code == 200
        if given["method"] == "OPTIONS" or not is_public:
            assert "no-store" in kept, (route, given)
        else:
            assert kept == PUBLIC[route.endpoint], (route, given)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/static/nothing.css", 404),
        ("DELETE", "/", 405),
        ("GET", "/till", 303),
        ("GET", "/c/" + "x" * 32, 404),
        ("GET", "/%00", 404),
        ("GET", "/v1/passes/a/b", 401),
    ],
)
def test_errors_and_redirects_are_guarded_too(client, house, method, path, status):
    answer = client.open(path, method=method, buffered=True)
    assert answer.status_code == status
    assert_guarded(answer, path)
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_fault_of_ours_is_guarded_too(app, services):
    app.testing = False
    app.add_url_rule("/fault", "fault", lambda: 1 / 0)
    answer = app.test_client().get("/fault")
    assert answer.status_code == 500
    assert_guarded(answer, "/fault")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_picture_never_carries_the_tills_cookie(client, house, routes):
    client.post("/till/login", data={"login": house.login, "password": house.password})
    for route in routes:
        if route.endpoint in PUBLIC:
            assert "Set-Cookie" not in client.get(route.path, buffered=True).headers, route


@pytest.mark.parametrize(("url", "says"), [("https://a.example", True), ("http://[::1]", False)])
def test_browsers_stay_with_https_where_there_is_https(services, url, says):
    changed = replace(services, settings=replace(services.settings, public_url=url))
    answer = create_app(changed).test_client().get("/healthz")
    assert ("Strict-Transport-Security" in answer.headers) == says
