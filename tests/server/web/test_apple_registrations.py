"""Registering and unregistering a device for a pass."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from server import registrations
from server.models import Device, Registration


@pytest.fixture
def phone(ledger, phones):
    return phones.new(ledger.card)


def rows(services, table):
    with services.database.reading() as session:
        return session.exec(select(table)).all()


def test_the_first_registration_is_201_and_a_repetition_200(phone, services):
    assert [phone.register().status_code for _ in range(3)] == [201, 200, 200]
    assert len(rows(services, Registration)) == 1


def test_an_answer_is_empty_and_no_page(phone):
    answer = phone.register()
    assert answer.data == b""
    assert "Content-Type" not in answer.headers


def test_a_new_push_token_replaces_the_old(phone, services):
    phone.register("11" * 32)
    assert phone.register("22" * 32).status_code == 200
    assert [device.push_token for device in rows(services, Device)] == ["22" * 32]


def test_a_long_push_token_is_kept_whole(phone, services):
    token = "0123456789" * 40
    assert phone.register(token).status_code == 201
    assert rows(services, Device)[0].push_token == token


def test_a_push_token_may_be_a_uuid(phone):
    assert phone.register("0b8e7a9c-1b1e-4c86-9d5b-2a6f36f1f0aa").status_code == 201


def test_fifty_first_registrations_at_once_make_one_row(phone, services):
    with ThreadPoolExecutor(16) as pool:
        clients = [phone.client.application.test_client() for _ in range(50)]
        statuses = list(pool.map(lambda client: _register(client, phone), clients))
    assert sorted(statuses) == [200] * 49 + [201]
    assert (len(rows(services, Device)), len(rows(services, Registration))) == (1, 1)


def _register(client, phone):
    body = {"pushToken": "ab" * 32}
    return client.post(phone.path, json=body, headers=phone.headers).status_code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"pushToken=ab",
        b"\xff\xfe",
        b"[" * 4000,
        b"[]",
        b"{}",
        b'"ab"',
        b'{"pushToken": ""}',
        b'{"pushToken": 7}',
        b'{"pushToken": null}',
        b'{"pushToken": ["ab"]}',
        b'{"pushToken": "../../etc"}',
        b'{"pushtoken": "abab"}',
    ],
)
def test_garbage_is_refused_and_nothing_stored(phone, services, body):
    assert phone.register(json=None, data=body).status_code == 400
    assert not rows(services, Device)


@pytest.mark.parametrize("size", [8 * 1024 + 1, 1_000_000])
def test_a_large_body_is_refused_and_nothing_stored(phone, services, size):
    body = b'{"pushToken": "ab", "x": "%b"}' % (b"x" * size)
    assert phone.register(json=None, data=body).status_code == 413
    assert not rows(services, Device)


def test_a_wrong_token_and_an_unknown_pass_get_the_same_answer(phone, services):
    wrong = phone.register(headers={"Authorization": "ApplePass " + "x" * 43})
    phone.pass_.serial_number = "unknown-but-well-formed"
    unknown = phone.register()
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.data == unknown.data
    assert not rows(services, Device)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "ApplePass",
        "Bearer {}",
        "{}",
        "ApplePass {} x",
        "ApplePass {}x",
        "ApplePass\u00a0{}",
    ],
)
def test_any_other_authorization_is_401(phone, services, header):
    token = phone.pass_.authentication_token
    headers = {} if header is None else {"Authorization": header.format(token)}
    assert phone.register(headers=headers).status_code == 401
    assert not rows(services, Device)


def test_the_scheme_is_read_without_case(phone):
    token = phone.pass_.authentication_token
    assert phone.register(headers={"Authorization": f"applepass {token}"}).status_code == 201


def test_another_pass_has_another_token(phone, ledger, phones):
    other = phones.new(ledger.enrol("Eeva")["id"])
    assert phone.register(headers=other.headers).status_code == 401


def test_a_pass_of_another_brand_has_another_token(phone, other_ledger, phones):
    theirs = phones.new(other_ledger.enrol("Cilla")["id"])
    assert phone.register(headers=theirs.headers).status_code == 401
    assert theirs.register(headers=phone.headers).status_code == 401


def test_unregistering_twice_is_200_and_forgets_the_device(phone, services):
    phone.register()
    assert [phone.unregister().status_code for _ in range(2)] == [200, 200]
    assert not rows(services, Device)


def test_unregistering_leaves_other_devices_alone(phone, phones, ledger, services):
    other = phones.new(ledger.card, library="b" * 32)
    phone.register(), other.register()
    phone.unregister()
    assert [device.library_identifier for device in rows(services, Device)] == ["b" * 32]


def test_a_device_stays_while_it_holds_another_pass(phone, phones, ledger, services):
    second = phones.new(ledger.enrol("Eeva")["id"])
    phone.register(), second.register()
    phone.unregister()
    assert len(rows(services, Device)) == len(rows(services, Registration)) == 1


def test_unregistering_wants_the_right_token(phone, services):
    phone.register()
    answer = phone.unregister(headers={"Authorization": "ApplePass " + "x" * 43})
    assert answer.status_code == 401
    assert len(rows(services, Registration)) == 1


def test_two_slashes_are_as_good_as_one(phone):
    environ = {"PATH_INFO": "/" + phone.path}
    body = {"pushToken": "ab" * 32}
    answer = phone.client.post(
        phone.path, environ_overrides=environ, json=body, headers=phone.headers
    )
    assert answer.status_code == 201


def test_control_characters_name_nothing(phone):
    assert phone.client.get("/v1/devices/a%00b/registrations/c").status_code == 404


def test_a_dead_token_spares_a_phone_that_registered_since(phone, services, clock):
    phone.register()
    device = rows(services, Device)[0]
    known = {"push_token": device.push_token, "unregistered_at": clock()}
    clock.move(seconds=5)
    phone.register()
    assert not registrations.drop_token(services.database, device.id, **known)
    known["unregistered_at"] = clock()
    clock.move(seconds=5)
    assert not registrations.drop_token(services.database, device.id, **known)
    assert rows(services, Registration)


def test_a_dead_token_forgets_the_phone_that_still_has_it_and_no_other(phone, services, clock):
    phone.register(json={"pushToken": "old"})
    device = rows(services, Device)[0]
    phone.register(json={"pushToken": "new"})
    clock.move(seconds=5)
    known = {"push_token": "old", "unregistered_at": None}
    assert not registrations.drop_token(services.database, device.id, **known)
    assert len(rows(services, Registration)) == 1
    known = {"push_token": "new", "unregistered_at": clock()}
    assert registrations.drop_token(services.database, device.id, **known)
    assert rows(services, Registration) == rows(services, Device) == []
