"""A card in Apple Wallet's words: the only place that knows where on a pass what stands.

Apple: Wallet Passes, Pass and PassFields (a store card's fields and where they are drawn).
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import passkit
from passkit import (
    Barcode,
    CertificateError,
    Color,
    Field,
    Images,
    Pass,
    PosterGeneric,
    StoreCard,
    Strings,
    Template,
)
from passkit.package import MIME_TYPE
from passkit.strings import choose_keys
from passkit.updates import http_date
from server import strips
from server.cards import ShownPass, Version, show_pass
from server.config import Settings
from server.designs import Design
from server.errors import ServiceError
from server.face import LANGUAGES, CardFace, Line, Progress, Text
from server.services import Services
from server.wallets.identity import Identity
from server.wallets.layout import lay_out, lay_out_poster
from server.wallets.pass_files import Key, PassFile, PassFiles

__all__ = ["MIME_TYPE", "build_pass", "http_date", "pass_file"]

_MOST_LOOKS = 256  # kept ready, of 90 to 350 KB each

_MEMBER_NUMBER = Text("Jäsennumero", "Medlemsnummer", "Member number")
_CONTACT = Text("Yhteystiedot", "Kontakt", "Contact")
_NOT_SIGNABLE = Text(
    "Korttia ei saada valmiiksi juuri nyt. Yritä myöhemmin uudelleen.",
    "Kortet kan inte göras klart just nu. Försök igen senare.",
    "The card cannot be signed at the moment: try again later.",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    """What all passes of one design and one count have in common, made ready once."""

    template: Template
    background: Color
    foreground: Color
    label: Color


# By the version of the design, and the progress when its strip shows it.
_looks: dict[tuple[str, Progress | None], _Look] = {}
_forgetting = threading.Lock()


def pass_file(
    services: Services, version: Version, identity: Identity, files: PassFiles
) -> PassFile | None:
    """The signed file of a pass, from memory if this version was signed before; None when the
    pass is gone.

    Raises:
        ServiceError: `pass_not_signable`, also for what was signed while the certificate was good.
    """
    at = services.now()
    _check_certificate(identity, at, version)

    def build() -> PassFile:
        shown = show_pass(services.database, version.pass_id, at=at)
        if shown is None:
            raise _Gone
        body = build_pass(shown, identity, services.settings, at)
        return PassFile(Key(shown.version, identity.certificate_pem), body)

    try:
        return files.get(Key(version, identity.certificate_pem), build)
    except _Gone:
        return None


class _Gone(Exception):
    """The pass was removed between two looks."""


def build_pass(shown: ShownPass, identity: Identity, settings: Settings, at: datetime) -> bytes:
    """The signed .pkpass file of the card as `shown`, in every language of the service.

    Raises:
        ServiceError: `pass_not_signable`; our certificate is out of date or for other passes.
    """
    drawn = strips.drawable(shown.design, shown.face.progress)
    look = _look(shown.design, drawn, settings.data_dir / strips.FOLDER)
    words = _Words(_texts(shown), _messages(shown), shown.language)
    strings, said = _strings(words.entries)
    content = _content(shown, look, words, (identity.team_identifier, settings, said))
    try:
        return passkit.build(content, look.template, identity.signer, at=at, strings=strings)
    except CertificateError as error:
        raise _not_signable(shown.version, error) from error


def _check_certificate(identity: Identity, at: datetime, version: Version) -> None:
    try:
        identity.signer.check(at)
    except CertificateError as error:
        raise _not_signable(version, error) from error


def _not_signable(version: Version, error: CertificateError) -> ServiceError:
    _log.error("apple.pass_not_signable pass=%s: %s", version.pass_id, error)
    return ServiceError(
        "pass_not_signable",
        "The card cannot be signed at the moment: try again later.",
        text=_NOT_SIGNABLE,
    )


class _Words:
    """The texts of one pass as pass.json has them: in the brand's language.

    Those that differ by language are keys, too; a key is its text wherever it can be, so that the
    pass is readable where nothing is translated. Change messages keep the `%@` that phones look
    for, and no other key has one.
    """

    def __init__(self, texts: Iterable[Text], messages: Iterable[Text], language: str) -> None:
        self._messages, self._language = tuple(messages), language
        every = dict.fromkeys((*texts, *self._messages))
        translated = [text for text in every if not text.is_alike]
        keys = choose_keys(
            [self._key(text) for text in translated], {text.fi for text in every if text.is_alike}
        )
        self._keys = dict(zip(translated, keys, strict=True))
        self.entries = tuple(zip(keys, translated, strict=True))

    def write(self, text: Text) -> str:
        """What pass.json says for `text`, which is one of those the pass was announced to have."""
        return text.fi if text.is_alike else self._keys[text]

    def _key(self, text: Text) -> str:
        key = text.get(self._language) or text.en or text.fi or text.sv
        return key if text in self._messages else key.replace("%@", "%")


def _all(text: Text) -> tuple[str, str, str]:
    return text.fi, text.sv, text.en


def _texts(shown: ShownPass) -> Iterator[Text]:
    """All that the pass says; what is not to be translated is alike in every language."""
    face = shown.face
    names = (face.brand, _description(face), shown.design.logo_text, face.barcode)
    yield from map(Text.same, names)
    for line in _lines(shown):
        yield from (line.label, line.value)


def _messages(shown: ShownPass) -> Iterator[Text]:
    """All that the pass says of changes."""
    yield from (_change_message(line.changed) for line in _lines(shown) if line.changed)


def _lines(shown: ShownPass) -> list[Line]:
    face = shown.face
    return [line for line in (face.headline, face.corner, *face.lines, *_back(shown)) if line]


@lru_cache(maxsize=1024)
def _strings(entries: tuple[tuple[str, Text], ...]) -> tuple[Strings, str]:
    """The translations, and a sum that is another one when any language says something else.

    Cards that stand alike say the same: what names a member is the same in every language.
    """
    told = "\0".join(word for key, text in entries for word in (key, *_all(text)))
    strings = Strings(
        {language: {key: text.get(language) for key, text in entries} for language in LANGUAGES}
    )
    return strings, f"{crc32(told.encode(errors='surrogatepass')):08x}"


def _look(design: Design, drawn: Progress | None, folder: Path) -> _Look:
    look = _looks.get((design.version, drawn))
    if look is None:
        images = {**design.images, **(strips.files(design, drawn, folder) if drawn else {})}
        look = _Look(
            template=Template(Images(images)),
            background=Color.parse(design.background_color),
            foreground=Color.parse(design.foreground_color),
            label=Color.parse(design.label_color),
        )
        with _forgetting:
            if len(_looks) >= _MOST_LOOKS:
                _looks.pop(next(iter(_looks)))
            _looks[design.version, drawn] = look
    return look


def _content(shown: ShownPass, look: _Look, words: _Words, rest: tuple[str, Settings, str]) -> Pass:
    (team_identifier, settings, said), face = rest, shown.face
    return Pass(
        pass_type_identifier=shown.pass_type_identifier,
        team_identifier=team_identifier,
        serial_number=shown.serial_number,
        organization_name=face.brand,
        description=_description(face),
        store_card=_store_card(shown, words),
        poster_generic=_poster(shown, words) if shown.design.has_poster else None,
        logo_text=shown.design.logo_text or None,
        background_color=look.background,
        foreground_color=look.foreground,
        label_color=look.label,
        barcodes=(Barcode(message=face.barcode, alt_text=face.member_number),),
        voided=shown.version.state == "voided",
        web_service_url=settings.public_url,
        authentication_token=shown.authentication_token,
        user_info={"words": said},  # so that every correction is another pass.json
        allow_http=settings.allow_http,
    )


def _description(face: CardFace) -> str:
    return f"{face.programme}, {face.brand}"


def _back(shown: ShownPass) -> tuple[Line, ...]:
    return (
        *shown.face.details,
        Line("member_number", _MEMBER_NUMBER, Text.same(shown.face.member_number)),
        Line("contact", _CONTACT, Text.same(shown.contact)),
    )


def _store_card(shown: ShownPass, words: _Words) -> StoreCard:
    is_drawn = strips.drawable(shown.design, shown.face.progress) is not None
    placed = lay_out(shown.face, is_drawn=is_drawn)
    return StoreCard(
        header_fields=_fields(placed.header, words),
        primary_fields=_fields(placed.primary, words),
        secondary_fields=_fields(placed.secondary, words),
        auxiliary_fields=_fields(placed.auxiliary, words),
        back_fields=_fields((*placed.over, *_back(shown)), words),
    )


def _poster(shown: ShownPass, words: _Words) -> PosterGeneric:
    """What iOS 27 draws in the store card's place: the same fields, the headline as large title.

    Only with a picture to fill it: a store card with its strip is the better sight than a bare
    poster. A title is a field without a label.
    """
    placed = lay_out_poster(shown.face)
    title = [_field(line, words, is_title=True) for line in placed.title]
    return PosterGeneric(
        header_fields=_fields(placed.header, words),
        primary_fields=[*title, *_fields(placed.primary, words)],
        footer_fields=_fields(placed.footer, words),
        back_fields=_fields((*placed.over, *_back(shown)), words),
    )


def _fields(lines: Iterable[Line | None], words: _Words) -> list[Field]:
    return [_field(line, words) for line in lines if line]


def _field(line: Line, words: _Words, *, is_title: bool = False) -> Field:
    """Values are texts: some readers draw a number as nothing."""
    return Field(
        key=line.key,
        label=None if is_title else words.write(line.label),
        value=words.write(line.value),
        change_message=words.write(_change_message(line.changed)) if line.changed else None,
    )


def _change_message(changed: Text) -> Text:
    return Text(*(word.replace("{value}", "%@") for word in _all(changed)))
