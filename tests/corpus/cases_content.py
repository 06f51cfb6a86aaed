"""Broken and good contents: pass.json, images and translations."""

import base64
import io
import json
import zlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from tests.corpus.draft import (
    both,
    cases,
    code,
    drop,
    files,
    group,
    png,
    put,
    reward,
    set_on_draft,
    utf16,
)

UUID = "0123abcd-0123-4567-89ab-0123456789ab"
PLACE = {"latitude": 60.17, "longitude": 24.94}
NFC_KEY = base64.b64encode(
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
ACTION = {"identifier": "menu", "type": "order", "url": "https://wallet.example/menu"}
SIGN_UP = {
    "description": "Join us",
    "requiredPersonalizationFields": ["PKPassPersonalizationFieldName"],
}
POSTER = {
    "headerFields": [{"key": "stamps", "label": "STAMPS", "value": "7 / 10"}],
    "primaryFields": [{"key": "reward", "value": "Coffee"}],
    "footerFields": [{"key": "member", "value": "Aino"}],
}


def fields(count: int, prefix: str = "field"):
    return [{"key": f"{prefix}{n}", "value": "x"} for n in range(count)]


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (38, 38)).save(file, "JPEG")
    return file.getvalue()


def huge_header() -> bytes:
    """A picture that says it is 50,000 pixels wide; its pixels are never looked at."""
    data = bytearray(png(38, 38))
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    crc = zlib.crc32(bytes(data[12:29]))
    data[29:33] = crc.to_bytes(4, "big")
    return bytes(data)


def restyled(style: str, **more):
    """The card's fields under another style, without the strip."""

    def change(draft):
        draft.content[style] = draft.content.pop("storeCard") | more
        draft.files.pop("strip.png")

    return change


def whole(text: str):
    return set_on_draft(pass_json=text.encode())


GOOD = cases(
    {
        "plain": ("", lambda draft: None),
        "poster-with-fallback": ("", put(posterGeneric=POSTER)),
        "coupon": ("", restyled("coupon")),
        "generic": ("", restyled("generic")),
        "event-ticket": ("", restyled("eventTicket")),
        "boarding-pass": ("", restyled("boardingPass", transitType="PKTransitTypeBoat")),
        "no-web-service": ("", drop("webServiceURL", "authenticationToken")),
        "no-barcode": ("", drop("barcodes")),
        "new-code-with-fallback": (
            "",
            lambda draft: draft.content["barcodes"].insert(
                0,
                {
                    "format": "PKBarcodeFormatEAN13",
                    "message": "4006381333931",
                    "messageEncoding": "iso-8859-1",
                },
            ),
        ),
        "near-a-place": ("", put(locations=[PLACE], maxDistance=150)),
        "beacon-without-major": ("", put(beacons=[{"proximityUUID": UUID}])),
        "two-actions": ("", put(featuredActions=[ACTION, ACTION | {"identifier": "shop"}])),
        "nfc": ("", put(nfc={"message": "M-0001", "encryptionPublicKey": NFC_KEY})),
        "sign-up": (
            "",
            both(
                put(nfc={"message": "M-0001", "encryptionPublicKey": NFC_KEY}),
                files(
                    **{
                        "personalization.json": json.dumps(SIGN_UP).encode(),
                        "personalizationLogo.png": png(150, 40),
                        "personalizationLogo@2x.png": png(300, 80),
                    }
                ),
            ),
        ),
        "number-and-currency": ("", reward(value=12.5, currencyCode="EUR")),
        "date-without-seconds": (
            "",
            reward(value="2026-11-22T10:00Z", dateStyle="PKDateStyleShort"),
        ),
        "link-on-the-back": (
            "",
            group(
                "backFields",
                [
                    {
                        "key": "web",
                        "value": "Menu",
                        "attributedValue": '<a href="https://wallet.example">Menu &amp; more</a>',
                        "dataDetectorTypes": [],
                    }
                ],
            ),
        ),
        "user-info": ("", put(userInfo={"anything": [1, None, "goes"]})),
        "expires-later": ("", put(expirationDate="2099-01-01T00:00:00+02:00", voided=False)),
    }
)

