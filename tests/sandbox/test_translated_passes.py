"""A pass with translations, on phones in several languages."""

import hashlib
import io
import json
import zipfile

import pytest

import passkit
from server import clock
from server.sandbox.drawing import draw_pass
from server.sandbox.errors import PassRefused
from server.sandbox.held_pass import open_pass

PASS_TYPE = "pass.test.leima.shop"
TEXTS = {
    "fi": {"L_stamps": "Leimat", "L_now %@": "Leimoja nyt %@", "L_offer": "Pulla"},
    "sv": {"L_stamps": "Stämplar", "L_now %@": "Stämplar nu %@", "L_offer": "Kanelbulle"},
    "en": {"L_stamps": "Stamps", "L_now %@": "Stamps now %@", "L_offer": "Bun"},
}


def card(stamps: int) -> passkit.StoreCard:
    return passkit.StoreCard(
        primary_fields=[
            passkit.Field(
                key="stamps", label="L_stamps", value=str(stamps), change_message="L_now %@"
            )
        ],
        secondary_fields=[passkit.Field(key="offer", value="L_offer", label="Aino")],
    )


@pytest.fixture
def translated(shop):
    shop.strings = passkit.Strings(TEXTS)
    shop.changes = {"store_card": card(3)}
    return shop


@pytest.fixture
def speaks(phones, translated):
    """Puts the pass on a phone whose owner speaks this language."""

    def add(language):
        phone = phones.get("aino")
        phone.language = language
        phones.add(phone, translated.pass_url)
        return phone

    return add


def drawn(phone):
    (held,) = phone.look().passes.values()
    return draw_pass(phone, held)


@pytest.mark.parametrize(
    ("language", "label", "offer"),
    [("fi", "Leimat", "Pulla"), ("sv", "Stämplar", "Kanelbulle"), ("en", "Stamps", "Bun")],
)
def test_the_same_file_is_shown_in_the_owners_language(speaks, language, label, offer):
    pass_ = drawn(speaks(language))
    assert pass_["primary"][0]["label"] == label
    assert pass_["secondary"] == [{"key": "offer", "label": "Aino", "value": offer}]


def test_a_change_is_told_once_for_each_field_in_the_owners_language(
    speaks, phones, translated, until
):
    phone = speaks("sv")
    translated.stamp(store_card=card(4))
    phones.deliver(phone.push_token, PASS_TYPE)
    until(lambda: drawn(phone)["primary"][0]["value"] == "4")
    assert [each.text for each in phone.look().notifications] == ["Stämplar nu 4"]
    assert drawn(phone)["changed_keys"] == ["stamps"]


def test_two_fields_that_change_at_once_are_told_once_each(speaks, phones, translated, until):
    phone = speaks("fi")
    for stamps, rewards in ((9, 0), (0, 1)):
        fields = [
            passkit.Field(key=key, value=str(value), change_message="L_now %@")
            for key, value in (("stamps", stamps), ("rewards", rewards))
        ]
        translated.stamp(store_card=passkit.StoreCard(secondary_fields=fields))
        phones.deliver(phone.push_token, PASS_TYPE)
        until(lambda: drawn(phone)["secondary"][0]["value"] == str(stamps))  # noqa: B023
    told = [each.text for each in phone.look().notifications]
    assert sorted(told) == ["Leimoja nyt 0", "Leimoja nyt 1", "Leimoja nyt 9"]


def test_a_new_translation_is_a_new_pass(speaks, phones, translated, until):
    phone = speaks("fi")
    translated.strings = passkit.Strings(
        {language: {**texts, "L_offer": "Kahvi"} for language, texts in TEXTS.items()}
    )
    translated.touch()
    phones.deliver(phone.push_token, PASS_TYPE)
    until(lambda: drawn(phone)["secondary"][0]["value"] == "Kahvi")
    assert translated.log == []


def test_strings_that_cannot_be_read_are_refused(translated, authority, packed_again):
    pkpass = packed_again(translated.build(), {"fi.lproj/pass.strings": b'"L_stamps" = Leimat;'})
    with pytest.raises(PassRefused, match=r"fi\.lproj/pass\.strings: Line 1"):
        open_pass(pkpass, root_pem=authority.root_pem, at=clock.now())


@pytest.fixture
def packed_again(signer):
    """The same pass with other files, signed anew."""

    def pack(pkpass, changes):
        with zipfile.ZipFile(io.BytesIO(pkpass)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()} | changes
        listed = {
            name: hashlib.sha1(data, usedforsecurity=False).hexdigest()
            for name, data in files.items()
            if name not in ("manifest.json", "signature")
        }
        files["manifest.json"] = json.dumps(listed).encode()
        files["signature"] = signer.sign(files["manifest.json"], at=clock.now())
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return out.getvalue()

    return pack
