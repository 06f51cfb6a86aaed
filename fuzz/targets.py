"""What is fuzzed, each as a property that Hypothesis tries to break.

A round of a target is named by a number: the same number brings the same examples, but that keys
are new each time.
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zipfile import ZIP_STORED

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from passkit import (
    Barcode,
    BarcodeFormat,
    ContentError,
    Field,
    ImageError,
    Location,
    PackageError,
    Pass,
    ReaderError,
    StoreCard,
    parse_pass,
    read,
    verification,
)
from passkit.archive import unpack
from passkit.images import png_size, sha1
from passkit.linting import content, lint, refuses
from passkit.linting.pictures import pictures
from passkit.linting.translations import translations
from passkit.reader import read_bundle
from passkit.strings import read_strings, write_strings
from tests.corpus.cases_content import CONTENT_CASES, GOOD
from tests.corpus.cases_package import PACKAGE_CASES
from tests.corpus.cases_values import GOOD_VALUES, VALUE_CASES
from tests.corpus.draft import CONTENT, FILES, Issuer, png, zipped

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
_EXAMPLES = 100

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["rgb(1,2,3)", "2026-11-22T10:00Z", "%@", "<a href='x'>", "\ud800", "1e400"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
_TEXTS = st.text(max_size=60)


@cache
def _issuer() -> Issuer:
    return Issuer.create(AT)


@cache
def _packages() -> tuple[bytes, ...]:
    """Real passes of every kind in the corpus; the largest would only slow the search."""
    made = (
        case.made(_issuer())
        for case in (*GOOD, *GOOD_VALUES, *PACKAGE_CASES, *CONTENT_CASES, *VALUE_CASES)
    )
    return tuple(each for each in made if len(each) < 50_000)


@st.composite
def _damaged(draw: st.DrawFn, originals: Callable[[], tuple[bytes, ...]]) -> bytes:
    """Some bytes with up to eight of them set, cut out or put in at any place."""
    data = bytearray(draw(st.sampled_from(originals())))
    for _ in range(draw(st.integers(1, 8))):
        if not data:
            break
        place = draw(st.integers(0, len(data) - 1))
        change = draw(st.sampled_from("set cut put copy".split()))  # noqa: SIM905 - shorter so
        if change == "set":
            data[place] = draw(st.integers(0, 255))
        elif change == "cut":
            del data[place : place + draw(st.integers(1, 200))]
        elif change == "put":
            data[place:place] = draw(st.binary(min_size=1, max_size=40))
        else:
            other = draw(st.integers(0, len(data) - 1))
            data[place : place + 30] = data[other : other + 30]
    return bytes(data)


@given(_damaged(_packages))
def packages(data: bytes) -> None:
    """No file makes lint fail, and what read refuses is refused by lint as well."""
    _judge(data)


@cache
def _unpacked() -> tuple[dict[str, bytes], ...]:
    found = []
    for data in _packages():
        try:
            found.append(unpack(data))
        except ReaderError:
            continue
    return tuple(found)


@given(st.data())
def members(data: st.DataObject) -> None:
    """The same when a file inside was damaged and the archive around it is whole."""
    files = dict(data.draw(st.sampled_from(_unpacked())))
    name = data.draw(st.sampled_from(sorted(files)))
    files[name] = data.draw(_damaged(lambda: (files[name],)))
    if data.draw(st.booleans()) and "manifest.json" in files:  # or nothing would get past its sum
        sums = {
            each: sha1(files[each]) for each in files if each not in ("manifest.json", "signature")
        }
        files["manifest.json"] = json.dumps(sums).encode()
        files["signature"] = _issuer().sign(files["manifest.json"])
    _judge(zipped(files, compression=ZIP_STORED))


def _judge(data: bytes) -> None:
    root = _issuer().authority.root_pem
    findings = lint(data, at=AT, root_pem=root)
    try:
        read(data, root_pem=root, at=AT)
    except ReaderError:
        assert refuses(findings)
    with suppress(ReaderError):
        read_bundle(data)


@cache
def _signatures() -> tuple[bytes, ...]:
    issuer = _issuer()
    return (issuer.sign(b"{}"), issuer.sign_anew(b"{}", sha1=True), issuer.sign(b"{}", alone=True))


@given(_damaged(_signatures))
def signatures(data: bytes) -> None:
    """No signature makes the verifier fail, and none that was changed verifies another content."""
    examined = verification.examine(data, b"{} ", root_pem=None, at=AT)
    assert examined.faults


@given(st.dictionaries(st.sampled_from([*CONTENT, "posterGeneric", "nfc", "locations"]), _VALUES))
def contents(changes: dict[str, Any]) -> None:
    """No JSON makes the judgement of pass.json fail."""
    for written in (CONTENT | changes, changes):
        list(content.content(written, at=AT))


_ODD: list[Any] = [
    [], {}, None, True, False, 0, -1, 1.5, 2**60, 1e300, "", "x", " ", "\0", "\ud800", "x" * 99_999,
    [[]], [{}], [1], ["x"], {"a": []}, {"": None}, "rgb(1,2,3)", "2026-11-22T10:00Z", "http://[x",
    "https://a\u2100b", '<a href="//[">x</a>', '<a href="https://a\u2100b">x</a>',
]  # fmt: skip


@cache
def _rich() -> tuple[dict[str, Any], ...]:
    """The contents of the corpus, in which every key stands somewhere with a good value."""
    made = []
    for files in _unpacked():
        with suppress(ValueError):
            made.append(json.loads(files.get("pass.json", b"")))
    return tuple(each for each in made if isinstance(each, dict))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from _places(each, (*path, key))


@given(st.data())
def structures(data: st.DataObject) -> None:
    """One odd value anywhere in a pass.json is judged, and taken or refused by name."""
    written = copy.deepcopy(data.draw(st.sampled_from(_rich())))
    *way, last = data.draw(st.sampled_from(list(_places(written))))
    holder: Any = written
    for key in way:
        holder = holder[key]
    holder[last] = data.draw(st.sampled_from(_ODD) | _VALUES)
    list(content.content(written, at=AT))
    list(pictures(FILES, written))
    list(translations(FILES, written))
    for given_ in (written, json.dumps(written).encode()):
        with suppress(ContentError):
            parse_pass(given_).to_json()


_FIELD_KEYS = ["key", "value", "label", "changeMessage", "attributedValue", "dateStyle", "row"]


@given(st.dictionaries(st.sampled_from(_FIELD_KEYS), _VALUES), _VALUES)
def fields(changes: dict[str, Any], group: Any) -> None:
    """No field and no group of fields makes the judgement fail."""
    for fields_ in ([changes], group):
        card = {"storeCard": {"headerFields": fields_, "backFields": group}}
        list(content.content(CONTENT | card, at=AT))


@given(st.binary(max_size=300) | _TEXTS.map(lambda text: text.encode("utf-16", "surrogatepass")))
def strings(data: bytes) -> None:
    """A strings file is read whole or refused."""
    try:
        entries = read_strings(data)
    except PackageError:
        return
    assert read_strings(write_strings(entries)) == entries


@given(_damaged(lambda: (png(8, 8), png(38, 38))))
def images(data: bytes) -> None:
    """An image has a size or is refused, without being decoded."""
    try:
        width, height = png_size(data, "icon.png")
    except ImageError:
        return
    assert width > 0 < height


_NUMBERS = st.integers() | st.floats() | st.decimals()


@given(
    value=_TEXTS | _NUMBERS | st.datetimes() | st.datetimes(timezones=st.just(UTC)),
    texts=st.tuples(*[_TEXTS | st.none()] * 3),
    place=st.tuples(_NUMBERS, _NUMBERS),
    message=_TEXTS,
    form=st.sampled_from(list(BarcodeFormat)[:4]),
)
def models(value: Any, texts: Any, place: Any, message: str, form: BarcodeFormat) -> None:
    """What the models take is JSON that lint does not refuse; everything else is ContentError."""
    label, change_message, attributed = texts
    try:
        field = Field(
            key="stamps",
            value=value,
            label=label,
            change_message=change_message,
            attributed_value=attributed,
        )
        pass_ = Pass(
            pass_type_identifier="pass.test.leima.card",
            team_identifier="TEAMTEST01",
            serial_number="0123456789abcdef0123456789abcdef",
            organization_name=message or "Kahvila",
            description="Leimakortti",
            store_card=StoreCard(back_fields=[field]),
            barcodes=[Barcode(message=message, format=form)],
            locations=[Location(latitude=place[0], longitude=place[1])],
        )
        written = json.loads(pass_.to_json())
    except ContentError:
        return
    findings = content.content(written, at=AT)
    assert [each for each in findings if each.rule.severity == "refuse"] == []


_SETTINGS = settings(
    max_examples=_EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
TARGETS: dict[str, Callable[[], None]] = {
    target.__name__: _SETTINGS(target)
    for target in (
        packages,
        members,
        signatures,
        contents,
        structures,
        fields,
        strings,
        images,
        models,
    )
}


def run(name: str, number: int) -> int:
    """One round of a target; the number of examples. Raises what Hypothesis found, shrunk."""
    seed(number)(TARGETS[name])()
    return _EXAMPLES
