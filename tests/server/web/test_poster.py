"""The poster's address."""

import pypdfium2
import pytest
import zxingcpp

POSTER = "/join/aalto/kahvipassi/poster.pdf"


def text(answer) -> str:
    found: str = pypdfium2.PdfDocument(answer.data)[0].get_textpage().get_text_bounded()
    return found.replace("\r\n", " ")


def test_the_code_leads_to_the_programmes_join_page(client, house, settings):
    answer = client.get(POSTER)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    picture = pypdfium2.PdfDocument(answer.data)[0].render(scale=1.5).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"{settings.public_url}/join/aalto/kahvipassi"


def test_it_is_the_rules_own_sentence_in_the_language_asked_for(client, house):
    assert "Samla 10 stämplar" in text(client.get(POSTER, query_string={"lang": "sv"}))


def test_without_a_language_it_is_the_readers(client, house):
    answer = client.get(POSTER, headers={"Accept-Language": "fi"})
    assert "Kerää 10 leimaa" in text(answer)
    assert "kahvipassi-a4-fi.pdf" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("query", [{"size": "a0"}, {"lang": "de"}, {"size": ""}])
def test_an_unknown_size_or_language_is_refused_with_the_known_ones(client, house, query):
    answer = client.get(POSTER, query_string=query)
    assert (answer.status_code, answer.json["code"]) == (422, "poster_unknown")


def test_an_unknown_programme_has_no_poster(client, house):
    assert client.get("/join/aalto/none/poster.pdf").status_code == 404
