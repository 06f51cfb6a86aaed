"""Every design that comes with the service makes passes and posters."""

from dataclasses import replace

import pytest

import passkit
from server import designs, posters
from server.face import LANGUAGES
from server.wallets import apple


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
