"""Posters, read as a phone's camera reads them."""

import re
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from server import posters
from server.posters import Poster

LINK = "https://kortti.example/join/kahvila-aalto/kahvipassi"
POSTER = Poster(
    design="kahvila",
    brand="Kahvila Aalto",
    programme="Kahvipassi",
    sentence="Kerää 10 leimaa, niin saat palkinnon: Ilmainen kahvi.",
    link=LINK,
    language="fi",
)


def printed(pdf: bytes, *, dots_per_inch: int = 110) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    picture: Image.Image = document[0].render(scale=dots_per_inch / 72).to_pil()
    return picture


def text(pdf: bytes) -> str:
    found: str = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded()
    return found


@pytest.mark.parametrize(("size", "codes"), [("a4", 1), ("a5", 1), ("table", 2)])
def test_a_camera_reads_the_link_to_join(size, codes):
    read = zxingcpp.read_barcodes(printed(posters.render(POSTER, size)))
    assert [code.text for code in read] == [LINK] * codes


@pytest.mark.parametrize(
    ("size", "millimetres"), [("a4", (210, 297)), ("a5", (148.5, 210)), ("table", (210, 297))]
)
def test_it_has_the_size_of_the_paper(size, millimetres):
    page = pypdfium2.PdfDocument(posters.render(POSTER, size))[0]
    assert page.get_size() == pytest.approx([each / 25.4 * 72 for each in millimetres], abs=0.1)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", "Skannaa\\s+kamerallasi"),
        ("sv", "Skanna\\s+med\\s+kameran"),
        ("en", "Scan\\s+with\\s+your\\s+camera"),
    ],
)
def test_it_says_what_to_do_in_the_language_asked_for(language, words):
    found = text(posters.render(replace(POSTER, language=language), "a4"))
    assert re.search(words, found)
    assert "kahvi" in found


def test_the_type_is_embedded_with_its_letters():
    pdf = posters.render(replace(POSTER, programme="Ääkköspöytä å €"), "a4")
    assert b"/FontFile2" in pdf
    assert "Ääkköspöytä å €" in text(pdf).replace("\r\n", " ")


@pytest.mark.parametrize("size", posters.SIZES)
def test_long_words_get_smaller_and_never_cover_the_code(size):
    long = replace(
        POSTER,
        programme="Kanta-asiakaskortti kaikille ystävillemme Tampereella",
        sentence="Pitkä sääntö, joka ei lopu koskaan. " * 9,
        brand="Kahvila Aalto ja Leipomo Oy, Kallion paras",
    )
    read = zxingcpp.read_barcodes(printed(posters.render(long, size)))
    assert {code.text for code in read} == {LINK}


def test_a_poster_asked_for_again_is_not_drawn_again():
    assert posters.render(POSTER, "a4") is posters.render(POSTER, "a4")
