"""The code a till scans."""

import pytest

from passkit import Barcode, BarcodeFormat, ContentError

MEANT = {
    BarcodeFormat.CODE39: "AB-12",
    BarcodeFormat.CODABAR: "A1234B",
    BarcodeFormat.EAN13: "4006381333931",
    BarcodeFormat.INTERLEAVED_2_OF_5: "123456",
}


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
        ({"message_encoding": "\0"}, "barcodes.messageEncoding"),
        ({"message_encoding": None}, "barcodes.messageEncoding"),
        ({"message_encoding": "punycode"}, "barcodes.messageEncoding"),
        ({"message_encoding": "IDNA"}, "barcodes.messageEncoding"),
        ({"message_encoding": "unicode-escape"}, "barcodes.messageEncoding"),
        ({"message_encoding": "raw_unicode_escape"}, "barcodes.messageEncoding"),
        ({"alt_text": ""}, "barcodes.altText"),
    ],
)
def test_a_code_that_cannot_be_drawn_is_refused(settings, path):
    with pytest.raises(ContentError) as refusal:
        Barcode(**({"message": "12345"} | settings))
    assert refusal.value.path == path


@pytest.mark.parametrize("kind", list(BarcodeFormat))
def test_every_format_of_wallet_can_be_written(kind):
    message = MEANT.get(kind, "MEMBER 4711")
    assert Barcode(message=message, format=kind).to_dict()["format"] == kind.value


@pytest.mark.parametrize(
    ("kind", "message", "advice"),
    [
        (BarcodeFormat.EAN13, "4006381333932", "the last digit is 1"),
        (BarcodeFormat.EAN13, "400638133393", "13 digits"),
        (BarcodeFormat.CODE39, "ab-12", "capitals"),
        (BarcodeFormat.CODABAR, "A1234", "start and a stop"),
        (BarcodeFormat.CODABAR, "12E4", "digits"),
        (BarcodeFormat.INTERLEAVED_2_OF_5, "12345", "put a 0 in front"),
        (BarcodeFormat.INTERLEAVED_2_OF_5, "12A4", "digits only"),
        (BarcodeFormat.QR, "x" * 2954, "2953"),
        (BarcodeFormat.AZTEC, "x" * 1915, "1914"),
        (BarcodeFormat.PDF417, "x" * 1109, "1108"),
        (BarcodeFormat.CODE128, "kahvi ä", "ASCII"),
        (BarcodeFormat.CODE128, "x" * 117, "too long"),
        (BarcodeFormat.CODE128, "1" * 5000, "too long"),
    ],
)
def test_a_message_its_format_cannot_hold_is_refused_with_advice(kind, message, advice):
    with pytest.raises(ContentError, match=advice) as refusal:
        Barcode(message=message, format=kind)
    assert refusal.value.path == "barcodes.message"


@pytest.mark.parametrize(("kind", "message"), MEANT.items())
def test_a_code_only_ios_27_draws_is_followed_by_others_that_say_the_same(written, kind, message):
    code = Barcode(message=message, format=kind, alt_text="4711")
    codes = written(barcodes=[code])["barcodes"]
    formats = [kind.value, "PKBarcodeFormatCode128", "PKBarcodeFormatQR"]
    assert [each.pop("format") for each in codes] == formats
    assert codes == [codes[0]] * 3
    assert codes[0]["altText"] == "4711"


def test_the_longest_code_128_that_a_screen_shows_is_taken():
    for message in ("x" * 116, "1" * 232, "x" * 16 + "1" * 200):
        assert Barcode(message=message, format=BarcodeFormat.CODE128).message == message


def test_a_fallback_that_cannot_be_drawn_is_left_out(written):
    code = Barcode(message="12" * 150, format=BarcodeFormat.INTERLEAVED_2_OF_5)
    formats = [each["format"] for each in written(barcodes=[code])["barcodes"]]
    assert formats == ["PKBarcodeFormatI2of5", "PKBarcodeFormatQR"]


def test_a_fallback_of_ones_own_is_left_alone(make_pass):
    codes = (
        Barcode(message="123456", format=BarcodeFormat.INTERLEAVED_2_OF_5),
        Barcode(message="other", format=BarcodeFormat.AZTEC),
    )
    assert make_pass(barcodes=codes).barcodes == codes


def test_codes_older_systems_draw_are_written_as_they_are(make_pass):
    codes = (Barcode(message="1"), Barcode(message="2", format=BarcodeFormat.CODE128))
    assert make_pass(barcodes=list(codes)).barcodes == codes
    assert make_pass().barcodes == ()
