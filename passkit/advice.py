"""What Wallet takes and yet does not do as its writer may have meant it.

Apple: Wallet Passes, PassFields, Pass.Barcodes, Creating a poster generic pass, Showing a Pass on
the Lock Screen, Pass.NFC; Human Interface Guidelines, Wallet. Contrast: WCAG 2.2.
"""

from collections.abc import Iterator

from passkit.barcodes import NEW_FORMATS, BarcodeFormat
from passkit.colors import Color
from passkit.content import Pass
from passkit.styles import EventTicket, PosterGeneric, Style

_MAX_ACTIONS = 2
_MAX_HOURS = 24
_CONTRAST = 4.5  # WCAG 2.2, contrast of text (AA)
_ROW = 4


def content_warnings(pass_: Pass) -> list[str]:
    """What phones will cut off, ignore or show differently; each begins with the path to it.

    Not a part of `build`: ask once for a design, not for each pass made with it.
    """
    return [
        *_style_warnings(pass_),
        *_code_warnings(pass_),
        *_look_warnings(pass_),
        *_relevance_warnings(pass_),
        *_action_warnings(pass_),
    ]


def _style_warnings(pass_: Pass) -> Iterator[str]:
    for style in pass_.styles:
        yield from _crowd_warnings(style)
        yield from _field_warnings(style)
    if pass_.poster_generic is not None:
        yield from _twin_warnings(pass_.styles[0], pass_.poster_generic)


def _crowd_warnings(style: Style) -> Iterator[str]:
    groups = dict(style.groups())
    for names, room in style.room.items():
        count = sum(len(groups[name]) for name in names)
        if count > room:
            told = " and ".join(names)
            yield (
                f"{style.key}.{names[-1]}: {count} {told}, and Wallet draws {room}: move the others"
                " to backFields."
            )
    if isinstance(style, EventTicket):
        for row in (0, 1):
            count = sum((field.row or 0) == row for field in style.auxiliary_fields)
            if count > _ROW:
                yield (
                    f"{style.key}.auxiliaryFields: {count} in row {row}, and a row has room for"
                    f" {_ROW}: set row of the others."
                )


def _field_warnings(style: Style) -> Iterator[str]:
    for group, fields in style.groups():
        for index, field in enumerate(fields):
            path = f"{style.key}.{group}[{index}]"
            if field.number_style is not None and field.currency_code is not None:
                yield f"{path}.numberStyle: a field has either this or currencyCode: leave it out."


def _twin_warnings(style: Style, poster: PosterGeneric) -> Iterator[str]:
    """A phone tells of a change by the key, so a field has one key wherever it is drawn."""
    told = {field.key for _, fields in style.groups() for field in fields if field.change_message}
    shown = {field.key for _, fields in poster.groups() for field in fields}
    for key in sorted(told - shown):
        yield (
            f"posterGeneric: lacks {key!r}, whose changes {style.key} announces: iOS 27 would be"
            " silent about them; add the field."
        )


def _code_warnings(pass_: Pass) -> Iterator[str]:
    formats = {each.format for each in pass_.barcodes}
    if formats and formats <= NEW_FORMATS | {BarcodeFormat.CODE128}:
        yield "barcodes: watches draw no Code 128: add a code in another format, such as QR."
    for index, each in enumerate(pass_.barcodes):
        if not each.message.isascii():
            yield (
                f"barcodes[{index}].message: scanners read letters beyond ASCII in different ways:"
                " keep to ASCII."
            )


def _look_warnings(pass_: Pass) -> Iterator[str]:
    background = pass_.background_color
    for key, color in (
        ("foregroundColor", pass_.foreground_color),
        ("labelColor", pass_.label_color),
    ):
        if color is not None and background is not None:
            yield from _contrast_warnings(key, color, background)
    if pass_.strip_color is not None and pass_.generic is not None:
        yield "stripColor: a generic pass has no strip: leave it out."


def _contrast_warnings(key: str, color: Color, background: Color) -> Iterator[str]:
    contrast = color.contrast(background)
    if contrast < _CONTRAST:
        yield (
            f"{key}: its contrast with backgroundColor is {contrast:.1f}, and {_CONTRAST} is the"
            " least that everybody can read: choose colours further apart."
        )


def _relevance_warnings(pass_: Pass) -> Iterator[str]:
    for index, each in enumerate(pass_.relevant_dates):
        if each.hours > _MAX_HOURS:
            yield (
                f"relevantDates[{index}]: is {each.hours:g} hours long, and Wallet takes"
                f" {_MAX_HOURS}: divide it."
            )
        if each.date is not None:
            yield (
                f"relevantDates[{index}].date: systems before iOS 26 know another name for it: give"
                " start and end in its stead."
            )
    if pass_.beacons and not pass_.locations and pass_.event_ticket is None:
        yield (
            "beacons: on all but event tickets Wallet wants locations beside them: add the location"
            " they are at."
        )
    if pass_.max_distance is not None and not pass_.locations:
        yield "maxDistance: does nothing without locations: add a location or leave it out."


def _action_warnings(pass_: Pass) -> Iterator[str]:
    if len(pass_.featured_actions) > _MAX_ACTIONS:
        yield (
            f"featuredActions: {len(pass_.featured_actions)} of them, and Wallet draws the first"
            f" {_MAX_ACTIONS}: leave out the others."
        )
    if pass_.nfc is not None and pass_.nfc.requires_authentication and not pass_.sharing_prohibited:
        yield (
            "sharingProhibited: older systems ask for nothing before a shared pass is used: set it"
            " beside nfc.requiresAuthentication."
        )