TOP = cases(
    {
        "comment-in-json": ("pass-not-json", whole('{"formatVersion": 1 /* one */}')),
        "json-list": ("pass-not-json", whole("[]")),
        "latin1": ("pass-not-json", set_on_draft(pass_json=b'{"description": "J\xe4senkortti"}')),
        "not-a-number": ("pass-not-json", whole('{"maxDistance": NaN}')),
        "one-key-twice": ("pass-not-json", whole('{"formatVersion": 1, "formatVersion": 1}')),
        "no-description": ("key-missing", drop("description")),
        "no-organization": ("key-missing", drop("organizationName")),
        "no-serial": ("key-missing", drop("serialNumber")),
        "no-team": ("key-missing", drop("teamIdentifier")),
        "no-format-version": ("key-missing", drop("formatVersion")),
        "empty-description": ("text-empty", put(description="")),
        "serial-is-a-number": ("key-type", put(serialNumber=7)),
        "voided-is-a-text": ("key-type", put(voided="no")),
        "another-version": ("format-version", put(formatVersion=2)),
        "misspelt-key": ("key-unknown", put(exprirationDate="2030-01-01T00:00:00Z")),
        "odd-pass-type": (
            "pass-type-form certificate-other-pass-type",
            put(passTypeIdentifier="com.example.card"),
        ),
        "short-serial": ("serial-number-guessable", put(serialNumber="42")),
        "no-style": ("style-missing image-of-other-style", drop("storeCard")),
        "two-styles": ("style-several", put(coupon={"headerFields": fields(1)})),
        "poster-alone": (
            "style-no-fallback",
            both(put(posterGeneric=POSTER), drop("storeCard"), files(**{"strip.png": None})),
        ),
        "no-transit-type": ("transit-type", restyled("boardingPass")),
        "transit-type-is-a-list": ("transit-type", restyled("boardingPass", transitType=[])),
        "no-token": ("web-service-half", drop("authenticationToken")),
        "no-address": ("web-service-half", drop("webServiceURL")),
        "plain-http": ("web-service-address", put(webServiceURL="http://wallet.example")),
        "no-url": ("web-service-address", put(webServiceURL="wallet")),
        "trailing-slash": ("web-service-trailing-slash", put(webServiceURL="https://a.example/")),
        "short-token": ("token-short", put(authenticationToken="short")),
        "color-by-name": ("color-form", put(backgroundColor="brown")),
        "color-out-of-range": ("color-form", put(labelColor="rgb(300, 0, 0)")),
        "color-hex": ("color-hex", put(backgroundColor="#1e1e3c")),
        "grey-on-grey": (
            "color-contrast",
            put(backgroundColor="rgb(120, 120, 120)", foregroundColor="rgb(150, 150, 150)"),
        ),
        "date-without-zone": ("date-form", put(expirationDate="2030-01-01T10:00:00")),
        "date-with-short-zone": ("date-form", put(expirationDate="2030-01-01T10:00:00-7:00")),
        "february-30": ("date-form", put(expirationDate="2030-02-30T10:00:00Z")),
        "expired": ("pass-expired", put(expirationDate="2020-01-01T00:00:00Z")),
        "half-an-interval": (
            "relevant-date-shape",
            put(locations=[PLACE], relevantDates=[{"startDate": "2030-01-01T10:00:00Z"}]),
        ),
        "dates-without-a-place": (
            "relevance-without-place",
            put(relevantDates=[{"date": "2030-01-01T10:00:00Z"}]),
        ),
        "eleven-places": ("locations-many", put(locations=[PLACE] * 11)),
        "place-as-texts": (
            "location-shape",
            put(locations=[{"latitude": "60.17", "longitude": "24.94"}]),
        ),
        "place-off-the-globe": ("location-shape", put(locations=[PLACE | {"latitude": 95}])),
        "distance-as-text": ("max-distance-text", put(maxDistance="500")),
        "beacon-by-name": ("beacon-shape", put(beacons=[{"proximityUUID": "kallio"}])),
        "eleven-beacons": ("beacons-many", put(beacons=[{"proximityUUID": UUID}] * 11)),
        "parking-on-a-card": (
            "key-of-other-style",
            put(parkingInformationURL="https://wallet.example/parking"),
        ),
        "launch-without-app": ("app-launch-without-app", put(appLaunchURL="leima://card")),
        "link-of-words": (
            "link-form",
            put(appLaunchURL="our page", associatedStoreIdentifiers=[1234]),
        ),
        "unknown-action": (
            "featured-action",
            put(featuredActions=[ACTION | {"type": "placeX"}]),
        ),
        "three-actions": (
            "featured-actions-many",
            put(featuredActions=[ACTION | {"identifier": f"{n}"} for n in range(3)]),
        ),
    }
)

