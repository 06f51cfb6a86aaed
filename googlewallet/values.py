"""The values that classes and objects are made of: ids, texts in languages, moments, money, images.

Google: Wallet API reference (LocalizedString, Image, Uri, TimeInterval, Money). "Google requires"
without a page named means the field's own description there.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

from googlewallet.content import Content, Shown, told, wrong
from googlewallet.errors import ContentError

T = TypeVar("T")
_MICROS_EXPONENT = 6


def _with_an_entry(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise wrong("has no entry: write one, or leave the key out.")
    return values


# A list. It becomes a tuple, and is not written when empty, which to Google is the same.
Several = Annotated[tuple[T, ...], Field(strict=False, exclude_if=operator.not_)]
# A list that is never empty.
Some = Annotated[tuple[T, ...], Field(strict=False), AfterValidator(_with_an_entry)]
# One of an enum, as itself or as its value.
Choice = Annotated[T, Field(strict=False)]


def _matching(
    pattern: str | Callable[[str], re.Match[str] | None], rule: str
) -> Callable[[str], str]:
    whole = re.compile(pattern, re.ASCII).fullmatch if isinstance(pattern, str) else pattern

    def check(value: str) -> str:
        if not whole(value):
            raise wrong(f"{told(value)} {rule}")
        return value

    return check


_is_id = re.compile(r"[0-9]+\.[A-Za-z0-9._-]+").fullmatch
_NO_ID = "is no id: write your issuer id, a dot, and letters, digits, '.', '_' or '-'."


def checked_id(path: str, id: str) -> str:
    """The id of a class or an object; raises ContentError with this path for anything else."""
    if not isinstance(id, str) or not _is_id(id):
        raise ContentError(path, f"{told(id)} {_NO_ID}")
    return id


Id = Annotated[str, AfterValidator(_matching(_is_id, _NO_ID))]
IssuerId = Annotated[
    str,
    AfterValidator(
        _matching(r"\d{1,19}", "is no issuer id: it is the number in the Wallet console.")
    ),
]
ModuleId = Annotated[
    str,
    AfterValidator(
        _matching(
            r"[A-Za-z0-9_-]+",
            "is no id of a module: letters, digits, '_' and '-', no dots (templates join by them).",
        )
    ),
]
Color = Annotated[
    str,
    AfterValidator(
        _matching(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", "is no colour: write it like #ffcc00.")
    ),
]
Country = Annotated[
    str, AfterValidator(_matching(r"[A-Z]{2}", "is no country: write two capitals like FI."))
]
Currency = Annotated[
    str, AfterValidator(_matching(r"[A-Z]{3}", "is no currency: write three capitals like EUR."))
]
Language = Annotated[
    str,
    AfterValidator(
        _matching(
            r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*",
            "is no language: write its BCP 47 tag like fi or sv-FI.",
        )
    ),
]
Sha256 = Annotated[
    str, AfterValidator(_matching(r"[0-9a-f]{64}", "is no SHA-256 in 64 small hex digits."))
]
Ascii = Annotated[
    str, AfterValidator(_matching(r"[\x00-\x7f]+", "is not ASCII, which is all Smart Tap sends."))
]
Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


def _from_digits(value: Any, info: ValidationInfo) -> Any:
    if info.mode != "json":
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", value):
        raise wrong(f'wants a whole number as a text like "1000000", not {told(value)}.')
    return int(value)


# A whole number of 64 bits, which JSON of Google's holds as a text.
Int64 = Annotated[
    int,
    BeforeValidator(_from_digits),
    Field(ge=-(2**63), le=2**63 - 1),
    PlainSerializer(str, return_type=str, when_used="json"),
]


def _uri(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\\\x00-\x1f]+", value):
        raise wrong(f"{told(value)} has no scheme, or a space: write it like https://example.com/.")
    scheme = value.partition(":")[0].lower()
    if scheme in ("http", "https") and not _host(value):
        raise wrong(f"{told(value)} names no host: write it like https://example.com/.")
    return value


def _https(value: str, info: ValidationInfo) -> str:
    _uri(value)
    scheme = value.partition(":")[0].lower()
    if scheme == "https":
        return value
    if scheme == "http" and (info.context or {}).get("allow_http") and _is_loopback(_host(value)):
        return value
    raise wrong(f"{told(value)} is not https, and Google fetches by nothing else.")


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Address = Annotated[str, AfterValidator(_uri)]
Https = Annotated[str, AfterValidator(_https)]


def exactly_one(model: Content, *names: str) -> None:
    """A check for models: one of these attributes is set."""
    count = sum(getattr(model, name) is not None for name in names)
    if count != 1:
        keys = ", ".join(type(model).model_fields[name].alias or name for name in names)
        raise wrong(f"wants exactly one of {keys}, and has {count or 'none'}.")


class TranslatedString(Content):
    """A text and its language (BCP 47, like `fi` or `sv-FI`)."""

    language: Language
    value: str


class LocalizedString(Content):
    """A text in languages; the phone's own is shown, or the default."""

    default_value: TranslatedString
    translated_values: Several[TranslatedString] = ()

    @classmethod
    def of(cls, texts: Mapping[str, str], default: str) -> Self:
        """The text of each language, by its tag; `default` is the tag of the one for all others.

        Raises ContentError when that is not among them.
        """
        if default not in texts:
            raise ContentError("defaultValue", f"has no text: write one for {told(default)}.")
        written = {tag: TranslatedString(language=tag, value=text) for tag, text in texts.items()}
        first = written.pop(default)
        return cls(default_value=first, translated_values=tuple(written.values()))

    @model_validator(mode="after")
    def _has_each_language_once(self) -> Self:
        tags = [each.language.lower() for each in self.translated_values]
        if len(set(tags)) < len(tags):
            raise wrong("has a language twice: keep one of them.", "translatedValues")
        return self


