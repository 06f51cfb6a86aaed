"""Members: one person however the number is typed, and nobody by a number that anyone can type."""

import pytest
from sqlmodel import select
from stdnum import damm

from server import members
from server.errors import Conflict, NotFound, Refused
from server.models import Brand, Member

AINO = "+358412345678"


@pytest.fixture
def enrol(services, house):
    """Enrol an applicant with the house; gives the member."""

    def enrol(name: str = "Aino", **details: object):
        with services.database.transaction() as session:
            brand = session.get_one(Brand, house.brand_id)
            applicant = members.Applicant(name=name, **details)
            return members.enrol(session, brand, applicant, at=services.now())

    return enrol


@pytest.mark.parametrize(
    "typed",
    [
        "041 2345678",
        "0412345678",
        "041-234 5678",
        "+358 41 2345678",
        "+358(0)412345678",
        "00358412345678",
        "358412345678",
        "０４１２３４５６７８",
        " (041) 234.5678 ",
    ],
)
def test_a_number_is_the_same_however_it_is_typed(typed):
    assert members.normalise_phone(typed, country="FI") == AINO


@pytest.mark.parametrize("typed", ["112", "050 12", "", "abc", "1" * 300, "+999 1234567", "\x00"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(Refused) as refused:
        members.normalise_phone(typed, country="FI")
    assert refused.value.code == "phone_invalid"
    assert refused.value.fields == {"field": "phone"}


def test_a_neighbours_number_needs_its_country_code():
    assert members.normalise_phone("+46 70 123 45 67", country="FI") == "+46701234567"


def test_an_address_is_kept_in_lower_case():
    assert members.normalise_email(" Aino@Example.FI ") == "aino@example.fi"


@pytest.mark.parametrize(
    "typed", ["aino", "@example.fi", "a@b", "a b@c.fi", "a@b..fi", "a" * 250 + "@b.fi", "a@@b.fi"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(Refused) as refused:
        members.normalise_email(typed)
    assert refused.value.code == "email_invalid"


def test_a_name_is_kept_with_single_spaces():
    assert members.normalise_name("  Åsa   von  Öster-Ängö ") == "Åsa von Öster-Ängö"


@pytest.mark.parametrize("typed", ["", "   ", "x" * 61, "a\x00b", "a\u202eb", "\ud800"])
def test_what_is_no_name_is_refused(typed):
    with pytest.raises(Refused):
        members.normalise_name(typed)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"phone": "041 2345678"}, {"phone": "+358412345678"}),
        ({"email": "aino@example.fi"}, {"email": "AINO@example.fi"}),
        ({"phone": "041 2345678", "email": "a@b.fi"}, {"email": "a@b.fi"}),
    ],
)
def test_a_verified_contact_finds_its_owner(enrol, first, second):
    known = enrol(**first, is_verified=True)
    assert enrol(**second, is_verified=True).id == known.id


@pytest.mark.parametrize("contact", [{"phone": "041 2345678"}, {"email": "aino@example.fi"}])
@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (False, False)])
def test_an_unverified_contact_never_finds_anybody(enrol, contact, first, second):
    known = enrol(**contact, is_verified=first)
    assert enrol(**contact, is_verified=second).id != known.id


def test_a_phone_of_one_and_an_address_of_another_is_a_conflict(enrol):
    enrol("Aino", phone="041 2345678", is_verified=True)
    enrol("Eeva", email="eeva@example.fi", is_verified=True)
    with pytest.raises(Conflict) as conflict:
        enrol("Aino", phone="041 2345678", email="eeva@example.fi", is_verified=True)
    assert conflict.value.code == "member_ambiguous"


@pytest.mark.parametrize("contact", [{"phone": "041 2345678"}, {"email": "aino@example.fi"}])
def test_a_contact_known_to_another_brand_is_new_here(enrol, other_ledger, house, contact):
    theirs = other_ledger.enrol("Aino", **contact, is_verified=True)
    ours = enrol("Aino", **contact, is_verified=True)
    assert ours.brand_id == house.brand_id
    assert ours.member_number != theirs["member_number"]
    assert enrol("Aino", **contact, is_verified=True).id == ours.id


def test_two_contacts_of_two_brands_are_no_conflict(enrol, other_ledger, house):
    other_ledger.enrol("Aino", phone="041 2345678", is_verified=True)
    known = enrol("Aino", email="aino@example.fi", is_verified=True)
    both = enrol("Aino", phone="041 2345678", email="aino@example.fi", is_verified=True)
    assert (both.id, both.phone) == (known.id, AINO)


def test_nobody_without_a_contact_is_found(enrol):
    assert enrol(is_verified=True).id != enrol(is_verified=True).id


@pytest.mark.parametrize(("asked", "kept"), [("sv", "sv"), (None, "fi"), ("xx", "fi")])
def test_the_language_is_one_of_ours_or_the_brands(enrol, asked, kept):
    assert enrol(language=asked).language == kept


def test_a_member_number_has_ten_digits_and_checks_itself(enrol):
    number = enrol().member_number
    assert members.is_member_number(number)
    assert damm.is_valid(number)


def test_one_slip_in_a_member_number_is_noticed(enrol):
    number = enrol().member_number
    slips = [
        number[:place] + digit + number[place + 1 :]
        for place in range(10)
        for digit in "0123456789"
        if digit != number[place]
    ]
    assert not any(members.is_member_number(slip) for slip in slips)


@pytest.mark.parametrize("code", ["", "1" * 9, "١٢٣٤٥٦٧٨٩٠", "12345678ab", "1" * 11])
def test_what_is_no_member_number_is_seen(code):
    assert not members.is_member_number(code)


def test_a_member_is_found_with_the_cards(ledger, services, house):
    with services.database.reading() as session:
        from_card = session.exec(select(Member)).one()
    found, cards = members.find(services.database, house.brand_id, str(from_card.id))
    assert (found.name, [str(card) for card in cards]) == ("Aino", [ledger.card])


@pytest.mark.parametrize("member_id", ["x", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_member_is_not_found(services, house, member_id):
    with pytest.raises(NotFound):
        members.find(services.database, house.brand_id, member_id)