CODES = cases(
    {
        "barcodes-is-an-object": (
            "barcode-shape",
            lambda draft: draft.content.update(barcodes=draft.content["barcodes"][0]),
        ),
        "barcode-without-message": ("barcode-shape", code(message="")),
        "barcode-without-encoding": (
            "barcode-shape",
            lambda draft: draft.content["barcodes"][0].pop("messageEncoding"),
        ),
        "barcode-itf": ("barcode-format", code(format="PKBarcodeFormatITF")),
        "barcode-qrx": ("barcode-format", code(format="PKBarcodeFormatQRx")),
        "ean-alone": (
            "barcode-new-only",
            code(format="PKBarcodeFormatEAN13", message="4006381333931"),
        ),
        "cyrillic-in-latin1": ("barcode-encoding", code(message="карта")),
        "encoding-of-nobody": ("barcode-encoding", code(messageEncoding="latin-99")),
        "wrong-check-digit": (
            "barcode-content barcode-new-only",
            code(format="PKBarcodeFormatEAN13", message="4006381333932"),
        ),
        "old-barcode-key": (
            "barcode-deprecated",
            lambda draft: draft.content.update(barcode=draft.content.pop("barcodes")[0]),
        ),
        "nfc-key-in-pem": (
            "nfc-shape",
            put(nfc={"message": "M", "encryptionPublicKey": "-----BEGIN PUBLIC KEY-----"}),
        ),
        "nfc-65-bytes": (
            "nfc-long-message",
            put(nfc={"message": "x" * 65, "encryptionPublicKey": NFC_KEY}),
        ),
        "sign-up-without-nfc": (
            "personalization-without-nfc",
            files(**{"personalization.json": json.dumps(SIGN_UP).encode()}),
        ),
        "sign-up-without-fields": (
            "personalization-shape",
            both(
                put(nfc={"message": "M-0001", "encryptionPublicKey": NFC_KEY}),
                files(**{"personalization.json": b'{"description": "Join"}'}),
            ),
        ),
    }
)

FIELDS = cases(
    {
        "style-is-a-list": ("field-group-shape", put(storeCard=[])),
        "field-is-a-text": ("field-group-shape", group("backFields", ["hello"])),
        "misspelt-group": ("field-group-unknown", group("backField", [])),
        "footer-on-a-card": ("field-group-unknown", group("footerFields", fields(1))),
        "field-without-key": (
            "field-key-missing",
            lambda draft: draft.card["primaryFields"][0].pop("key"),
        ),
        "field-twice": ("field-key-twice", reward(key="stamps")),
        "field-without-value": (
            "field-value-missing",
            lambda draft: draft.card["primaryFields"][0].pop("value"),
        ),
        "empty-value": ("field-value-empty", reward(value="")),
        "value-true": ("field-setting-type", reward(value=True)),
        "value-object": ("field-setting-type", reward(value={"amount": 1})),
        "justified": (
            "field-setting-type",
            lambda draft: draft.card["secondaryFields"][0].update(
                textAlignment="PKTextAlignmentJustified"
            ),
        ),
        "label-is-a-number": ("field-setting-type", reward(label=7)),
        "misspelt-setting": ("field-setting-unknown", reward(changeMesage="Now: %@")),
        "change-without-value": ("field-change-message", reward(changeMessage="Changed")),
        "date-style-on-text": (
            "field-not-a-date",
            reward(value="tomorrow", dateStyle="PKDateStyleShort"),
        ),
        "currency-on-text": ("field-not-a-number", reward(value="12.50", currencyCode="EUR")),
        "two-number-styles": (
            "field-two-number-styles",
            reward(value=1, currencyCode="EUR", numberStyle="PKNumberStyleDecimal"),
        ),
        "aligned-in-the-middle": (
            "field-setting-place",
            reward(textAlignment="PKTextAlignmentLeft"),
        ),
        "script-in-markup": (
            "field-markup",
            reward(attributedValue="<script>alert(1)</script>"),
        ),
        "javascript-link": (
            "field-markup",
            reward(attributedValue='<a href="javascript:alert(1)">x</a>'),
        ),
        "link-into-half-a-bracket": (
            "field-markup",
            reward(attributedValue='<a href="http://[x">x</a>'),
        ),
        "five-in-the-row": ("fields-many", group("secondaryFields", fields(5))),
        "two-in-the-middle": ("fields-many", group("primaryFields", fields(2))),
        "two-footers": (
            "poster-fields-many",
            put(posterGeneric=POSTER | {"footerFields": fields(2)}),
        ),
        "five-on-the-poster": (
            "poster-fields-many",
            put(posterGeneric=POSTER | {"primaryFields": fields(5)}),
        ),
    }
)

