"""What lint does with whole files; the corpus tries rule by rule."""

import io
import tracemalloc
import zipfile
from datetime import timedelta

import pytest

import passkit
from passkit.linting import Severity, lint, refuses, rules
from passkit.linting.content import content

APPLE_PAGES = {
    "Apple PKI",
    "Building a Pass",
    "Creating a poster generic pass",
    "Creating the Source for a Pass",
    "Distributing and Updating a Pass",
    "Human Interface Guidelines, Wallet",
    "Pass",
    "Pass Design and Creation",
    "Pass.Barcodes",
    "Pass.Beacons",
    "Pass.Locations",
    "Pass.NFC",
    "Pass.RelevantDates",
    "PassFieldContent",
    "PassFields",
    "Personalize",
    "Register a Pass for Update Notifications",
    "Rewards Enrollment",
    "SemanticTags",
    "Showing a Pass on the Lock Screen",
}


def ids(findings):
    return [each.rule.id for each in findings]


def test_our_own_pass_is_not_refused(pkpass, authority, at):
    assert not refuses(lint(pkpass, at=at, root_pem=authority.root_pem))


def test_without_a_root_only_apple_is_trusted(pkpass, at):
    assert "signature-not-trusted" in ids(lint(pkpass, at=at))


def test_a_signature_from_the_future_is_refused(pkpass, authority, at):
    before = at - timedelta(minutes=30)
    findings = lint(pkpass, at=before, root_pem=authority.root_pem)
    assert "signature-from-the-future" in ids(findings)


def test_the_worst_comes_first(pkpass, at):
    severities = [each.rule.severity for each in lint(pkpass, at=at)]
    assert severities == sorted(severities, key=list(Severity).index)
    assert set(severities) == {Severity.REFUSE, Severity.ADVICE}


def test_a_bundle_is_judged_pass_by_pass(pkpass, at):
    findings = lint(passkit.bundle([pkpass, pkpass]), at=at)
    paths = [each.path for each in findings if each.rule.id == "signature-not-trusted"]
    assert paths == ["pass 1: signature", "pass 2: signature"]


def test_a_bundle_of_eleven_is_refused(packed, pkpass, at):
    many = packed({f"{number}.pkpass": pkpass for number in range(11)})
    assert ids(lint(many, at=at)) == ["bundle-too-large"]


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" * 10])
def test_what_is_no_zip_is_one_finding(data, at):
    assert ids(lint(data, at=at)) == ["zip-damaged"]


def test_bundles_in_bundles_are_not_opened(packed, pkpass, at):
    """With ten in each, four of them inside one another would be ten thousand passes."""
    nested = pkpass
    for _ in range(4):
        nested = packed({f"{number}.pkpass": nested for number in range(10)})
    missing = [each.path for each in lint(nested, at=at) if each.rule.id == "pass-missing"]
    assert missing == [f"pass {number}: pass.json" for number in range(1, 11)]


HOSTILE = {
    "pass.json": (b'{"storeCard": {"backFields": [', b"[],", b"0]}}"),
    "fi.lproj/pass.strings": (b"", b'"a" = "b";\n', b""),
    "icon.png": (b"\x89PNG\r\n\x1a\n", bytes(8) + b"\xcd\xfa\xf5\x9d", b""),
}


def stored(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_fifty_megabytes_of_the_worst_cost_no_multiple_of_that(at, name):
    start, middle, end = HOSTILE[name]
    worst = start + middle * (50_000_000 // len(middle)) + end
    data = stored({"pass.json": b"{}"} | {name: worst})
    tracemalloc.start()
    findings = lint(data, at=at)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refuses(findings)
    assert peak < 200_000_000


def test_of_one_rule_a_hundred_findings_are_enough(at):
    fields = b'{"storeCard": {"backFields": [' + b"1," * 200_000 + b"1]}}"
    findings = ids(lint(stored({"pass.json": fields}), at=at))
    assert findings.count("field-group-shape") == 100
    assert "style-missing" not in findings
    assert "icon-missing" in findings


def test_every_rule_says_who_minds_and_what_to_do():
    for rule in rules().values():
        for text in (rule.problem, rule.remedy):
            assert text.endswith((".", "…"))
        assert rule.systems
        kind, _, title = rule.source.partition(": ")
        assert rule.source in ("Pass Builder", "passkit") or kind in ("Apple", "observed")
        assert title in APPLE_PAGES if kind == "Apple" else True


def test_findings_come_in_the_order_of_the_file(at):
    settings = [f"setting{number}" for number in (5, 3, 8, 1, 7, 2, 6, 4)]
    field = {"key": "a", "value": "x"} | dict.fromkeys(settings, 1)
    findings = content({"storeCard": {"backFields": [field]}}, at=at)
    told = [each.path for each in findings if each.rule.id == "field-setting-unknown"]
    assert told == [f"storeCard.backFields[0].{setting}" for setting in settings]
