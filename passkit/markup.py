"""The little markup that an attributed value may hold: links, and nothing else.

Apple: Wallet Passes, PassFieldContent, attributedValue.
"""

import html
from html.parser import HTMLParser
from urllib.parse import urlsplit

from passkit.errors import ContentError

_SCHEMES = {"https", "http", "tel", "sms", "mailto"}


def link(label: str, url: str) -> str:
    """A link for an attributed value; label and address are escaped."""
    return f'<a href="{html.escape(url)}">{html.escape(label)}</a>'


def check_links(markup: str, path: str) -> str:
    """The markup itself, once it is known to hold links and text only.

    Raises ContentError for any other tag, another attribute, or an address that is not
    https, http, tel, sms or mailto.
    """
    reader = _LinkReader(path)
    reader.feed(markup)
    reader.close()
    if reader.is_open:
        raise ContentError(path, "a link is not closed: end it with </a>.")
    return markup


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme
    except ValueError:  # such as brackets that hold no IPv6 address
        return ""


class _LinkReader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a" or [name for name, _ in attrs] != ["href"] or self.is_open:
            self._refuse(f"<{tag}>")
        address = attrs[0][1] or ""
        if _scheme(address) not in _SCHEMES:
            raise ContentError(self.path, f"a link may not lead to {address!r}.")
        self.is_open = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class gives it
        self._refuse(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or not self.is_open:
            self._refuse(f"</{tag}>")
        self.is_open = False

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - the base class gives it
        self._refuse("a comment")

    def handle_decl(self, decl: str) -> None:
        self._refuse(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self._refuse(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self._refuse(f"<![{data}]>")

    def _refuse(self, found: str) -> None:
        raise ContentError(
            self.path,
            f'only <a href="..."> is allowed, and {found} was found: use passkit.markup.link for'
            " links and html.escape for every other text.",
        )