IMAGES = cases(
    {
        "no-icon": (
            "icon-missing",
            files(**{"icon.png": None, "icon@2x.png": None, "icon@3x.png": None}),
        ),
        "icon-once": ("icon-scales", files(**{"icon@2x.png": None, "icon@3x.png": None})),
        "icon-is-a-jpeg": ("image-damaged", files(**{"icon.png": jpeg()})),
        "icon-cut": ("image-damaged", files(**{"icon.png": png(38, 38)[:60]})),
        "logo-in-capitals": (
            "image-name",
            files(**{"logo.png": None, "Logo.png": png(160, 50)}),
        ),
        "jpeg-by-name": ("image-name", files(**{"logo@2x.jpg": jpeg()})),
        "50000-pixels": ("image-huge", files(**{"logo.png": huge_header()})),
        "small-at-3x": ("image-small", files(**{"icon@3x.png": png(29, 29)})),
        "thumbnail-on-a-card": ("image-of-other-style", files(**{"thumbnail.png": png(90, 90)})),
        "strip-and-background": (
            "image-strip-and-background",
            both(
                restyled("eventTicket"),
                files(**{"strip.png": png(375, 98), "background.png": png(180, 220)}),
            ),
        ),
        "localized-logo-hidden": (
            "image-overrides-localized",
            files(**{"fi.lproj/logo.png": png(160, 50), "en.lproj/logo.png": png(160, 50)}),
        ),
        "one-language-lacks-2x": (
            "image-scales-differ",
            files(
                **{
                    "logo.png": None,
                    "fi.lproj/logo.png": png(160, 50),
                    "fi.lproj/logo@2x.png": png(320, 100),
                    "en.lproj/logo.png": png(160, 50),
                }
            ),
        ),
    }
)

STRINGS = cases(
    {
        "quotes-not-escaped": (
            "strings-damaged",
            files(**{"fi.lproj/pass.strings": utf16('"STAMPS" = "Kahvi "Tumma" paahto";\n')}),
        ),
        "utf8": (
            "strings-encoding",
            files(
                **{
                    "fi.lproj/pass.strings": (
                        '"STAMPS" = "Leimoja jäljellä";\n"Stamps: %@" = "Leimoja: %@";\n'
                    ).encode()
                }
            ),
        ),
        "key-in-one-language": (
            "strings-keys-differ",
            files(**{"fi.lproj/pass.strings": utf16('"STAMPS" = "LEIMAT";\n')}),
        ),
        "translated-without-value": (
            "strings-change-message",
            files(
                **{
                    "fi.lproj/pass.strings": utf16(
                        '"STAMPS" = "LEIMAT";\n"Stamps: %@" = "Uusi leima";\n'
                    )
                }
            ),
        ),
        "underscore-in-locale": (
            "locale-name",
            lambda draft: draft.files.update(
                {"fi_FI.lproj/pass.strings": draft.files.pop("fi.lproj/pass.strings")}
            ),
        ),
    }
)

CONTENT_CASES = [*TOP, *CODES, *FIELDS, *IMAGES, *STRINGS]
