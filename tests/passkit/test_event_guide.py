"""Poster event tickets."""

import pytest

from passkit import Color, ContentError, EventTicket, PosterEventTicket

TICKET = {"store_card": None, "event_ticket": EventTicket()}
PICTURE = {"URL": "https://example.com/a.png", "SHA256": "a" * 64}


def upcoming(**more):
    return {"identifier": "a", "name": "Finaali", "type": "event"} | more


def test_the_guide_stands_at_the_top_of_the_pass(written):
    guide = PosterEventTicket(
        event_logo_text="Stadion",
        footer_background_color=Color(1, 2, 3),
        use_automatic_colors=True,
        auxiliary_store_identifiers=[123],
        bag_policy_url="https://example.com/bags",
        contact_venue_email="hei@example.com",
        contact_venue_website="https://example.com",
        upcoming_pass_information=[upcoming(images={"headerImage": {"URLs": [PICTURE]}})],
    )
    content = written(poster_event_ticket=guide, **TICKET)
    assert content["preferredStyleSchemes"] == ["posterEventTicket", "eventTicket"]
    assert content["footerBackgroundColor"] == "rgb(1, 2, 3)"
    assert content["useAutomaticColors"] is True
    assert content["auxiliaryStoreIdentifiers"] == [123]
    assert content["bagPolicyURL"] == "https://example.com/bags"
    assert content["contactVenueEmail"] == "hei@example.com"
    assert content["contactVenueWebsite"] == "https://example.com"
    assert content["upcomingPassInformation"][0]["name"] == "Finaali"
    assert "sellURL" not in content


def test_other_styles_have_no_guide(make_pass):
    with pytest.raises(ContentError, match="event tickets") as refusal:
        make_pass(poster_event_ticket=PosterEventTicket())
    assert refusal.value.path == "preferredStyleSchemes"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"event_logo_text": ""}, "eventLogoText"),
        ({"use_automatic_colors": "yes"}, "useAutomaticColors"),
        ({"bag_policy_url": "http://example.com"}, "bagPolicyURL"),
        ({"contact_venue_website": "example.com"}, "contactVenueWebsite"),
        ({"contact_venue_email": "example.com"}, "contactVenueEmail"),
        ({"footer_background_color": "red"}, "footerBackgroundColor"),
        ({"auxiliary_store_identifiers": ["123"]}, "auxiliaryStoreIdentifiers[0]"),
        ({"auxiliary_store_identifiers": 123}, "auxiliaryStoreIdentifiers"),
        ({"upcoming_pass_information": {}}, "upcomingPassInformation"),
        ({"upcoming_pass_information": ["a"]}, "upcomingPassInformation[0]"),
        ({"upcoming_pass_information": [upcoming(name="")]}, "upcomingPassInformation[0].name"),
        ({"upcoming_pass_information": [upcoming(type="x")]}, "upcomingPassInformation[0].type"),
        (
            {"upcoming_pass_information": [upcoming(), upcoming()]},
            "upcomingPassInformation[1].identifier",
        ),
    ],
)
def test_a_wrong_key_is_refused_with_its_path(settings, path):
    with pytest.raises(ContentError) as refusal:
        PosterEventTicket(**settings)
    assert refusal.value.path == path


@pytest.mark.parametrize(
    ("images", "path"),
    [
        ([], "images"),
        ({"venueMap": {"URLs": "x"}}, "images.venueMap.URLs"),
        ({"venueMap": {"URLs": ["x"]}}, "images.venueMap.URLs[0]"),
        ({"venueMap": {"URLs": [PICTURE | {"URL": "http://a.fi"}]}}, "images.venueMap.URLs[0].URL"),
        ({"venueMap": {"URLs": [PICTURE | {"SHA256": 7}]}}, "images.venueMap.URLs[0].SHA256"),
    ],
)
def test_a_picture_from_elsewhere_comes_by_https_with_its_sum(images, path):
    with pytest.raises(ContentError) as refusal:
        PosterEventTicket(upcoming_pass_information=[upcoming(images=images)])
    assert refusal.value.path == f"upcomingPassInformation[0].{path}"
