"""Rows about Google, made by hand for tests of what is told of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select

from server.models import Card, GoogleClass, GoogleIssuer, GoogleObject
from server.services import Services

ISSUER = "3388000000012345678"


def balance(have: int) -> dict[str, Any]:
    """The body of a stamp card, as far as its timeline looks at it."""
    texts = {"fi": "LEIMAT", "sv": "STÄMPLAR"}
    label = {
        "defaultValue": {"language": "en", "value": "STAMPS"},
        "translatedValues": [{"language": name, "value": text} for name, text in texts.items()],
    }
    return {"loyaltyPoints": {"localizedLabel": label, "balance": {"int": have}}}


class AtGoogle:
    """A card's rows about Google, which tests change as a worker would."""

    def __init__(self, services: Services, card: str, issuer_id: str = ISSUER) -> None:
        self.services, self.card_id, self.issuer_id = services, UUID(card), issuer_id
        at = services.now()
        with services.database.transaction() as session:
            programme_id = session.get_one(Card, self.card_id).programme_id
            self.class_id = f"{issuer_id}.{programme_id.hex}"
            if session.get(GoogleIssuer, issuer_id) is None:
                session.add(GoogleIssuer(issuer_id=issuer_id, refilled_at=at))
                session.flush()
            if session.get(GoogleClass, self.class_id) is None:
                session.add(
                    GoogleClass(
                        id=self.class_id,
                        issuer_id=issuer_id,
                        programme_id=programme_id,
                        kind="loyalty",
                        created_at=at,
                        sent_hash="0",
                        sent_at=at,
                    )
                )
                session.flush()
            session.add(
                GoogleObject(
                    card_id=self.card_id,
                    issuer_id=issuer_id,
                    class_id=self.class_id,
                    object_id=f"{issuer_id}.{self.card_id.hex}",
                    created_at=at,
                    due_at=at,
                )
            )

    def set(self, **values: object) -> None:
        """Change the card's row."""
        self._set(select(GoogleObject).where(GoogleObject.card_id == self.card_id), values)

    def set_class(self, **values: object) -> None:
        """Change the row of its programme."""
        self._set(select(GoogleClass).where(GoogleClass.id == self.class_id), values)

    def set_issuer(self, **values: object) -> None:
        """Change the row that all cards share."""
        self._set(select(GoogleIssuer).where(GoogleIssuer.issuer_id == self.issuer_id), values)

    def take(self, body: Mapping[str, Any], *, version: int = 1, **values: object) -> None:
        """Google took this body."""
        at = self.services.now()
        taken: dict[str, object] = {"sent_version": version, "owed_version": version, "sent": body}
        self.set(**taken, sent_at=at, due_at=None, **values)

    def owe(self, *, due_at: datetime | None = None, **values: object) -> None:
        """A change that Google was not told of yet."""
        self.set(owed_version=2, sent_version=1, due_at=due_at or self.services.now(), **values)

    def _set(self, statement: Any, values: Mapping[str, object]) -> None:
        with self.services.database.transaction() as session:
            row = session.exec(statement).one()
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
