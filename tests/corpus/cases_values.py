"""Contents in which one value is not what its key can have."""

import json
from typing import Any

from tests.corpus.cases_content import ACTION, NFC_KEY, PLACE, POSTER, SIGN_UP, UUID, restyled
from tests.corpus.draft import both, cases, code, files, group, put, reward, utf16

AMOUNT = {"amount": "12.50", "currencyCode": "EUR"}
DAY = {"startDate": "2030-01-01T10:00:00Z", "endDate": "2030-01-01T20:00:00Z"}
ENTRY = {"identifier": "first", "name": "First evening", "type": "event"}


def dated(*dates: Any):
    return put(locations=[PLACE], relevantDates=list(dates))


def action(**more: Any):
    return put(featuredActions=[ACTION | more])


def ticket(**more: Any):
    """A ticket that asks to be drawn as a poster, with these keys at the top."""
    schemes = ["posterEventTicket", "eventTicket"]
    return both(restyled("eventTicket"), put(**{"preferredStyleSchemes": schemes, **more}))


def tagged(**tags: Any):
    return ticket(semantics=tags)


GOOD_VALUES = cases(
    {
        "balance": ("", put(semantics={"balance": AMOUNT, "totalPrice": AMOUNT})),
        "total-in-a-field": ("", reward(semantics={"totalPrice": AMOUNT})),
        "networks": ("", put(semantics={"wifiAccess": [{"ssid": "Guests", "password": "kahvi"}]})),
        "ticket-with-tags": (
            "",
            tagged(
                eventType="PKEventTypeLivePerformance",
                eventName="Evening",
                eventStartDate="2030-01-01T18:00:00Z",
                seats=[{"seatRow": "A", "seatNumber": "1"}],
                venueName="Hall",
                venueLocation=PLACE,
                silenceRequested=True,
            ),
        ),
        "flight-with-tags": (
            "",
            restyled(
                "boardingPass",
                transitType="PKTransitTypeAir",
                headerFields=[
                    {"key": "gate", "value": "7", "semantics": {"departureGate": "7"}},
                ],
            ),
        ),
        "upcoming": ("", ticket(upcomingPassInformation=[ENTRY])),
        "interval": ("", dated(DAY)),
        "distance-with-a-fraction": ("", put(locations=[PLACE], maxDistance=0.5)),
        "app": ("", put(associatedStoreIdentifiers=[1234], appLaunchURL="leima://card")),
        "service-by-number": ("", put(webServiceURL="https://[2001:db8::1]")),
        "call": ("", action(type="call", url="tel:+358401234567")),
        "codabar": (
            "",
            lambda draft: draft.content["barcodes"].append(
                {
                    "format": "PKBarcodeFormatCodabar",
                    "message": "A123B",
                    "messageEncoding": "iso-8859-1",
                }
            ),
        ),
    }
)

TAGS = cases(
    {
        "balance-is-a-text": ("semantic-tag", put(semantics={"balance": "12.50"})),
        "amount-is-a-number": (
            "semantic-tag",
            put(semantics={"balance": AMOUNT | {"amount": 12.5}}),
        ),
        "amount-is-a-whole-number": (
            "semantic-tag",
            reward(semantics={"totalPrice": AMOUNT | {"amount": 12}}),
        ),
        "amount-in-words": (
            "semantic-tag",
            put(semantics={"totalPrice": AMOUNT | {"amount": "a"}}),
        ),
        "amount-in-small-letters": (
            "semantic-tag",
            put(semantics={"totalPrice": AMOUNT | {"currencyCode": "eur"}}),
        ),
        "price-of-a-field-is-a-number": ("semantic-tag", reward(semantics={"totalPrice": 5})),
        "network-is-an-object": ("semantic-tag", put(semantics={"wifiAccess": {"ssid": "x"}})),
        "tag-is-null": ("semantic-tag", put(semantics={"totalPrice": None})),
        "event-of-nobody": ("semantic-tag", tagged(eventType="PKEventTypeNope")),
        "seats-are-a-text": ("semantic-tag", tagged(seats="A1")),
        "venue-is-a-text": ("semantic-tag", tagged(venueLocation="Hall")),
        "starts-tomorrow": ("semantic-tag", tagged(eventStartDate="tomorrow")),
        "silence-in-words": ("semantic-tag", tagged(silenceRequested="yes")),
        "flight-as-a-text": (
            "semantic-tag",
            both(
                restyled("boardingPass", transitType="PKTransitTypeAir"),
                put(semantics={"flightNumber": "815"}),
            ),
        ),
        "misspelt-tag": ("semantic-tag-unknown", put(semantics={"balancex": AMOUNT})),
        "seats-on-a-card": (
            "semantic-tag-of-other-style",
            put(semantics={"seats": [{"seatRow": "A"}]}),
        ),
    }
)

