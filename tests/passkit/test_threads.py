"""Many threads make passes at once: each gets its own, and nothing of anybody else's."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import passkit

COUNT, THREADS = 400, 8


@pytest.fixture
def hasty():
    """Threads take turns a thousand times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module")
def shops(authority, png, at):
    """Two brands with a certificate, images and words of their own."""

    def open_shop(pass_type, word, width):
        made = authority.issue_pass_certificate(pass_type, "TEAMTEST01", at=at)
        signer = passkit.Signer(made.certificate_pem, made.key_pem, authority.intermediate_pem)
        strings = passkit.Strings({"fi": {"L_NAME": word}})
        return signer, passkit.Template(passkit.Images({"icon.png": png(width, 38)}), strings)

    return [open_shop("pass.test.aalto", "Aalto", 38), open_shop("pass.test.berg", "Berg", 39)]


@pytest.fixture
def make(shops, make_pass, at):
    def make(number):
        signer, template = shops[number % 2]
        field = passkit.Field(key="name", label="L_NAME", value=f"Aino {number}")
        values = {
            "pass_type_identifier": signer.pass_type_identifier,
            "serial_number": f"serial-number-of-{number:06d}",
            "store_card": passkit.StoreCard(primary_fields=[field]),
            "web_service_url": "https://cards.example.com",
            "authentication_token": f"token-of-member-{number:06d}",
        }
        return passkit.build(make_pass(**values), template, signer, at=at)

    return make


def test_passes_made_at_once_are_those_made_one_after_another(make, hasty):
    alone = [make(number) for number in range(COUNT)]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(make, range(COUNT)))
    assert together == alone


def test_each_pass_names_its_own_member_and_brand_and_nobody_elses(make, authority, hasty):
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(make, range(COUNT // 4)))
    for number, data in enumerate(made):
        opened = passkit.read(data, root_pem=authority.root_pem)
        own = (f"{number:06d}".encode(), ["Aalto", "Berg"][number % 2].encode("utf-16-le"))
        foreign = ["Berg", "Aalto"][number % 2].encode("utf-16-le")
        text = opened.files["pass.json"] + opened.files["fi.lproj/pass.strings"]
        assert all(each in text for each in own)
        assert foreign not in text
        assert text.count(b"member-") == 1
