"""Passwords are kept as argon2id, under parameters of ours."""

import pytest

from server import passwords


@pytest.fixture(scope="module")
def hasher():
    return passwords.HASHER


def test_the_parameters_are_at_least_what_is_advised_and_do_not_change_by_themselves(hasher):
    kind = hasher.hash("x").split("$")[1:4]
    assert kind == ["argon2id", "v=19", "m=65536,t=3,p=4"]


def test_a_password_opens_its_own_hash_only():
    kept = passwords.seal("korkea-kuusi-9")
    assert passwords.is_right(kept, "korkea-kuusi-9")
    assert not passwords.is_right(kept, "korkea-kuusi-8")
    assert passwords.seal("korkea-kuusi-9") != kept


def test_nobodys_password_is_never_right():
    assert not passwords.is_right(None, "no such login")
    assert not passwords.is_right("garbage", "x")
