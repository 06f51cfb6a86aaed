"""Which language a page speaks, and its words in that language.

The words stand in English in the templates and views; `server/locales/` holds the catalogues of the
other languages (gettext), which are compiled in memory when they are first used.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, g, request

from server.config import LOCALES
from server.face import LANGUAGES
from server.web import is_for_programs, services

_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
_SOURCE = "en"
_COOKIE = "leima_lang"
_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Give every request its language and every template the words."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, _ngettext, newstyle=True
    )
    app.before_request(_choose)
    app.context_processor(_context)
    app.after_request(_remember)


def gettext(message: str) -> str:
    """The words of `message` in the page's language."""
    return catalogue(spoken()).gettext(message)


def later(message: str) -> str:
    """The message itself: marks words that are translated where they are used."""
    return message


def spoken() -> str:
    """The page's language."""
    return str(g.get("language", _SOURCE))


def prefer(language: str) -> None:
    """Speak the brand's language to a visitor of whom nothing is known."""
    if not g.language_wanted:
        g.language = language


def address(language: str) -> None:
    """Speak the member's own language, unless the address asks for another."""
    if not g.language_asked:
        g.language = language


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations into `language`; the source's own words for English."""
    if language == _SOURCE:
        return NullTranslations()
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        compiled = BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _ngettext(one: str, many: str, count: int) -> str:
    return catalogue(spoken()).ngettext(one, many, count)


def _choose() -> None:
    """The address, else what was chosen before, else the browser's wish."""
    if is_for_programs():
        return
    g.language_asked = _known(request.args.get("lang"))
    g.language_wanted = g.language_asked or _known(request.cookies.get(_COOKIE)) or _accepted()
    g.language = g.language_wanted or _SOURCE


def _known(language: str | None) -> str | None:
    return language if language in LANGUAGES else None


def _accepted() -> str | None:
    """The browser's first language that is ours, with or without a region."""
    for tag, quality in request.accept_languages:
        if quality > 0 and (language := _known(tag.partition("-")[0].lower())):
            return language
    return None


def _context() -> dict[str, object]:
    return {"lang": spoken(), "languages": _NAMES}


def _remember(response: Response) -> Response:
    """Keep what the address asked for, and tell caches that pages differ."""
    if is_for_programs() or response.mimetype != "text/html":
        return response
    response.headers["Content-Language"] = spoken()
    response.vary.update(("Accept-Language", "Cookie"))
    if asked := g.get("language_asked"):
        secure = not services().settings.is_loopback
        response.set_cookie(
            _COOKIE, asked, max_age=_YEAR, samesite="Lax", secure=secure, httponly=True
        )
    return response
