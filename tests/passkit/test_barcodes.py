"""The code a till scans."""

import pytest

from passkit import Barcode, BarcodeFormat, ContentError


def test_a_code_says_how_to_read_it():
    assert Barcode(message="12345", alt_text="12345").to_dict() == {
        "format": "PKBarcodeFormatQR",
        "message": "12345",
        "messageEncoding": "iso-8859-1",
        "altText": "12345",
    }


def test_interleaved_codes_have_apples_name():
    code = Barcode(message="1234", format=BarcodeFormat.INTERLEAVED_2_OF_5)
    assert code.to_dict()["format"] == "PKBarcodeFormatI2of5"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"message": ""}, "barcodes.message"),
        ({"message": "kahvi ☕"}, "barcodes.message"),
        ({"format": "PKBarcodeFormatQR"}, "barcodes.format"),
        ({"message_encoding": "no-such-set"}, "barcodes.messageEncoding"),
        ({"alt_text": ""}, "barcodes.altText"),
    ],
)
def test_a_code_that_cannot_be_drawn_is_refused(settings, path):
    with pytest.raises(ContentError) as refusal:
        Barcode(**({"message": "12345"} | settings))
    assert refusal.value.path == path
