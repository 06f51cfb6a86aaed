"""A card in Apple Wallet's words: the only place that knows where on a pass what stands.

Apple: Wallet Passes, Pass and PassFields (a store card's fields and where they are drawn).
"""

import logging
import threading
from dataclasses import dataclass
from datetime import date, datetime
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
    StoreCard,
    Strings,
    Template,
)
from passkit.package import MIME_TYPE
from passkit.strings import KEY_PREFIX, must_be_keyed
from passkit.updates import http_date
from server import strips
from server.cards import ShownPass, Version, show_pass
from server.config import Settings
from server.designs import Design
from server.errors import ServiceError
from server.face import LANGUAGES, Line, Progress, Text
from server.services import Services
from server.wallets.identity import Identity
from server.wallets.pass_files import Key, PassFile, PassFiles

__all__ = ["MIME_TYPE", "build_pass", "http_date", "pass_file"]

_SECONDARY = 2  # on the row below the picture; the next two stand beside them as auxiliary fields
_FRONT = 4  # Wallet draws no more of both together on a store card
_MOST_LOOKS = 256  # kept ready, of about 100 KB each

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
_warned_on: set[date] = set()


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
    words = _Words()
    content = _content(shown, look, words, (identity.team_identifier, settings))
    strings = _strings(tuple(words.entries.items()))
    _warn_once_a_day(identity, at)
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
    """The texts of one pass: those that differ by language become keys, the rest stay.

    A key holds a sum of its text, so that pass.json is another when any language says something
    else, whichever of the two a phone compares. Keys of change messages hold the `%@` that
    phones look for.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Text] = {}

    def write(self, name: str, text: Text, *, ending: str = "") -> str:
        """What pass.json says in place of `text`; a key has this `ending`."""
        if text.fi == text.sv == text.en and not must_be_keyed(text.fi):
            return text.fi
        mark = crc32("\0".join((text.fi, text.sv, text.en)).encode(errors="surrogatepass"))
        key = f"{KEY_PREFIX}{name}.{mark:08x}{ending}"
        self.entries[key] = text
        return key


@lru_cache(maxsize=1024)
def _strings(entries: tuple[tuple[str, Text], ...]) -> Strings:
    """Cards that stand alike say the same: what names a member is the same in every language."""
    return Strings(
        {language: {key: text.get(language) for key, text in entries} for language in LANGUAGES}
    )


def _warn_once_a_day(identity: Identity, at: datetime) -> None:
    for text in identity.signer.warnings(at):
        if at.date() not in _warned_on:
            _warned_on.add(at.date())
            _log.warning("apple.certificate_ends: %s", text)


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


def _content(shown: ShownPass, look: _Look, words: _Words, issuer: tuple[str, Settings]) -> Pass:
    (team_identifier, settings), face = issuer, shown.face
    return Pass(
        pass_type_identifier=shown.pass_type_identifier,
        team_identifier=team_identifier,
        serial_number=shown.serial_number,
        organization_name=words.write("brand", Text.same(face.brand)),
        description=words.write("description", Text.same(f"{face.programme}, {face.brand}")),
        store_card=_store_card(shown, words),
        logo_text=words.write("logo", Text.same(shown.design.logo_text)) or None,
        background_color=look.background,
        foreground_color=look.foreground,
        label_color=look.label,
        barcodes=(Barcode(message=face.barcode, alt_text=face.member_number),),
        voided=shown.version.state == "voided",
        web_service_url=settings.public_url,
        authentication_token=shown.authentication_token,
        allow_http=settings.allow_http,
    )


def _store_card(shown: ShownPass, words: _Words) -> StoreCard:
    """Wallet draws the primary field over the strip: it stands below when the strip counts."""
    face = shown.face
    is_drawn = strips.drawable(shown.design, face.progress) is not None
    lead = (face.headline,) if face.headline else ()
    lines = (*lead, *face.lines) if is_drawn else face.lines
    front, over = lines[:_FRONT], lines[_FRONT:]
    back = (
        *over,
        *face.details,
        Line("member_number", _MEMBER_NUMBER, Text.same(face.member_number)),
        Line("contact", _CONTACT, Text.same(shown.contact)),
    )
    return StoreCard(
        header_fields=_fields((face.corner,), words),
        primary_fields=_fields(() if is_drawn else lead, words),
        secondary_fields=_fields(front[:_SECONDARY], words),
        auxiliary_fields=_fields(front[_SECONDARY:], words),
        back_fields=_fields(back, words),
    )


def _fields(lines: tuple[Line | None, ...], words: _Words) -> list[Field]:
    """Values are texts: some readers draw a number as nothing."""
    return [
        Field(
            key=line.key,
            label=words.write(f"{line.key}.label", line.label),
            value=words.write(f"{line.key}.value", line.value),
            change_message=_change_message(line, words),
        )
        for line in lines
        if line
    ]


def _change_message(line: Line, words: _Words) -> str | None:
    if line.changed is None:
        return None
    texts = (line.changed.get(language).replace("{value}", "%@") for language in LANGUAGES)
    return words.write(f"{line.key}.changed", Text(*texts), ending=" %@")