TOP = cases(
    {
        "half-a-character": ("text-characters", put(description="Kahvi\ud800")),
        "half-a-character-in-a-key": ("text-characters", put(userInfo={"\udfff": 1})),
        "zero-in-a-text": ("text-zero", reward(value="Kah\0vi")),
        "info-is-a-text": ("key-type", put(userInfo="x")),
        "info-is-null": ("key-type", put(userInfo=None)),
        "empty-logo-text": ("key-value", put(logoText="")),
        "store-below-zero": ("key-value", put(associatedStoreIdentifiers=[-1])),
        "symbol-of-words": ("key-value", put(logoSymbolName="Not A Symbol")),
        "scheme-of-nobody": ("key-value", ticket(preferredStyleSchemes=["nope"])),
        "phone-is-a-number": ("key-type", ticket(contactVenuePhoneNumber=5)),
        "mail-is-no-address": ("key-value", ticket(contactVenueEmail="not an e-mail")),
        "upcoming-number": ("key-value", ticket(upcomingPassInformation=[1])),
        "upcoming-identifier-is-a-number": (
            "key-value",
            ticket(upcomingPassInformation=[ENTRY | {"identifier": 5}]),
        ),
        "website-of-words": ("link-form", ticket(contactVenueWebsite="our page")),
        "serial-with-a-slash": (
            "serial-number-characters",
            put(serialNumber="0123456789abcdef/../0123456789"),
        ),
        "serial-with-spaces": (
            "serial-number-characters",
            put(serialNumber="0123456789 abcdef 0123456789"),
        ),
        "poster-beside-a-boarding-pass": (
            "style-no-fallback",
            both(
                restyled("boardingPass", transitType="PKTransitTypeAir"),
                put(posterGeneric=POSTER),
            ),
        ),
        "service-with-query": ("web-service-address", put(webServiceURL="https://a.example?x=1")),
        "service-with-fragment": ("web-service-address", put(webServiceURL="https://a.example#x")),
        "service-with-user": ("web-service-address", put(webServiceURL="https://u:p@a.example")),
        "token-with-spaces": ("token-characters", put(authenticationToken="a token " * 4)),
        "token-with-a-line-end": (
            "token-characters",
            put(authenticationToken="0123456789abcdef\nX: y"),
        ),
        "token-in-finnish": ("token-characters", put(authenticationToken="ä" * 20)),
        "color-in-capitals": ("color-form", put(backgroundColor="RGB(30, 30, 60)")),
    }
)

RELEVANCE = cases(
    {
        "ends-before-it-starts": (
            "relevant-date-shape",
            dated(DAY | {"endDate": "2030-01-01T09:00:00Z"}),
        ),
        "date-and-half-an-interval": (
            "relevant-date-shape",
            dated({"date": "2030-01-01T10:00:00Z", "startDate": "2030-01-01T10:00:00Z"}),
        ),
        "two-days": ("relevant-date-long", dated(DAY | {"endDate": "2030-01-03T10:00:00Z"})),
        "place-with-more": ("key-unknown", put(locations=[PLACE | {"latitudex": 1}])),
        "place-of-null": ("key-type", put(locations=[PLACE | {"altitude": None}])),
        "beacon-with-an-empty-text": (
            "beacon-shape",
            put(beacons=[{"proximityUUID": UUID, "relevantText": ""}]),
        ),
    }
)

