"""The buttons below a pass."""

import pytest

from passkit import ActionType, ContentError, FeaturedAction

SHOP = FeaturedAction(identifier="shop", type=ActionType.SHOP, url="https://example.com/shop")


def test_actions_are_written_in_order(written):
    place = FeaturedAction(identifier="p", type=ActionType.PLACE, place_identifier="I1234")
    call = FeaturedAction(identifier="c", type=ActionType.CALL, url="tel:+358401234567")
    assert written(featured_actions=[SHOP, place, call])["featuredActions"] == [
        {"identifier": "shop", "type": "shop", "url": "https://example.com/shop"},
        {"identifier": "p", "type": "place", "placeIdentifier": "I1234"},
        {"identifier": "c", "type": "call", "url": "tel:+358401234567"},
    ]


@pytest.mark.parametrize("kind", list(ActionType))
def test_each_action_of_wallet_can_be_written(kind):
    if kind is ActionType.PLACE:
        more = {"place_identifier": "I1234"}
    else:
        more = {"url": "tel:+3581" if kind is ActionType.CALL else "https://example.com"}
    action = FeaturedAction(identifier="a", type=kind, **more)
    assert action.to_dict()["type"] == kind.value


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"identifier": ""}, "featuredActions.identifier"),
        ({"type": "placeX"}, "featuredActions.type"),
        ({"type": "shop"}, "featuredActions.type"),
        ({"url": None}, "featuredActions.url"),
        ({"url": "http://example.com"}, "featuredActions.url"),
        ({"url": "https:"}, "featuredActions.url"),
        ({"url": "https://example.com/a b"}, "featuredActions.url"),
        ({"url": "javascript:alert(1)"}, "featuredActions.url"),
        ({"url": 7}, "featuredActions.url"),
        ({"place_identifier": "I1"}, "featuredActions.placeIdentifier"),
        ({"type": ActionType.CALL}, "featuredActions.url"),
        ({"type": ActionType.CALL, "url": "tel:"}, "featuredActions.url"),
        ({"type": ActionType.PLACE}, "featuredActions.placeIdentifier"),
        ({"type": ActionType.PLACE, "place_identifier": "I1"}, "featuredActions.url"),
        (
            {"type": ActionType.PLACE, "place_identifier": "", "url": None},
            "featuredActions.placeIdentifier",
        ),
    ],
)
def test_an_action_that_would_lead_nowhere_is_refused(settings, path):
    given = {"identifier": "a", "type": ActionType.SHOP, "url": "https://example.com"}
    with pytest.raises(ContentError) as refusal:
        FeaturedAction(**(given | settings))
    assert refusal.value.path == path


def test_two_actions_with_one_identifier_are_refused(make_pass):
    with pytest.raises(ContentError) as refusal:
        make_pass(featured_actions=[SHOP, SHOP])
    assert refusal.value.path == "featuredActions[1].identifier"
