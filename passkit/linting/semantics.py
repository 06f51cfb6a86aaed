"""Semantic tags of a pass and of its fields.

Apple: Wallet Passes, SemanticTags. The tags of boarding passes, for which passkit has no types, are
held to their JSON types only.
"""

from collections.abc import Mapping
from typing import Any

from passkit.errors import ContentError
from passkit.linting.findings import Findings, found
from passkit.linting.values import is_kind, kind_of, shown
from passkit.parsing import known_keys, parse_part
from passkit.semantics import Semantics

_TEXTS = """
    airlineCode boardingGroup boardingSequenceNumber boardingZone carNumber confirmationNumber
    currentArrivalDate currentBoardingDate currentDepartureDate departureAirportCode
    departureAirportName departureCityName departureGate departureLocationDescription
    departureLocationTimeZone departurePlatform departureStationName departureTerminal
    destinationAirportCode destinationAirportName destinationCityName destinationGate
    destinationLocationDescription destinationLocationTimeZone destinationPlatform
    destinationStationName destinationTerminal eventLiveMessage flightCode
    internationalDocumentsVerifiedDeclarationName membershipProgramName membershipProgramNumber
    membershipProgramStatus originalArrivalDate originalBoardingDate originalDepartureDate
    priorityStatus securityScreening ticketFareClass transitProvider transitStatus
    transitStatusReason vehicleName vehicleNumber vehicleType
""".split()  # noqa: SIM905 - shorter so
_LISTS = """
    departureLocationSecurityPrograms destinationLocationSecurityPrograms loungePlaceIDs
    passengerAirlineSSRs passengerCapabilities passengerEligibleSecurityPrograms
    passengerInformationSSRs passengerServiceSSRs
""".split()  # noqa: SIM905 - shorter so
_KINDS = {
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_LISTS, "texts"),
    "airplay": "array",
    "departureLocation": "object",
    "destinationLocation": "object",
    "flightNumber": "number",
    "internationalDocumentsAreVerified": "truth",
    "passengerName": "object",
}
_STYLES = ("storeCard", "coupon", "generic", "eventTicket")


def semantics(tags: Any, path: str, styles: tuple[str, ...]) -> Findings:
    """All that is wrong with semantic tags, which stand on a pass of these `styles`."""
    if not isinstance(tags, dict):
        return  # the type of the key was looked at
    for tag, value in tags.items():
        place = f"{path}.{tag}"
        if tag in _KINDS:
            if not is_kind(value, _KINDS[tag]):
                detail = f"{tag} wants {kind_of(_KINDS[tag])}, not {shown(value)}."
                yield found("semantic-tag", place, detail)
        elif tag not in known_keys(Semantics):
            yield found("semantic-tag-unknown", place, f"{tag} is no tag of Apple's.")
        else:
            yield from _tag({tag: value}, path, place, styles)


def _tag(tag: Mapping[str, Any], path: str, place: str, styles: tuple[str, ...]) -> Findings:
    if None in tag.values():
        yield found("semantic-tag", place, "null is no value: leave the tag out.")
        return
    amount = next(iter(tag.values()))
    if isinstance(amount, dict) and isinstance(amount.get("amount"), int | float):
        # CurrencyAmount takes a number in Python, and writes the text that Apple's page wants.
        yield found("semantic-tag", f"{place}.amount", "amount wants a text such as 12.50.")
        return
    try:
        parsed: Semantics = parse_part(Semantics, tag, path)
    except ContentError as error:
        yield found("semantic-tag", error.path, error.reason[:300])
        return
    if "boardingPass" not in styles and any(each in _STYLES for each in styles):
        try:
            parsed.check_styles(styles, path)
        except ContentError as error:
            yield found("semantic-tag-of-other-style", place, f"It {error.reason}")