CODES = cases(
    {
        "no-codes": ("barcodes-empty", put(barcodes=[])),
        "empty-alternative-text": ("barcode-shape", code(altText="")),
        "large-qr": ("barcode-content", code(message="x" * 2954)),
        "large-pdf417": (
            "barcode-content",
            code(format="PKBarcodeFormatPDF417", message="x" * 1109),
        ),
        "large-aztec": ("barcode-content", code(format="PKBarcodeFormatAztec", message="x" * 1915)),
        "ean-of-12-digits": (
            "barcode-content barcode-new-only",
            code(format="PKBarcodeFormatEAN13", message="400638133393"),
        ),
        "codabar-without-stop": (
            "barcode-content barcode-new-only",
            code(format="PKBarcodeFormatCodabar", message="A123"),
        ),
        "code128-in-finnish": (
            "barcode-content",
            code(format="PKBarcodeFormatCode128", message="jäsen"),
        ),
        "call-to-a-page": ("featured-action", action(type="call")),
        "shop-by-script": ("featured-action", action(type="shop", url="javascript:alert(1)")),
        "shop-by-telephone": ("featured-action", action(type="shop", url="tel:+358401234567")),
        "place-without-name": (
            "featured-action",
            put(featuredActions=[{"identifier": "x", "type": "place", "placeIdentifier": ""}]),
        ),
        "two-actions-of-one-name": ("featured-action", put(featuredActions=[ACTION, ACTION])),
    }
)

FIELDS = cases(
    {
        "number-beyond-doubles": ("field-setting-type", reward(value=2**60)),
        "currency-of-four": ("field-setting-type", reward(value=1, currencyCode="EURO")),
        "currency-on-a-comma": (
            "field-not-a-number",
            reward(value="12,50", currencyCode="EUR"),
        ),
        "row-is-true": (
            "field-setting-type",
            restyled("eventTicket", auxiliaryFields=[{"key": "a", "value": "x", "row": True}]),
        ),
        "row-on-a-card": (
            "field-setting-place",
            group("auxiliaryFields", [{"key": "a", "value": "x", "row": 1}]),
        ),
        "empty-markup": ("field-setting-type", reward(attributedValue="")),
    }
)


def sign_up(**more: Any):
    asked = json.dumps(SIGN_UP | more).encode()
    return both(
        put(nfc={"message": "M-0001", "encryptionPublicKey": NFC_KEY}),
        files(**{"personalization.json": asked}),
    )


def finnish(text: str):
    return files(**{"fi.lproj/pass.strings": utf16(text)})


FILES = cases(
    {
        "sign-up-without-description": ("personalization-shape", sign_up(description=5)),
        "sign-up-for-one-thing": (
            "personalization-shape",
            sign_up(requiredPersonalizationFields="PKPassPersonalizationFieldName"),
        ),
        "sign-up-for-the-shoe-size": (
            "personalization-shape",
            sign_up(requiredPersonalizationFields=["ShoeSize"]),
        ),
        "sign-up-with-terms-in-a-list": (
            "personalization-shape",
            sign_up(termsAndConditions=["x"]),
        ),
        "sign-up-for-a-name-twice": (
            "personalization-shape",
            sign_up(requiredPersonalizationFields=["PKPassPersonalizationFieldName"] * 2),
        ),
        "sign-up-with-more": ("key-unknown", sign_up(terms="x")),
        "no-strings": ("strings-empty strings-keys-differ", finnish("/* soon */\n")),
        "strings-key-twice": (
            "strings-key-twice",
            finnish('"STAMPS" = "LEIMAT";\n"Stamps: %@" = "Leimoja: %@";\n"STAMPS" = "Leimat";\n'),
        ),
    }
)

VALUE_CASES = [*FILES, *TAGS, *TOP, *RELEVANCE, *CODES, *FIELDS]
