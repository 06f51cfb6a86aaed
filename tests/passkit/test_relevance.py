"""Places and times of a pass."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from passkit import Beacon, ContentError, Location, RelevantDate

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def plain(part: object) -> dict[str, object]:
    """The part as pass.json has it."""
    return json.loads(msgspec.json.encode(part))


def test_a_place_is_written_in_numbers():
    place = Location(
        latitude=Decimal("60.1699"), longitude=24.9384, altitude=Decimal("3"), relevant_text="Hei"
    )
    assert plain(place) == {
        "latitude": 60.1699,
        "longitude": 24.9384,
        "altitude": 3,
        "relevantText": "Hei",
    }


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"latitude": 90.1}, "locations.latitude"),
        ({"longitude": -181}, "locations.longitude"),
        ({"latitude": "60"}, "locations.latitude"),
        ({"altitude": float("inf")}, "locations.altitude"),
        ({"relevant_text": ""}, "locations.relevantText"),
    ],
)
def test_a_place_not_on_earth_is_refused(settings, path):
    with pytest.raises(ContentError) as refusal:
        Location(**({"latitude": 60, "longitude": 25} | settings))
    assert refusal.value.path == path


def test_a_moment_and_a_stretch_of_time_are_written_apart():
    assert plain(RelevantDate(date=NOON)) == {"date": "2026-11-22T12:00:00+00:00"}
    assert plain(RelevantDate(start=NOON, end=NOON + timedelta(hours=1))) == {
        "startDate": "2026-11-22T12:00:00+00:00",
        "endDate": "2026-11-22T13:00:00+00:00",
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"start": NOON},
        {"end": NOON},
        {"date": NOON, "end": NOON},
        {"date": NOON, "start": NOON, "end": NOON},
        {"start": NOON, "end": NOON},
        {"date": "tomorrow"},
    ],
)
def test_times_that_make_no_sense_are_refused(settings):
    with pytest.raises(ContentError, match="relevantDates"):
        RelevantDate(**settings)


UUID = "e2c56db5-dffb-48d2-b060-d0f5a71096e0"


def test_a_beacon_is_written_with_what_is_known_of_it():
    assert plain(Beacon(proximity_uuid=UUID)) == {"proximityUUID": UUID.upper()}
    whole = Beacon(proximity_uuid=UUID, major=0, minor=65535, relevant_text="Hei", name="ovi")
    assert plain(whole) == {
        "proximityUUID": UUID.upper(),
        "major": 0,
        "minor": 65535,
        "relevantText": "Hei",
        "name": "ovi",
    }


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"proximity_uuid": "e2c56db5"}, "beacons.proximityUUID"),
        ({"proximity_uuid": None}, "beacons.proximityUUID"),
        ({"major": 65536}, "beacons.major"),
        ({"minor": -1}, "beacons.minor"),
        ({"minor": "1"}, "beacons.minor"),
        ({"relevant_text": ""}, "beacons.relevantText"),
        ({"name": 7}, "beacons.name"),
    ],
)
def test_a_beacon_that_cannot_be_is_refused(settings, path):
    with pytest.raises(ContentError) as refusal:
        Beacon(**({"proximity_uuid": UUID} | settings))
    assert refusal.value.path == path
