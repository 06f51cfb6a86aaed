"""Links in attributed values, and nothing else."""

import pytest

from passkit import ContentError, link
from passkit.markup import check_links


def test_text_with_links_is_kept():
    markup = 'Soita <a href="tel:+358401234567">meille</a> &amp; <a href="https://a.fi">tule</a>'
    assert check_links(markup, "x") == markup


def test_a_made_link_escapes_what_members_wrote():
    made = link('<b>"Aino" & co</b>', "https://a.fi/?a=1&b='2'")
    assert check_links(made, "x") == made
    assert "<b>" not in made
    assert "&amp;b=&#x27;2&#x27;" in made


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JAVASCRIPT:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="/relative">x</a>',
        '<a href="http://[x">x</a>',
        '<a href="//[">x</a>',
        '<a href="https://a℀b">x</a>',
        '<a href="https://a.fi" onclick="x()">x</a>',
        '<a href="https://a.fi" href="javascript:x">x</a>',
        "<a>x</a>",
        '<a href="https://a.fi">x',
        '<a href="https://a.fi"><a href="https://b.fi">x</a></a>',
        '<a href="https://a.fi"/>',
        "x</a>",
        "<b>x</b>",
        "<br/>",
        "<!-- x -->",
        "<!DOCTYPE html>",
        "<?php x ?>",
        "<![CDATA[x]]>",
    ],
)
def test_everything_else_is_refused(markup):
    with pytest.raises(ContentError) as refusal:
        check_links(markup, "terms.attributedValue")
    assert refusal.value.path == "terms.attributedValue"
