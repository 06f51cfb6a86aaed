"""Other people's programs take all that passkit can write, whether our cards have it or not."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import passkit
from passkit import Barcode, BarcodeFormat, Field
from server import designs
from tests.conftest import PASS_TYPE, TEAM

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CODES = [
    Barcode(message="4006381333931", format=BarcodeFormat.EAN13),
    Barcode(message="AB-12", format=BarcodeFormat.CODE39),
    Barcode(message="A1234B", format=BarcodeFormat.CODABAR),
    Barcode(message="123456", format=BarcodeFormat.INTERLEAVED_2_OF_5),
]
HERE = passkit.Location(latitude=60.17, longitude=24.94, altitude=5, relevant_text="Tervetuloa")


def front(**more):
    """Fields of every kind of value."""
    return {
        "header_fields": [Field(key="balance", value=12.5, currency_code="EUR")],
        "primary_fields": [Field(key="name", value="Aino", change_message="Nyt %@")],
        "secondary_fields": [
            Field(key="until", value=NOON, date_style=passkit.DateStyle.SHORT, is_relative=True)
        ],
        "auxiliary_fields": [
            Field(key="share", value=0.1, number_style=passkit.NumberStyle.PERCENT)
        ],
        "back_fields": [
            Field(
                key="home",
                value="example.com",
                attributed_value=passkit.link("Kahvila", "https://example.com"),
                data_detector_types=[passkit.DataDetector.LINK],
            )
        ],
        **more,
    }


PRICE = passkit.CurrencyAmount(amount="12.50", currency_code="EUR")
STYLES = {
    "storeCard": {
        "store_card": passkit.StoreCard(**front()),
        "semantics": passkit.Semantics(balance=PRICE, total_price=PRICE),
    },
    "coupon": {"coupon": passkit.Coupon(**front()), "strip_color": passkit.Color(1, 2, 3)},
    "generic": {"generic": passkit.Generic(**front()), "suppress_strip_shine": False},
    "eventTicket": {
        "event_ticket": passkit.EventTicket(
            **front(auxiliary_fields=[Field(key="row", value="4", row=1)])
        ),
        "grouping_identifier": "cup",
        "semantics": passkit.Semantics(
            event_name="Finaali", event_start_date=NOON, seats=[passkit.Seat(seat_row="4")]
        ),
        "poster_event_ticket": passkit.PosterEventTicket(
            bag_policy_url="https://example.com/bags", use_automatic_colors=True
        ),
    },
}
POSTER = passkit.PosterGeneric(
    header_fields=[Field(key="balance", value=12.5, currency_code="EUR")],
    primary_fields=[Field(key="name", value="Aino", change_message="Nyt %@")],
    footer_fields=[Field(key="until", value="2027")],
)


@pytest.fixture(scope="module")
def public_key():
    """A reader's key, as pass.json has it."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@pytest.fixture
def packed(identity, clock, public_key):
    """A pass of a style with every other key there is."""

    def pack(style):
        card = passkit.Pass(
            pass_type_identifier=PASS_TYPE,
            team_identifier=TEAM,
            serial_number=passkit.new_serial_number(),
            organization_name="Kahvila",
            description="Kortti",
            logo_text="Kahvila",
            background_color=passkit.Color(255, 255, 255),
            barcodes=CODES,
            locations=[HERE],
            beacons=[
                passkit.Beacon(proximity_uuid="e2c56db5-dffb-48d2-b060-d0f5a71096e0", major=1)
            ],
            max_distance=50,
            relevant_dates=[
                passkit.RelevantDate(start="2026-11-22T10:00Z", end="2026-11-22T12:00Z")
            ],
            expiration_date=NOON,
            nfc=passkit.NFC(message="4711", encryption_public_key=public_key),
            sharing_prohibited=True,
            associated_store_identifiers=[1234567890],
            app_launch_url="kahvila://card",
            user_info={"card": 1},
            **STYLES[style],
            **({} if style == "eventTicket" else {"poster_generic": POSTER}),
            featured_actions=[
                passkit.FeaturedAction(
                    identifier="a", type=passkit.ActionType.SHOP, url="https://example.com"
                ),
                passkit.FeaturedAction(
                    identifier="b", type=passkit.ActionType.PLACE, place_identifier="I1"
                ),
            ],
        )
        template = passkit.Template(passkit.Images(designs.load("kahvila").images))
        return passkit.build(card, template, identity.signer, at=clock())

    return pack


def test_passkit_generator_takes_every_style_with_every_key(generator, packed):
    read = generator(*(packed(style) for style in STYLES))
    assert [answer.get("refused") for answer in read] == [None] * len(STYLES)
    assert [answer["style"] for answer in read] == list(STYLES)
    for answer in read:
        formats = [each["format"] for each in answer["barcodes"]]
        assert formats[-2:] == ["PKBarcodeFormatCode128", "PKBarcodeFormatQR"]


@pytest.mark.parametrize("style", STYLES)
def test_what_is_packed_reads_back_as_the_same_pass(packed, authority, style):
    data = packed(style)
    opened = passkit.read(data, root_pem=authority.root_pem)
    again = passkit.parse_pass(opened.files["pass.json"])
    assert json.loads(again.to_json()) == opened.content
    assert passkit.content_warnings(again) == []
