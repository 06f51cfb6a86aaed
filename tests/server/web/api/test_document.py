"""The OpenAPI document is valid, complete, and true."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode, checks

from server.events import RECORDABLE

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
OPERATIONS = [
    ("POST", "/api/v1/cards"),
    ("GET", "/api/v1/cards/{card_id}"),
    ("GET", "/api/v1/cards/{card_id}/events"),
    ("GET", "/api/v1/cards/{card_id}/timeline"),
    ("GET", "/api/v1/members/{member_id}"),
    ("POST", "/api/v1/events"),
    ("POST", "/api/v1/events/{event_id}/reverse"),
    ("POST", "/api/v1/events/batch"),
]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def document(client):
    """The document, as anybody gets it."""
    return client.get("/api/v1/openapi.json").get_json()


def test_it_is_valid_openapi(document):
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_it_lists_every_operation(document):
    listed = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert listed == set(OPERATIONS)


def test_every_operation_asks_for_the_key(document):
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    operations = [each for item in document["paths"].values() for each in item.values()]
    assert all(operation["security"] == [{"key": []}] for operation in operations)


def test_every_error_is_a_problem(document):
    for item in document["paths"].values():
        for operation in item.values():
            errors = {code: each for code, each in operation["responses"].items() if code >= "4"}
            assert {"401", "422"} <= set(errors)
            assert all(each["content"] == PROBLEM for each in errors.values())


def test_operations_are_named_and_described(document):
    operations = [each for item in document["paths"].values() for each in item.values()]
    names = {operation["operationId"] for operation in operations}
    assert len(names) == len(OPERATIONS)
    assert all(operation["summary"] for operation in operations)


def test_the_names_of_events_are_listed(document):
    event = document["components"]["schemas"]["NewEvent"]
    assert event["properties"]["name"]["enum"] == list(RECORDABLE)
    assert event["additionalProperties"] is False


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_documented(api, app, card, method, path):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    headers = {"Authorization": f"Bearer {api.key}"}
    known = {
        "card_id": card,
        "member_id": api.get(f"/cards/{card}").get_json()["member"]["id"],
        "event_id": api.stamp(card).get_json()["id"],
    }

    operation = schema[path][method]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=right | wrong)
    def explore(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)
        aim(case, known)
        case.call_and_validate(headers=headers, checks=CHECKS)

    explore()


def aim(case: Case, known: dict[str, str]) -> None:
    """Point the call at what is there, so that it can succeed."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known[name]
    if isinstance(case.body, dict) and "card" in case.body:
        case.body["card"] = known["card_id"]
    if isinstance(case.body, dict) and "programme" in case.body:
        case.body["programme"] = "kahvipassi"
    if isinstance(case.body, dict):
        case.body.pop("location", None)
