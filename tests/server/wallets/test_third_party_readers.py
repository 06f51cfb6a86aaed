"""Other people's programs take every pass of the demo, and refuse a broken one."""

import io
import json
import re
import zipfile

import pytest

import passkit

LANGUAGES = ("fi", "sv", "en")
STATES = {"empty": "0 / 10", "seven": "7 / 10", "reward": "0 / 10", "voided": "7 / 10"}


@pytest.fixture
def seven(demo_passes):
    return demo_passes.make("seven", "fi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_kde_reads_every_pass_of_the_demo(kde, demo_passes, language):
    read = kde(*(demo_passes.make(state, language) for state in STATES), language=language)
    assert [answer.get("refused") for answer in read] == [None] * len(STATES)
    assert [answer["fields"]["stamps"][1] for answer in read] == list(STATES.values())
    assert [answer["fields"]["rewards"][1] for answer in read] == ["0", "0", "1", "0"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_kde_shows_the_brands_language_where_it_cannot_translate(kde, demo_passes, language):
    """Its UTF-16 is of the other byte order, so it shows what pass.json says."""
    (read,) = kde(demo_passes.make("seven", language), language=language)
    label, value = read["fields"].pop("rule")
    assert label == "Näin se toimii"
    assert value.startswith("Kerää 10 leimaa, niin saat palkinnon: ")
    assert read["fields"] == {
        "stamps": ["LEIMAT", "7 / 10"],
        "rewards": ["PALKINNOT", "0"],
        "next": ["VIELÄ 3 LEIMAA", "Ilmainen kahvi"],
        "member_number": ["Jäsennumero", read["barcodes"][0]["text"]],
        "contact": ["Yhteystiedot", read["fields"]["contact"][1]],
    }
    assert "@" in read["fields"]["contact"][1]
    assert not re.search(r"L_|%@|\.[0-9a-f]{8}|\([0-9]\)", json.dumps(read))


def test_kde_sees_what_we_wrote(kde, seven, authority):
    (read,) = kde(seven)
    content = passkit.read(seven, root_pem=authority.root_pem).content
    assert read["style"] == "storeCard"
    assert read["serial"] == content["serialNumber"]
    assert read["barcodes"][0]["message"] == content["barcodes"][0]["message"]
    type_, serial = content["passTypeIdentifier"], content["serialNumber"]
    assert read["update"] == f"{content['webServiceURL']}/v1/passes/{type_}/{serial}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_passkit_generator_takes_every_pass_of_the_demo(generator, demo_passes, language):
    read = generator(*(demo_passes.make(state, language) for state in STATES))
    assert [answer.get("refused") for answer in read] == [None] * len(STATES)
    assert [answer["voided"] for answer in read] == [False, False, False, True]
    assert all({"stamps", "rewards", "rule"} <= set(answer["keys"]) for answer in read)


def test_both_read_a_poster_as_the_store_card_it_falls_back_to(
    kde, generator, demo_passes, authority
):
    posters = [demo_passes.make(state, "fi") for state in STATES]
    contents = [passkit.read(each, root_pem=authority.root_pem).content for each in posters]
    assert all("posterGeneric" in content for content in contents)
    read = kde(*posters)
    assert [answer.get("style") for answer in read] == ["storeCard"] * len(STATES)
    assert [answer["fields"]["stamps"] for answer in read] == [
        ["LEIMAT", value] for value in STATES.values()
    ]
    answers = generator(*posters)
    assert [answer.get("refused") for answer in answers] == [None] * len(STATES)


def set_value(content, value):
    content["storeCard"]["headerFields"][0]["value"] = value


def twice(content):
    fields = content["storeCard"]["headerFields"]
    fields.append(fields[0])


BROKEN_FOR_KDE = {
    "another version": lambda content: content.update(formatVersion=2),
    "no style": lambda content: content.pop("storeCard"),
    "no serial number": lambda content: content.pop("serialNumber"),
    "a field without value": lambda content: set_value(content, ""),
    "an unknown barcode": lambda content: content["barcodes"][0].update(format="PKBarcodeX"),
}
BROKEN_FOR_GENERATOR = {
    "no style": lambda content: [content.pop(style) for style in ("storeCard", "posterGeneric")],
    "a number as serial number": lambda content: content.update(serialNumber=7),
    "a colour by name": lambda content: content.update(backgroundColor="brown"),
    "a short token": lambda content: content.update(authenticationToken="short"),
    "no token": lambda content: content.pop("authenticationToken"),
    "a field twice": twice,
}


def test_kde_refuses_every_broken_pass(kde, seven):
    read = kde(*(broken(seven, change) for change in BROKEN_FOR_KDE.values()))
    assert refused(BROKEN_FOR_KDE, read) == list(BROKEN_FOR_KDE)


def test_passkit_generator_refuses_every_broken_pass(generator, seven):
    read = generator(*(broken(seven, change) for change in BROKEN_FOR_GENERATOR.values()))
    assert refused(BROKEN_FOR_GENERATOR, read) == list(BROKEN_FOR_GENERATOR)


def test_both_refuse_a_pass_without_icon(kde, generator, seven):
    bare = broken(seven, lambda content: None, without="icon")
    assert "icon" in kde(bare)[0]["refused"]
    assert "icon" in generator(bare)[0]["refused"]


def test_kde_refuses_half_a_file(kde, seven):
    assert kde(seven[: len(seven) // 2]) == [{"refused": "not a pass"}]


def test_a_pass_taken_apart_and_put_together_again_is_still_taken(kde, generator, seven):
    same = broken(seven, lambda content: None)
    assert "refused" not in kde(same)[0]
    assert "refused" not in generator(same)[0]


def refused(faults, read):
    return [fault for fault, answer in zip(faults, read, strict=True) if "refused" in answer]


def broken(pkpass, change, *, without="nothing"):
    """The pass with its content changed and the files of one name left out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pkpass)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            data = source.read(name)
            if name == "pass.json":
                content = json.loads(data)
                change(content)
                data = json.dumps(content).encode()
            if not name.startswith(without):
                copy.writestr(name, data)
    return target.getvalue()
