"""Fetching a pass."""

import subprocess
import zipfile
from dataclasses import replace
from email.utils import parsedate_to_datetime
from io import BytesIO

import pytest

import passkit
from passkit import MIME_TYPE
from server.app import create_app
from server.models import Pass
from server.wallets.identity import Identity


@pytest.fixture
def phone(ledger, phones):
    return phones.new(ledger.card)


def opened(answer, authority):
    assert answer.status_code == 200
    return passkit.read(answer.data, root_pem=authority.root_pem)


def headline(answer, authority):
    store_card = opened(answer, authority).content["storeCard"]
    return store_card["secondaryFields"][0]["value"]


def test_a_pass_is_fetched_without_being_registered(phone, authority):
    answer = phone.fetch()
    assert answer.content_type == MIME_TYPE
    assert opened(answer, authority).content["serialNumber"] == phone.pass_.serial_number


def test_openssl_accepts_the_signature(phone, authority, tmp_path):
    with zipfile.ZipFile(BytesIO(phone.fetch().data)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    command = "openssl cms -verify -binary -inform DER -purpose any -in signature"
    files = ["-content", "manifest.json", "-CAfile", "root.pem", "-out", "verified"]
    subprocess.run([*command.split(), *files], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "verified").read_bytes() == (tmp_path / "manifest.json").read_bytes()


def test_last_modified_is_the_moment_of_the_version(phone, ledger, clock):
    clock.move(seconds=90)
    ledger.stamp()
    answer = phone.fetch()
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 10:01:30 GMT"
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == clock()


def test_no_cache_keeps_a_pass(phone):
    assert phone.fetch().headers["Cache-Control"] == "private, no-store"


def test_an_unchanged_pass_is_304_and_not_built(phone, services, identity):
    newest = phone.fetch().headers["Last-Modified"]
    phone.client = create_app(
        services, identity=replace(identity, signer=_Refusing())
    ).test_client()
    answer = phone.fetch(If_Modified_Since=newest)
    assert (answer.status_code, answer.data) == (304, b"")


class _Refusing:
    """A signer that nobody may ask."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the signer was asked for {name}")


def test_two_changes_in_one_second_are_two_versions(phone, ledger, authority):
    ledger.stamp()
    first = phone.fetch()
    ledger.stamp()
    second = phone.fetch(If_Modified_Since=first.headers["Last-Modified"])
    assert headline(first, authority) == "1 / 10"
    assert headline(second, authority) == "2 / 10"
    repeated = phone.fetch(If_Modified_Since=second.headers["Last-Modified"])
    assert repeated.status_code == 304


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-11-22T10:00:00Z",
        "Sun, 22 Nov 2099 10:00:00 GMT",
        "Sun, 22 Nov 2026 09:59:59 GMT",
        "Sunday, 22-Nov-26 10:00:00 GMT",
        "1795341600.0",
    ],
)
def test_any_other_date_brings_the_pass(phone, value):
    assert phone.fetch(If_Modified_Since=value).status_code == 200


def test_head_has_the_headers_of_get_and_no_body(phone):
    get, head = phone.fetch(), phone.fetch(method="HEAD")
    assert head.data == b""
    assert int(head.headers["Content-Length"]) == len(get.data)
    for name in ("Last-Modified", "Content-Type", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


def test_head_of_an_unchanged_pass_is_304(phone):
    newest = phone.fetch().headers["Last-Modified"]
    assert phone.fetch(method="HEAD", If_Modified_Since=newest).status_code == 304


def test_a_wrong_token_and_an_unknown_pass_get_the_same_answer(phone):
    wrong = phone.fetch(Authorization="ApplePass " + "x" * 43)
    phone.pass_.serial_number = "unknown-but-well-formed"
    unknown = phone.fetch()
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.data == unknown.data
    assert not wrong.data.startswith(b"PK")


def test_another_pass_opens_with_its_own_token_only(phone, ledger, phones):
    other = phones.new(ledger.enrol("Eeva")["id"])
    assert phone.fetch(**other.headers).status_code == 401


def test_a_pass_of_another_brand_opens_with_its_own_token_only(phone, other_ledger, phones):
    theirs = phones.new(other_ledger.enrol("Cilla")["id"])
    assert phone.fetch(**theirs.headers).status_code == 401
    assert theirs.fetch(**phone.headers).status_code == 401


def test_the_right_pass_under_another_type_is_unknown(phone):
    phone.pass_.pass_type_identifier = "pass.b"
    assert phone.fetch().status_code == 401


def test_the_token_in_the_pass_is_its_own(phone, authority):
    content = opened(phone.fetch(), authority).content
    assert content["authenticationToken"] == phone.pass_.authentication_token


def test_a_voided_pass_says_so_and_nothing_of_its_successor(phone, services, authority):
    with services.database.transaction() as session:
        pass_ = session.get_one(Pass, phone.pass_.id)
        pass_.state = "voided"
        session.add(pass_)
        session.flush()
        values = pass_.model_dump(exclude={"id"})
        secrets = {"serial_number": "s" * 24, "authentication_token": "t" * 43, "barcode": "B" * 20}
        session.add(Pass(**{**values, **secrets, "state": "live"}))
    content = opened(phone.fetch(), authority).content
    assert content["voided"] is True
    assert content["serialNumber"] == phone.pass_.serial_number
    assert content["barcodes"][0]["message"] == phone.pass_.barcode


def test_a_pass_that_is_gone_is_401(phone, services):
    with services.database.transaction() as session:
        session.delete(session.get_one(Pass, phone.pass_.id))
    assert phone.fetch().status_code == 401


def test_a_certificate_out_of_date_is_a_failure_of_ours(phone, clock):
    clock.move(days=4000)
    answer = phone.fetch()
    assert (answer.status_code, answer.json["code"]) == (500, "pass_not_signable")


def test_a_renewed_certificate_changes_no_version(phone, services, authority, clock):
    """The same pass is still 304; who fetches it gets it signed by the new one."""
    newest = phone.fetch().headers["Last-Modified"]
    issued = authority.issue_pass_certificate("pass.test.leima.card", "TEAMTEST01", at=clock())
    renewed = Identity(
        passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem),
        issued.certificate_pem,
        issued.key_pem,
    )
    phone.client = create_app(services, identity=renewed).test_client()
    assert phone.fetch(If_Modified_Since=newest).status_code == 304
    fresh = phone.fetch()
    assert fresh.headers["Last-Modified"] == newest
    opened(fresh, authority)
