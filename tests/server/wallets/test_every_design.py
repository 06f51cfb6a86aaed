"""Every design that comes with the service makes passes and posters."""

from dataclasses import replace

import pytest
from sqlmodel import select

import passkit
from server import cards, designs, posters
from server.face import LANGUAGES
from server.models import Pass
from server.wallets import apple


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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", designs.names())
def test_a_poster_of_it_is_one_page(name, language):
    poster = posters.Poster(
        name, "Kahvila", "Passi", "Kymmenes on ilmainen.", "https://x", language
    )
    assert posters.render(poster, "a5").startswith(b"%PDF-")
