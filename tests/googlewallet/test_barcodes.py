"""Codes that stay and codes that change."""

import pytest

from googlewallet import Barcode, BarcodeType, ContentError, RenderEncoding, RotatingBarcode
from googlewallet.rotating import RotatingCode

ROTATING = {
    "type": "QR_CODE",
    "valuePattern": "4711.{totp_value_0}.{totp_timestamp_seconds}",
    "totpDetails": {
        "algorithm": "TOTP_SHA1",
        "periodMillis": "30000",
        "parameters": [{"key": "3132333435363738393031323334353637383930", "valueLength": 8}],
    },
}


def details(**changes):
    return ROTATING | {"totpDetails": ROTATING["totpDetails"] | changes}


def parameter(**changes):
    (given,) = ROTATING["totpDetails"]["parameters"]
    return details(parameters=[given | changes])


def test_a_code_with_a_text_below_it_is_written():
    code = Barcode(type=BarcodeType.QR_CODE, value="4711", alternate_text="Jäsen 4711")
    assert code.to_json() == {"type": "QR_CODE", "value": "4711", "alternateText": "Jäsen 4711"}


def test_a_text_in_place_of_a_code_has_none_below_it():
    with pytest.raises(ContentError) as refusal:
        Barcode(type=BarcodeType.TEXT_ONLY, value="a", alternate_text="a")
    assert refusal.value.path == "alternateText"


@pytest.mark.parametrize("kind", [each for each in BarcodeType if each != "QR_CODE"])
def test_an_encoding_goes_with_qr_alone(kind):
    with pytest.raises(ContentError) as refusal:
        Barcode(type=kind, value="a", render_encoding=RenderEncoding.UTF_8)
    assert refusal.value.path == "renderEncoding"


@pytest.mark.parametrize("kind", ["qrCode", "qrcode", "QR", "BARCODE_TYPE_UNSPECIFIED"])
def test_other_spellings_of_a_type_are_refused(kind):
    (fault,) = Barcode.faults({"type": kind, "value": "a"})
    assert fault.path == "type"


def test_a_rotating_code_is_read_and_written():
    assert RotatingBarcode.parse(ROTATING).to_json() == ROTATING


def test_a_code_that_we_verify_is_one_that_google_takes():
    code = RotatingCode(key=RotatingCode.new_key(), prefix="4711")
    written = code.content(alternate_text="Jäsen 4711")
    assert RotatingBarcode.parse(written).to_json() == written


def test_the_secret_is_not_in_what_is_logged():
    assert "3132333435" not in repr(RotatingBarcode.parse(ROTATING))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (ROTATING | {"type": "CODE_128"}, "type"),
        (ROTATING | {"type": "PDF_417", "renderEncoding": "UTF_8"}, "renderEncoding"),
        (ROTATING | {"valuePattern": "4711"}, "valuePattern"),
        (ROTATING | {"valuePattern": "{totp_timestamp_millis}"}, "valuePattern"),
        (ROTATING | {"valuePattern": "{totp_value_0}{totp_value_1}"}, "valuePattern"),
        (ROTATING | {"valuePattern": "{totp_value_0}{TOTP}"}, "valuePattern"),
        (details(periodMillis=30000), "totpDetails.periodMillis"),
        (details(periodMillis="0"), "totpDetails.periodMillis"),
        (details(algorithm="TOTP_SHA256"), "totpDetails.algorithm"),
        (details(parameters=[]), "totpDetails.parameters"),
        (parameter(key="xyz"), "totpDetails.parameters[0].key"),
        (parameter(key="0a1"), "totpDetails.parameters[0].key"),
        (parameter(valueLength=0), "totpDetails.parameters[0].valueLength"),
        (parameter(valueLength=10), "totpDetails.parameters[0].valueLength"),
    ],
)
def test_a_rotating_code_that_cannot_rotate_is_refused(body, path):
    (fault,) = RotatingBarcode.faults(body)
    assert fault.path == path
