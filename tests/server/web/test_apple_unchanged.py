"""Only real changes travel: what looks like a change and is none moves nothing."""

import shutil
from dataclasses import replace
from uuid import UUID

import pytest
from sqlmodel import select

import passkit
from server import cards, deliveries, designs, holds
from server.app import create_app
from server.models import Brand, Card
from server.wallets import apple
from server.wallets.identity import Identity


@pytest.fixture
def phone(ledger, phones):
    phone = phones.new(ledger.card)
    phone.register()
    return phone


@pytest.fixture
def is_quiet(phone, services, clock):
    """Whether rendering every card once more moves nothing and tells nobody."""
    tag = phone.list().json["lastUpdated"]
    held = phone.fetch().headers["Last-Modified"]

    def look() -> bool:
        clock.move(days=1)
        render_all(services)
        return (
            phone.list(tag).status_code == 204
            and phone.fetch(If_Modified_Since=held).status_code == 304
            and deliveries.owed(services.database) == 0
        )

    return look


def render_all(services):
    with services.database.transaction() as session:
        for card in session.exec(select(Card)).all():
            hold = holds.take(session, card.brand_id, card.id)
            face, at = hold.face(hold.book.standing(services.now())), services.now()
            holds.bring_up_to_date(session, hold, face, at=at, join=services.push_join)


@pytest.fixture
def design(tmp_path, monkeypatch):
    """The file of the demo's design, in a copy that may be edited."""
    shutil.copytree(designs.TEMPLATES, tmp_path / "templates")
    monkeypatch.setattr(designs, "TEMPLATES", tmp_path / "templates")
    designs.load.cache_clear()
    yield tmp_path / "templates" / "passes" / "kahvila" / "design.toml"
    designs.load.cache_clear()


def edit(path, text):
    path.write_text(text, "utf-8")
    designs.load.cache_clear()


def test_rendering_again_moves_nothing(is_quiet):
    assert is_quiet()


def test_a_design_that_was_touched_and_put_back_moves_nothing(design, is_quiet):
    text = design.read_text("utf-8")
    edit(design, text.replace("(52, 32, 24)", "(1, 2, 3)"))
    edit(design, text)
    assert is_quiet()


def test_a_design_that_stays_changed_is_a_change(design, is_quiet, phone, services):
    edit(design, design.read_text("utf-8").replace("(52, 32, 24)", "(1, 2, 3)"))
    assert not is_quiet()
    assert deliveries.owed(services.database) == 1


def test_new_contact_details_are_a_change(is_quiet, phone, services, authority):
    with services.database.transaction() as session:
        session.exec(select(Brand)).one().contact = "Uusi katu 1"
    assert not is_quiet()
    content = passkit.read(phone.fetch().data, root_pem=authority.root_pem).content
    assert content["storeCard"]["backFields"][-1]["value"] == "Uusi katu 1"


def test_a_renewed_certificate_moves_nothing_and_signs_what_is_asked_for(
    phone, services, identity, authority, clock, is_quiet
):
    """Also what this very process has signed and kept before."""
    before = phone.fetch()
    issued = authority.issue_pass_certificate("pass.test.leima.card", "TEAMTEST01", at=clock())
    signer = passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)
    phone.client.application.extensions["leima_identity"] = Identity(
        signer, issued.certificate_pem, issued.key_pem
    )
    clock.move(days=1)
    assert is_quiet()
    fresh = phone.fetch()
    assert fresh.headers["Last-Modified"] == before.headers["Last-Modified"]
    assert signature(fresh, authority) != signature(before, authority)
    assert pass_json(fresh, authority) == pass_json(before, authority)


def signature(answer, authority):
    return passkit.read(answer.data, root_pem=authority.root_pem).files["signature"]


def pass_json(answer, authority):
    return passkit.read(answer.data, root_pem=authority.root_pem).files["pass.json"]


@pytest.fixture
def counting(phone, services, identity):
    """The phone talks to a service that counts its signatures."""
    signer = Counting(identity.signer)
    app = create_app(services, identity=replace(identity, signer=signer))
    phone.client = app.test_client()
    return signer


class Counting:
    """A signer that counts."""

    def __init__(self, signer):
        self._signer, self.count = signer, 0

    def __getattr__(self, name):
        return getattr(self._signer, name)

    def sign(self, manifest, *, at):
        self.count += 1
        return self._signer.sign(manifest, at=at)


def test_a_version_is_signed_once_however_often_it_is_fetched(phone, ledger, counting):
    bodies = {phone.fetch().data for _ in range(3)} | {phone.fetch(method="HEAD").data}
    assert len(bodies - {b""}) == 1
    assert counting.count == 1
    ledger.stamp()
    phone.fetch()
    assert counting.count == 2


def test_the_link_and_the_phone_get_the_same_file(phone, ledger, counting):
    link = ledger.record("stamped").json()
    card = cards.show(ledger.services.database, UUID(ledger.card), at=ledger.clock()).card
    page = phone.client.get(f"/c/{card.link_token}/card.pkpass")
    assert link
    assert page.data == phone.fetch().data
    assert page.headers["Last-Modified"] == phone.fetch().headers["Last-Modified"]
    assert counting.count == 1


def test_what_was_signed_in_time_is_not_given_out_when_the_certificate_is_over(phone, clock):
    assert phone.fetch().status_code == 200
    clock.move(days=4000)
    assert phone.fetch().json["code"] == "pass_not_signable"


def test_equal_contents_are_equal_passes(ledger, services, identity, authority, phone):
    """pass.json is a function of what the content hash covers, and of nothing else."""
    seen: dict[str, set[bytes]] = {}

    def note():
        ledger.clock.move(minutes=5)
        shown = cards.show_pass(services.database, phone.pass_.id, at=services.now())
        pkpass = apple.build_pass(shown, identity, services.settings, services.now())
        content = passkit.read(pkpass, root_pem=authority.root_pem).files["pass.json"]
        seen.setdefault(shown.version.content_hash, set()).add(content)

    note()
    ledger.stamp()
    note()
    ledger.record("stamped", id="undone")
    note()
    ledger.undo("undone")  # back at one stamp
    note()
    assert len(seen) == 3
    assert all(len(contents) == 1 for contents in seen.values())
