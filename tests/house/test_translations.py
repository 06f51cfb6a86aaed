"""The catalogues of the pages are whole."""

import re

import pytest

from scripts import messages

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
BOTH = pytest.mark.parametrize("language", ["fi", "sv"])


def translations(language):
    return [message for message in messages.known(language) if message.id]


def texts(words):
    return list(words) if isinstance(words, list | tuple) else [words]


@BOTH
def test_the_catalogue_has_exactly_the_words_of_the_pages(language):
    known = {message.id for message in translations(language)}
    wanted = {message.id for message in messages.collect() if message.id}
    assert sorted(map(str, wanted ^ known)) == [], "run make messages"


@BOTH
def test_every_word_is_translated(language):
    missing = [m.id for m in translations(language) if m.fuzzy or not all(texts(m.string))]
    assert missing == []


@BOTH
def test_a_translation_has_the_places_of_the_original(language):
    wrong = [
        message.id
        for message in translations(language)
        for text in texts(message.string)
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(texts(message.id)[-1]))
    ]
    assert wrong == []


@BOTH
def test_nothing_is_left_in_english(language):
    """Some names and signs are the same in every language."""
    same = {m.id for m in translations(language) if m.id == m.string}
    assert same <= {"PIN", "×{count}"}
