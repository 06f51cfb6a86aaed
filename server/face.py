"""What a card shows, in nobody's dialect.

A kind writes a `PartFace`; the card's parts together with the member number and the barcode make
a `CardFace`. `server.wallets` alone translates it into a wallet's own words.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or word in every language of the service."""

    fi: str
    sv: str
    en: str

    @classmethod
    def same(cls, value: str) -> "Text":
        """A text that reads alike in every language, such as a name or a number."""
        return cls(value, value, value)

    @classmethod
    def read(cls, written: str | Mapping[str, str], path: str) -> "Text":
        """One text for all languages, or a table with each of them, as files at `path` have it.

        Raises:
            ValueError: it says nothing in some language.
        """
        if isinstance(written, str):
            return cls.same(written)
        if missing := [language for language in LANGUAGES if not written.get(language)]:
            raise ValueError(f"{path} says nothing in {', '.join(missing)}")
        return cls(**{language: written[language] for language in LANGUAGES})

    def get(self, language: str) -> str:
        """The text in `language`; English when the language is not one of ours."""
        return {"fi": self.fi, "sv": self.sv}.get(language, self.en)

    def replaced(self, place: str, text: "Text") -> "Text":
        """The text with `text` where `place` stands, in each language."""
        return Text(
            self.fi.replace(place, text.fi),
            self.sv.replace(place, text.sv),
            self.en.replace(place, text.en),
        )

    @property
    def is_alike(self) -> bool:
        """Whether it reads alike in every language."""
        return self.fi == self.sv == self.en

    def as_dict(self) -> dict[str, str]:
        """`{"fi": …, "sv": …, "en": …}`."""
        return {"fi": self.fi, "sv": self.sv, "en": self.en}


@dataclass(frozen=True, slots=True)
class Money:
    """An exact sum: `cents` are the smallest unit of the `currency`, such as whole yens."""

    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled value. `changed` is the sentence told to the holder when the value changes;
    `{value}` in it stands for the new value. `amount` is the number behind the value, for wallets
    that keep numbers; a line has the same sort of amount, or none, on every card of a programme."""

    key: str
    label: Text
    value: Text
    changed: Text | None = None
    amount: int | Money | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the holder has come: `have` of `need`."""

    have: int
    need: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something that staff may choose to do with the card as it stands: report `event`."""

    event: str
    label: Text


@dataclass(frozen=True, slots=True)
class Reward:
    """What there is to earn: `count` of it wait to be used, the first of them good until `until`
    (aware; none = for ever). `title` and `conditions` are alike on every card of a programme."""

    title: Text
    conditions: Text
    count: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartFace:
    """What one part of a programme puts on the card.

    `headline` is the one thing to see, `corner` a small second one, `lines` stand on the front and
    `details` on the back. While there are `actions`, a till asks before it does the usual. `reward`
    is told also while none waits.
    """

    headline: Line | None = None
    corner: Line | None = None
    lines: tuple[Line, ...] = ()
    details: tuple[Line, ...] = ()
    progress: Progress | None = None
    actions: tuple[Action, ...] = ()
    reward: Reward | None = None


@dataclass(frozen=True, slots=True)
class CardFace:
    """What a card shows: the faces of its parts, in order, and how to identify it."""

    brand: str
    programme: str
    member_number: str
    barcode: str
    headline: Line | None
    corner: Line | None
    lines: tuple[Line, ...]
    details: tuple[Line, ...]
    progress: Progress | None
    actions: tuple[Action, ...]
    reward: Reward | None = None

    def content_hash(self, *, state: str, design: str, contact: str) -> str:
        """A digest of everything that a wallet's copy of the card depends on and that may change.

        It covers every language, because the copy holds them all.
        """
        content = (self, state, design, contact)
        return hashlib.sha256(msgspec.json.encode(content)).hexdigest()

    def in_language(self, language: str) -> dict[str, object]:
        """The face as plain JSON values in one language, for pages and programs."""

        def plain(line: Line) -> dict[str, str]:
            return {
                "key": line.key,
                "label": line.label.get(language),
                "value": line.value.get(language),
            }

        return {
            "headline": plain(self.headline) if self.headline else None,
            "corner": plain(self.corner) if self.corner else None,
            "lines": [plain(line) for line in self.lines],
            "details": [plain(line) for line in self.details],
            "progress": self.progress and {"have": self.progress.have, "need": self.progress.need},
        }


def compose(
    parts: Iterable[PartFace], *, brand: str, programme: str, member_number: str, barcode: str
) -> CardFace:
    """One card out of its parts: the first headline leads, the lines follow in order.

    Kinds name their lines without knowing of each other, and a wallet knows a line by its key
    alone: after the first part a key tells the part's place, too (`next.2`), whether or not the
    other part has such a line at the moment.
    """
    faces = [face if place == 1 else _placed(face, place) for place, face in enumerate(parts, 1)]
    headlines = [face.headline for face in faces if face.headline]
    corners = [face.corner for face in faces if face.corner]
    return CardFace(
        brand=brand,
        programme=programme,
        member_number=member_number,
        barcode=barcode,
        headline=headlines[0] if headlines else None,
        corner=corners[0] if corners else None,
        lines=(*headlines[1:], *corners[1:], *(line for face in faces for line in face.lines)),
        details=tuple(line for face in faces for line in face.details),
        progress=next((face.progress for face in faces if face.progress), None),
        actions=tuple(action for face in faces for action in face.actions),
        reward=next((face.reward for face in faces if face.reward), None),
    )


def _placed(face: PartFace, place: int) -> PartFace:
    def placed(line: Line) -> Line:
        return replace(line, key=f"{line.key}.{place}")

    return replace(
        face,
        headline=placed(face.headline) if face.headline else None,
        corner=placed(face.corner) if face.corner else None,
        lines=tuple(map(placed, face.lines)),
        details=tuple(map(placed, face.details)),
    )
