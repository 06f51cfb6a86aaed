"""A card in Apple Wallet's words: the only place that knows where on a pass what stands.

Apple: Wallet Passes, Pass and PassFields (a store card's fields and where they are drawn).
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime

import passkit
from passkit import Barcode, CertificateError, Color, Field, Images, Pass, StoreCard, Template
from passkit.package import MIME_TYPE
from passkit.updates import http_date
from server.cards import Shown
from server.config import Settings
from server.designs import Design
from server.errors import ServiceError
from server.face import Line, Text
from server.wallets.identity import Identity

__all__ = ["MIME_TYPE", "build_pass", "http_date"]

_SECONDARY = 2  # on the row below the picture; the next two stand beside them as auxiliary fields
_FRONT = 4  # Wallet draws no more of both together on a store card

_MEMBER_NUMBER = Text("Jäsennumero", "Medlemsnummer", "Member number")
_CONTACT = Text("Yhteystiedot", "Kontakt", "Contact")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    """What all passes of one design have in common, made ready once."""

    template: Template
    background: Color
    foreground: Color
    label: Color


_looks: dict[str, _Look] = {}  # by the version of the design
_warned_on: set[date] = set()


def build_pass(shown: Shown, identity: Identity, settings: Settings, at: datetime) -> bytes:
    """The signed .pkpass file of the card as `shown`, in the member's language.

    Raises:
        ServiceError: `pass_not_signable`; our certificate is out of date or for other passes.
    """
    look = _look(shown.design)
    _warn_once_a_day(identity, at)
    try:
        return passkit.build(
            _content(shown, look, identity, settings), look.template, identity.signer, at=at
        )
    except CertificateError as error:
        _log.error("apple.pass_not_signable pass=%s: %s", shown.pass_.id, error)
        raise ServiceError(
            "pass_not_signable", "The card cannot be signed at the moment: try again later."
        ) from error


def _warn_once_a_day(identity: Identity, at: datetime) -> None:
    for text in identity.signer.warnings(at):
        if at.date() not in _warned_on:
            _warned_on.add(at.date())
            _log.warning("apple.certificate_ends: %s", text)


def _look(design: Design) -> _Look:
    look = _looks.get(design.version)
    if look is None:
        look = _looks[design.version] = _Look(
            template=Template(Images(design.images)),
            background=Color.parse(design.background_color),
            foreground=Color.parse(design.foreground_color),
            label=Color.parse(design.label_color),
        )
    return look


def _content(shown: Shown, look: _Look, identity: Identity, settings: Settings) -> Pass:
    face, pass_ = shown.face, shown.pass_
    return Pass(
        pass_type_identifier=pass_.pass_type_identifier,
        team_identifier=identity.team_identifier,
        serial_number=pass_.serial_number,
        organization_name=face.brand,
        description=f"{face.programme}, {face.brand}",
        store_card=_store_card(shown),
        logo_text=shown.design.logo_text or None,
        background_color=look.background,
        foreground_color=look.foreground,
        label_color=look.label,
        barcodes=(Barcode(message=face.barcode, alt_text=face.member_number),),
        voided=pass_.state == "voided",
        web_service_url=settings.public_url,
        authentication_token=pass_.authentication_token,
        allow_http=settings.allow_http,
    )


def _store_card(shown: Shown) -> StoreCard:
    face, language = shown.face, shown.member.language
    front, over = face.lines[:_FRONT], face.lines[_FRONT:]
    back = (
        *over,
        *face.details,
        Line("member_number", _MEMBER_NUMBER, Text.same(face.member_number)),
        Line("contact", _CONTACT, Text.same(shown.brand.contact)),
    )
    return StoreCard(
        header_fields=_fields((face.corner,), language),
        primary_fields=_fields((face.headline,), language),
        secondary_fields=_fields(front[:_SECONDARY], language),
        auxiliary_fields=_fields(front[_SECONDARY:], language),
        back_fields=_fields(back, language),
    )


def _fields(lines: tuple[Line | None, ...], language: str) -> list[Field]:
    """Values are texts: some readers draw a number as nothing."""
    return [
        Field(
            key=line.key,
            label=line.label.get(language),
            value=line.value.get(language),
            change_message=_change_message(line, language),
        )
        for line in lines
        if line
    ]


def _change_message(line: Line, language: str) -> str | None:
    return line.changed.get(language).replace("{value}", "%@") if line.changed else None
