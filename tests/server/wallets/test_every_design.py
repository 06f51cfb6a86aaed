"""Every design that comes with the service makes passes and posters."""

from dataclasses import replace

import pytest
from sqlmodel import select

import passkit
from passkit.linting import lint
from server import cards, designs, posters
from server.face import LANGUAGES
from server.models import Pass
from server.wallets import apple

MOST_POSTER_BYTES = 90_000  # in every update, outdoors


@pytest.fixture
def shown(ledger, services):
    with services.database.reading() as session:
        (pass_id,) = session.exec(select(Pass.id)).all()
    return cards.show_pass(services.database, pass_id, at=services.now())


@pytest.mark.parametrize("name", designs.names())
def test_a_pass_of_it_is_built_with_its_pictures_and_colours(
    name, shown, identity, settings, authority, clock
):
    design = designs.load(name)
    pkpass = apple.build_pass(replace(shown, design=design), identity, settings, clock())
    opened = passkit.read(pkpass, root_pem=authority.root_pem)
    assert opened.content["backgroundColor"] == design.background_color
    assert opened.files["icon@3x.png"] == design.images["icon@3x.png"]


@pytest.mark.parametrize("name", designs.names())
def test_a_pass_of_it_is_a_poster_that_falls_back_to_a_store_card_of_the_same_fields(
    name, shown, identity, settings, authority, clock
):
    served = replace(settings, public_url="https://kortit.example")
    shown = replace(shown, design=designs.load(name))
    pkpass = apple.build_pass(shown, identity, served, clock())
    opened = passkit.read(pkpass, root_pem=authority.root_pem)
    assert keys(opened.content["posterGeneric"]) == keys(opened.content["storeCard"])
    assert {"background@3x.png", "primaryLogo@3x.png"} <= opened.files.keys()
    found = lint(pkpass, at=clock(), root_pem=authority.root_pem)
    assert [each.rule.id for each in found if each.rule.severity != "advice"] == []


def keys(style):
    return sorted(field["key"] for group in style.values() for field in group)


@pytest.mark.parametrize("name", designs.names())
def test_its_poster_stays_light(name):
    weight = {
        picture: len(data)
        for picture, data in designs.load(name).images.items()
        if picture.startswith(("background", "primaryLogo"))
    }
    assert len(weight) == 6
    assert sum(weight.values()) < MOST_POSTER_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", designs.names())
def test_a_poster_of_it_is_one_page(name, language):
    poster = posters.Poster(
        name, "Kahvila", "Passi", "Kymmenes on ilmainen.", "https://x", language
    )
    assert posters.render(poster, "a5").startswith(b"%PDF-")