class DateTime(Content):
    """A moment as Google reads it, or, without an offset, a local time wherever the phone is."""

    date: str

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The moment, which has to have a time zone; ContentError otherwise."""
        if moment.utcoffset() is None:
            raise ContentError("date", "has no time zone: give an aware datetime.")
        return cls(date=moment.isoformat())

    @property
    def value(self) -> datetime:
        """As a datetime, to the microsecond; naive without an offset."""
        return _moment(self.date)

    @model_validator(mode="after")
    def _is_a_moment(self) -> Self:
        _moment(self.date)
        return self


def _moment(written: str) -> datetime:
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d(?::\d\d)?)?",
        written,
        re.ASCII,
    )
    if not found:
        rule = "is no date and time of ISO 8601: write it like 2026-11-22T10:00:00+02:00."
        raise wrong(f"{told(written)} {rule}", "date")
    whole, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(whole + (offset or ""))
    except ValueError as error:
        raise wrong(f"{told(written)} is no real date and time: {error}.", "date") from None
    return moment.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))


class TimeInterval(Content):
    """From a moment, to a moment, or both."""

    start: DateTime | None = None
    end: DateTime | None = None

    @classmethod
    def of(cls, start: datetime | None = None, end: datetime | None = None) -> Self:
        """Between two moments with time zones; ContentError without any."""
        first, last = (DateTime.of(each) if each else None for each in (start, end))
        return cls(start=first, end=last)

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if not self.start and not self.end:
            raise wrong("has neither start nor end: write one, or leave it out.")
        if self.start and self.end:
            start, end = self.start.value, self.end.value
            if (start.tzinfo is None) != (end.tzinfo is None):
                raise wrong("has an offset in one of start and end: write it in both.")
            if end < start:
                raise wrong("lies before the start.", "end")
        return self


class Money(Content):
    """An amount, in millionths of the currency's unit: 1 EUR is 1000000 micros."""

    currency_code: Currency
    micros: Int64

    @classmethod
    def of(cls, minor_units: int, currency: str, exponent: int = 2) -> Self:
        """So many cents, exactly; `exponent` is how many decimals the currency has (JPY: 0).

        Raises ContentError.
        """
        if type(minor_units) is not int:
            raise ContentError("micros", f"wants whole minor units, not {told(minor_units)}.")
        if not 0 <= exponent <= _MICROS_EXPONENT:
            raise ContentError("micros", f"has no room for {exponent} decimals: 0 to 6.")
        return cls(currency_code=currency, micros=minor_units * 10 ** (_MICROS_EXPONENT - exponent))


class Uri(Content):
    """An address, and the words it is shown by."""

    uri: Address
    description: Annotated[str | None, Shown(20)] = None
    localized_description: Annotated[LocalizedString | None, Shown(20)] = None
    id: str | None = None


class ImageUri(Content):
    """Where Google fetches an image, by https. It keeps a copy: for another image, another address.

    Made by `Image.of`, which may also take an address of this very machine.
    """

    uri: Https


class Image(Content):
    """An image, by its address; a private one, by the id that Google's support gave."""

    source_uri: ImageUri | None = None
    private_image_id: str | None = None
    content_description: LocalizedString | None = None

    @classmethod
    def of(
        cls, uri: str, description: LocalizedString | None = None, *, allow_http: bool = False
    ) -> Self:
        """The image at an https address, described for those who do not see it.

        `allow_http` is as for `parse`. Raises ContentError.
        """
        body: dict[str, Any] = {"sourceUri": {"uri": uri}}
        if description:
            body["contentDescription"] = description.to_json()
        return cls.parse(body, allow_http=allow_http)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        exactly_one(self, "source_uri", "private_image_id")
        return self
