"""When and where a pass comes up by itself: dates, locations and beacons.

Apple: Wallet Passes, Pass.RelevantDates, Pass.Locations, Pass.Beacons.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from passkit.linting.findings import Findings, found
from passkit.linting.values import date, is_kind, is_number, parsed_date, shown, types

_MAX_PLACES = 10
_LONGEST = timedelta(hours=24)
_PLACE_STYLES = ("storeCard", "coupon", "generic")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE).fullmatch
_BOUNDS = {"latitude": 90, "longitude": 180}


def relevance(written: Mapping[str, Any]) -> Findings:
    """All that is wrong with dates, places, beacons and the distance."""
    yield from _dates(written)
    yield from _distance(written)
    locations, beacons = written.get("locations"), written.get("beacons")
    if isinstance(locations, list):
        for index, each in enumerate(locations):
            yield from _location(each, f"locations[{index}]")
        if len(locations) > _MAX_PLACES:
            yield found("locations-many", "locations", f"There are {len(locations)} locations.")
    if isinstance(beacons, list):
        for index, each in enumerate(beacons):
            yield from _beacon(each, f"beacons[{index}]")
        if len(beacons) > _MAX_PLACES:
            yield found("beacons-many", "beacons", f"There are {len(beacons)} beacons.")


def _dates(written: Mapping[str, Any]) -> Findings:
    if "relevantDate" in written:
        yield from date(written["relevantDate"], "relevantDate")
    dates = written.get("relevantDates")
    if not isinstance(dates, list):
        return
    for index, each in enumerate(dates):
        yield from _relevant_date(each, f"relevantDates[{index}]")
    if dates and not written.get("locations") and any(key in written for key in _PLACE_STYLES):
        yield found("relevance-without-place", "relevantDates")


def _relevant_date(entry: Any, path: str) -> Findings:
    is_whole = isinstance(entry, dict) and (
        "date" in entry or "relevantDate" in entry or {"startDate", "endDate"} <= entry.keys()
    )
    if not is_whole:
        yield found("relevant-date-shape", path, f"{shown(entry)} is no date and no interval.")
        return
    for key in ("date", "relevantDate", "startDate", "endDate"):
        if key in entry:
            yield from date(entry[key], f"{path}.{key}")
    starts, ends = (parsed_date(entry.get(key)) for key in ("startDate", "endDate"))
    if starts and ends and ends - starts > _LONGEST:
        yield found("relevant-date-long", path, f"It lasts {ends - starts}.")


def _distance(written: Mapping[str, Any]) -> Findings:
    distance = written.get("maxDistance", 1)
    if isinstance(distance, str):
        yield found("max-distance-text", "maxDistance", f"maxDistance is {shown(distance)}.")
    elif not is_number(distance) or distance <= 0:
        detail = f"maxDistance wants metres above zero, not {shown(distance)}."
        yield found("key-type", "maxDistance", detail)


def _location(place: Any, path: str) -> Findings:
    if not isinstance(place, dict):
        yield found("location-shape", path, f"A location is an object, not {shown(place)}.")
        return
    for key, bound in _BOUNDS.items():
        value: Any = place.get(key)
        if not is_number(value) or abs(value) > bound:
            detail = f"{key} wants a number from -{bound} to {bound}, not {shown(value)}."
            yield found("location-shape", f"{path}.{key}", detail)
    yield from types(place, {"altitude": "number", "relevantText": "text"}, f"{path}.")


def _beacon(beacon: Any, path: str) -> Findings:
    if not isinstance(beacon, dict):
        yield found("beacon-shape", path, f"A beacon is an object, not {shown(beacon)}.")
        return
    uuid = beacon.get("proximityUUID")
    if not isinstance(uuid, str) or not _UUID(uuid):
        detail = f"proximityUUID wants a UUID, not {shown(uuid)}."
        yield found("beacon-shape", f"{path}.proximityUUID", detail)
    for key in ("major", "minor"):
        value = beacon.get(key, 0)
        if not is_kind(value, "whole") or not 0 <= value <= 0xFFFF:
            detail = f"{key} wants a whole number from 0 to 65535, not {shown(value)}."
            yield found("beacon-shape", f"{path}.{key}", detail)
    yield from types(beacon, {"name": "text", "relevantText": "text"}, f"{path}.")
