"""Members: who they are, how a till finds them, and what they agreed to."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import phonenumbers
from phonenumbers import PhoneNumberFormat
from sqlmodel import Session, col, select
from stdnum import damm

from server.db import Database
from server.errors import Conflict, NotFound, Refused
from server.face import LANGUAGES, Text
from server.models import Brand, Card, Consent, Member

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who wants a card, as typed. `is_verified`: the brand vouches for phone and e-mail."""

    name: str
    phone: str | None = None
    email: str | None = None
    language: str | None = None
    is_verified: bool = False
    consents: dict[str, str] = field(default_factory=dict)


def normalise_phone(typed: str, *, country: str) -> str:
    """The number in E.164, such as `+358412345678`, however it was typed.

    Raises:
        Refused: `phone_invalid`; no such number can exist.
    """
    for text in (typed, f"+{typed}"):  # 358412345678: the plus was left out
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    raise Refused(
        "phone_invalid",
        f"{typed!r} is not a phone number: give it with its country code, such as +358 41 2345678.",
        text=Text(
            "Tarkista puhelinnumero.", "Kontrollera telefonnumret.", "Check the phone number."
        ),
        fields={"field": "phone"},
    )


def normalise_email(typed: str) -> str:
    """The address in lower case.

    Raises:
        Refused: `email_invalid`.
    """
    email = typed.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Refused(
            "email_invalid",
            f"{typed!r} is not an e-mail address.",
            text=Text(
                "Tarkista sähköpostiosoite.", "Kontrollera e-postadressen.", "Check the e-mail."
            ),
            fields={"field": "email"},
        )
    return email


def normalise_name(typed: str) -> str:
    """The name with single spaces.

    Raises:
        Refused: `name_invalid`; empty, longer than 60 characters or with control characters.
    """
    name = " ".join(typed.split())
    if not name or len(name) > 60 or not name.isprintable():
        raise Refused(
            "name_invalid",
            "A name has 1 to 60 printable characters.",
            text=Text("Anna nimesi.", "Ange ditt namn.", "Give your name."),
            fields={"field": "name"},
        )
    return name


def problems(applicant: Applicant, *, country: str) -> dict[str, Refused]:
    """What is wrong with each field that a person typed: empty when nothing is."""
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: normalise_name(applicant.name),
        "phone": lambda: applicant.phone and normalise_phone(applicant.phone, country=country),
        "email": lambda: applicant.email and normalise_email(applicant.email),
    }
    found: dict[str, Refused] = {}
    for field_name, check in checks.items():
        try:
            check()
        except Refused as error:
            found[field_name] = error
    return found


def enrol(session: Session, brand: Brand, applicant: Applicant, *, at: datetime) -> Member:
    """The member for `applicant`: the one whose verified contact it is, else a new one.

    An unverified contact never finds anybody, because anybody can type it.

    Raises:
        Refused: a name, phone or e-mail is not valid.
        Conflict: `member_ambiguous`; phone and e-mail belong to two members.
    """
    name = normalise_name(applicant.name)
    phone = normalise_phone(applicant.phone, country=brand.country) if applicant.phone else None
    email = normalise_email(applicant.email) if applicant.email else None
    if applicant.is_verified and (known := _verified(session, brand.id, phone, email)):
        _complete(session, known, phone, email, at)
        return known
    verified_at = at if applicant.is_verified else None
    member = Member(
        created_at=at,
        brand_id=brand.id,
        member_number=_new_number(session, brand.id),
        name=name,
        phone=phone,
        phone_verified_at=verified_at if phone else None,
        email=email,
        email_verified_at=verified_at if email else None,
        language=applicant.language if applicant.language in LANGUAGES else brand.language,
    )
    session.add(member)
    session.flush()
    return member


def find(database: Database, brand_id: UUID, member_id: str) -> tuple[Member, list[UUID]]:
    """The brand's member with this id, and the ids of their cards, oldest first.

    Raises:
        NotFound: `member_unknown`; another brand's member is as unknown as none.
    """
    with database.reading() as session:
        member = _by_id(session, brand_id, member_id)
        if member is None:
            raise NotFound("member_unknown", "This brand has no member with this id.")
        cards = select(Card.id).where(Card.member_id == member.id).order_by(col(Card.created_at))
        return member, list(session.exec(cards).all())


def record_consents(
    session: Session, member: Member, wordings: dict[str, str], *, source: str, at: datetime
) -> None:
    """Keep what the member agreed to: `wordings` is channel -> the sentence that was ticked."""
    for channel, wording in wordings.items():
        session.add(
            Consent(
                created_at=at,
                brand_id=member.brand_id,
                member_id=member.id,
                channel=channel,
                is_granted=True,
                wording=wording,
                source=source,
                language=member.language,
            )
        )


def random_number() -> str:
    """A member number, perhaps taken. It tells nothing; the last digit catches a slip in typing."""
    digits = str(secrets.randbelow(9 * 10**8) + 10**8)
    return digits + str(damm.calc_check_digit(digits))


def is_member_number(code: str) -> bool:
    """Whether `code` has the form of a member number and its check digit is right."""
    return len(code) == 10 and code.isascii() and code.isdigit() and bool(damm.is_valid(code))


def _by_id(session: Session, brand_id: UUID, member_id: str) -> Member | None:
    try:
        statement = select(Member).where(Member.brand_id == brand_id, Member.id == UUID(member_id))
    except ValueError:
        return None
    return session.exec(statement).first()


def _complete(
    session: Session, member: Member, phone: str | None, email: str | None, at: datetime
) -> None:
    """The brand vouches for a further contact of a member it knows."""
    if phone and member.phone_verified_at is None:
        member.phone, member.phone_verified_at = phone, at
    if email and member.email_verified_at is None:
        member.email, member.email_verified_at = email, at
    session.add(member)
    session.flush()


def _verified(
    session: Session, brand_id: UUID, phone: str | None, email: str | None
) -> Member | None:
    statement = select(Member).where(
        Member.brand_id == brand_id,
        ((col(Member.phone) == phone) & col(Member.phone_verified_at).is_not(None))
        | ((col(Member.email) == email) & col(Member.email_verified_at).is_not(None)),
    )
    found = session.exec(statement).all()
    if len(found) > 1:
        raise Conflict(
            "member_ambiguous",
            "The phone and the e-mail belong to two different members: send one of them.",
        )
    return found[0] if found else None


def _new_number(session: Session, brand_id: UUID) -> str:
    while True:
        number = random_number()
        statement = select(Member.id).where(
            Member.brand_id == brand_id, Member.member_number == number
        )
        if session.exec(statement).first() is None:
            return number
