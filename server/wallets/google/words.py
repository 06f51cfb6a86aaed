"""A card's texts, numbers and pictures as Google Wallet keeps them: what bodies are made of.

Google: Wallet API reference (LocalizedString, LoyaltyPoints, TextModuleData, Image).
"""

from googlewallet import (
    Balance,
    Image,
    LocalizedString,
    LoyaltyPoints,
    Money,
    TextModuleData,
    Uri,
)
from server import face, google_pictures, wording
from server.designs import Design
from server.face import CardFace, Line, Progress, Text


class Words:
    """A card's texts as Google keeps them: in every language, and in the brand's for all others."""

    def __init__(self, language: str) -> None:
        self._language = language

    def one(self, text: Text) -> str:
        """The text in the brand's language."""
        return text.get(self._language)

    def localized(self, text: Text) -> LocalizedString:
        """The text in every language in which it reads otherwise."""
        texts = {self._language: text.fi} if text.is_alike else text.as_dict()
        return LocalizedString.of(texts, self._language)

    def translated(self, text: Text) -> LocalizedString | None:
        """As `localized`, beside a field that holds the text already; None when alike."""
        return None if text.is_alike else self.localized(text)

    def module(self, line: Line) -> TextModuleData:
        """A line among the texts."""
        return TextModuleData(
            id=module_id(line),
            header=self.one(line.label),
            localized_header=self.translated(line.label),
            body=self.one(line.value),
            localized_body=self.translated(line.value),
        )

    def points(self, line: Line | None) -> LoyaltyPoints | None:
        """A line as a balance: of the same sort on every card of a programme, as its amount is."""
        if line is None:
            return None
        return LoyaltyPoints(
            label=self.one(line.label),
            localized_label=self.translated(line.label),
            balance=self._balance(line),
        )

    def _balance(self, line: Line) -> Balance:
        match line.amount:
            case int(count):
                return Balance(integer=count)
            case face.Money(cents, currency):
                exponent = wording.decimals(currency)
                return Balance(money=Money.of(cents, currency, exponent=exponent))
            case _:
                return Balance(string=self.one(line.value))

    def link(self, uri: str, description: Text) -> Uri:
        """An address and the words it is shown by."""
        return Uri(
            uri=uri,
            description=self.one(description),
            localized_description=self.translated(description),
        )

    def standing(self, face: CardFace) -> LocalizedString:
        """What the picture of a card says, for those who do not see it."""
        if face.headline is None:
            return self.localized(Text.same(face.programme))
        label, value = face.headline.label, face.headline.value
        return self.localized(
            Text(f"{label.fi} {value.fi}", f"{label.sv} {value.sv}", f"{label.en} {value.en}")
        )


class Pictures:
    """Where Google fetches the pictures of a card; they are drawn when asked for, if not before."""

    def __init__(self, design: Design, public_url: str) -> None:
        self._design, self._base = design, public_url

    def logo(self, description: LocalizedString) -> Image:
        """The logo in its circle."""
        return self._at(google_pictures.LOGO, description)

    def hero(self, progress: Progress | None, description: LocalizedString) -> Image | None:
        """The wide picture at the foot: what is collected, or, without progress, for all cards."""
        name = google_pictures.hero_name(self._design, progress)
        return self._at(name, description) if name else None

    def _at(self, name: str, description: LocalizedString) -> Image:
        uri = f"{self._base}{google_pictures.path(self._design, name)}"
        return Image.of(uri, description, allow_http=True)


def module_id(line: Line) -> str:
    """The line's key, without the dot that templates join fields with."""
    return line.key.replace(".", "_")
