"""Ids, texts in languages, moments, money and addresses, as Google reads them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from googlewallet import (
    ContentError,
    DateTime,
    GenericClass,
    Image,
    ImageUri,
    LocalizedString,
    LoyaltyClass,
    Money,
    TimeInterval,
    Uri,
)
from tests.googlewallet.bodies import SMALLEST, TEXT

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor_units", "currency", "exponent", "micros"),
    [
        (1250, "EUR", 2, "12500000"),
        (7, "EUR", 2, "70000"),
        (3 * 7, "EUR", 2, "210000"),
        (-1, "EUR", 2, "-10000"),
        (0, "SEK", 2, "0"),
        (500, "JPY", 0, "500000000"),
        (1, "KWD", 3, "1000"),
    ],
)
def test_money_is_written_in_exact_micros(minor_units, currency, exponent, micros):
    money = Money.of(minor_units, currency, exponent)
    assert money.to_json() == {"currencyCode": currency, "micros": micros}


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_money_loses_nothing(minor_units, exponent):
    money = Money.of(minor_units, "EUR", exponent)
    assert divmod(money.micros, 10 ** (6 - exponent)) == (minor_units, 0)
    assert Money.parse(money.to_json()) == money


@pytest.mark.parametrize(
    ("minor_units", "currency", "exponent"),
    [
        (12.5, "EUR", 2),
        (True, "EUR", 2),
        ("1250", "EUR", 2),
        (1250, "euro", 2),
        (1250, "EUR", 7),
        (1250, "EUR", -1),
        (10**15, "EUR", 2),
    ],
)
def test_money_that_is_not_exact_or_too_much_is_refused(minor_units, currency, exponent):
    with pytest.raises(ContentError):
        Money.of(minor_units, currency, exponent)


@pytest.mark.parametrize("micros", [1000000, 1.0, "1.5", "01", "", "1 000", "9" * 19, "1" * 5000])
def test_micros_in_json_are_digits_in_a_text(micros):
    with pytest.raises(ContentError) as refusal:
        Money.parse({"currencyCode": "EUR", "micros": micros})
    assert refusal.value.path == "micros"


@pytest.mark.parametrize("written", ["33.a", "3388000000022000000.Aa0._-", "1.."])
def test_an_id_is_the_issuer_a_dot_and_a_name(written):
    assert GenericClass(id=written).issuer_id == written.split(".")[0]


@pytest.mark.parametrize("written", ["33", "33.", ".a", "a.b", "33.ä", "33.a b", "33.a\n", "٣.a"])
def test_other_ids_are_refused(written):
    with pytest.raises(ContentError) as refusal:
        GenericClass(id=written)
    assert refusal.value.path == "id"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hexBackgroundColor", "#ffcc0"),
        ("hexBackgroundColor", "ffcc00"),
        ("hexBackgroundColor", "#ggg"),
        ("countryCode", "fi"),
        ("countryCode", "FIN"),
        ("redemptionIssuers", ["a"]),
    ],
)
def test_a_value_that_looks_otherwise_is_refused(key, value):
    (fault,) = LoyaltyClass.faults(SMALLEST["LoyaltyClass"] | {key: value})
    assert fault.path.startswith(key)


def test_texts_are_written_by_language_with_the_default_first():
    text = LocalizedString.of({"sv": "Stämplar", "fi": "Leimat", "en": "Stamps"}, default="fi")
    assert text.to_json() == {
        "defaultValue": {"language": "fi", "value": "Leimat"},
        "translatedValues": [
            {"language": "sv", "value": "Stämplar"},
            {"language": "en", "value": "Stamps"},
        ],
    }


def test_a_text_without_its_default_is_refused():
    with pytest.raises(ContentError, match="'fi'"):
        LocalizedString.of({"sv": "Stämplar"}, default="fi")


@pytest.mark.parametrize("tag", ["", "f", "suomi_fi", "fi-", "ääni"])
def test_what_is_no_language_is_refused(tag):
    with pytest.raises(ContentError):
        LocalizedString.of({tag: "Leimat"}, default=tag)


def test_a_language_stands_once():
    twice = [{"language": "sv", "value": "a"}, {"language": "SV", "value": "b"}]
    with pytest.raises(ContentError, match="twice"):
        LocalizedString.parse(TEXT | {"translatedValues": twice})


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (AT, "2026-11-22T10:00:00+00:00"),
        (AT.replace(microsecond=5), "2026-11-22T10:00:00.000005+00:00"),
        (
            datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=1, minutes=39, seconds=49))),
            "1900-01-01T00:00:00+01:39:49",
        ),
    ],
)
def test_moments_are_written_with_their_offset(moment, written):
    assert DateTime.of(moment).to_json() == {"date": written}
    assert DateTime.parse({"date": written}).value == moment


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ContentError, match="no time zone"):
        DateTime.of(datetime(2026, 11, 22))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    "written",
    ["1985-04-12T23:20:50.123456789Z", "1985-04-12T19:20:50.52-04:00", "1985-04-12T19:20"],
)
def test_moments_in_googles_own_examples_are_taken(written):
    assert DateTime.parse({"date": written}).value.year == 1985


@pytest.mark.parametrize(
    "written",
    ["2026-11-22", "20261122T100000Z", "2026-02-30T10:00:00Z", "2026-W47-1T10:00", "now", "", 5],
)
def test_other_moments_are_refused(written):
    (fault,) = DateTime.faults({"date": written})
    assert fault.path == "date"


def test_an_interval_is_of_moments_in_order():
    assert TimeInterval.of(AT, AT + timedelta(days=1)).end.value == AT + timedelta(days=1)
    assert TimeInterval.of(end=AT).to_json() == {"end": {"date": "2026-11-22T10:00:00+00:00"}}
    with pytest.raises(ContentError, match="before the start"):
        TimeInterval.of(AT, AT - timedelta(seconds=1))
    with pytest.raises(ContentError, match="neither"):
        TimeInterval.of()


@pytest.mark.parametrize("offsets", [("Z", ""), ("", "+02:00")])
def test_an_offset_stands_at_both_ends_or_at_none(offsets):
    start, end = ({"date": f"2026-11-2{day}T10:00:00{each}"} for day, each in enumerate(offsets))
    with pytest.raises(ContentError, match="in both"):
        TimeInterval.parse({"start": start, "end": end})


@pytest.mark.parametrize(
    "uri", ["tel:+358401234567", "mailto:a@b.example", "geo:60.1,24.9", "app:x"]
)
def test_an_address_has_a_scheme(uri):
    assert Uri(uri=uri).to_json() == {"uri": uri}


@pytest.mark.parametrize(
    "uri",
    ["kahvila.example", "//kahvila.example", "https:", "https://", "https:///a", "tel:1 2", "x"],
)
def test_an_address_without_scheme_or_host_is_refused(uri):
    with pytest.raises(ContentError) as refusal:
        Uri(uri=uri)
    assert refusal.value.path == "uri"


@pytest.mark.parametrize(
    "uri", ["http://kahvila.example/a.png", "data:image/png;base64,AA", "https://[::1", "a.png"]
)
def test_images_are_fetched_by_https_alone(uri):
    with pytest.raises(ContentError):
        Image.of(uri)
    with pytest.raises(ContentError):
        Image.of(uri, allow_http=True)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.9.9.9", "localhost", "[::1]:80"])
def test_http_is_for_this_very_machine_on_request(host):
    uri = f"http://{host}/a.png"
    assert Image.of(uri, allow_http=True).source_uri.uri == uri
    with pytest.raises(ContentError):
        ImageUri(uri=uri)


@pytest.mark.parametrize(
    "host", ["127.0.0.1@a.example", "127.0.0.1.example", "localhost.example", "10.0.0.1", "[::2]"]
)
def test_http_is_for_no_other_machine(host):
    with pytest.raises(ContentError):
        Image.of(f"http://{host}/a.png", allow_http=True)


def test_an_image_is_described_for_who_does_not_see_it():
    image = Image.of("https://a.example/b.png", LocalizedString.of({"fi": "Kuppi"}, "fi"))
    assert image.to_json()["contentDescription"]["defaultValue"]["value"] == "Kuppi"


def test_an_image_has_one_source():
    with pytest.raises(ContentError, match="exactly one"):
        Image(source_uri=ImageUri(uri="https://a.example/b.png"), private_image_id="a")
    with pytest.raises(ContentError, match="exactly one"):
        Image()
