"""What Google has, as if we had sent it: so that the difference is what is to be sent."""

from collections.abc import Mapping
from typing import Any

# What a card or a programme may have at one time and not at another. What else Google has that we
# did not send is the platform's, or was put there by others.
_REMOVED = frozenset(
    {
        *("linkedOfferIds", "loyaltyPoints", "secondaryLoyaltyPoints", "heroImage", "barcode"),
        *("textModulesData", "linksModuleData", "valueAddedModuleData", "appLinkData"),
        *("merchantLocations", "validTimeInterval", "accountId", "accountName"),
        *("classTemplateInfo", "homepageUri", "callbackOptions", "hexBackgroundColor"),
        *("accountIdLabel", "localizedAccountIdLabel", "titleImage", "localizedTitle"),
        *("finePrint", "localizedFinePrint"),
    }
)

Body = dict[str, Any]


def as_sent(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Body:
    """What Google has, as if we had sent it: without what the platform adds by itself.

    `difference` to `wanted` is then what is to be sent, {} when it is all there.
    """
    return {
        name: wanted[name] if name in wanted and _holds(value, wanted[name]) else plain(value)
        for name, value in found.items()
        if name in wanted or name in _REMOVED
    }


def _holds(found: Any, wanted: Any) -> bool:
    """Whether all that is `wanted` is there; what the platform adds to it does not matter."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _holds(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_holds(*pair) for pair in zip(found, wanted, strict=True))
        )
    return type(found) is type(wanted) and bool(found == wanted)


def plain(value: Any) -> Any:
    """Without `kind`, which Google adds to everything and takes from nobody."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items() if name != "kind"}
    return [plain(each) for each in value] if isinstance(value, list) else value
