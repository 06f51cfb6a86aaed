"""What the REST API takes and gives, field by field."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from server.events import RECORDABLE

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def _moment(value: object) -> datetime:
    """RFC 3339 with a zone, in UTC. Pydantic alone would also take a number of seconds."""
    if not isinstance(value, str) or not value[:4].isdigit() or value[4:5] != "-":
        raise ValueError("give a date and time with its zone, such as 2026-11-22T12:00:00+02:00")
    try:
        return _MOMENT.validate_python(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the year is out of range") from error


def _event_name(name: str) -> str:
    if name == "enrolled":
        raise ValueError("a card is enrolled with POST /api/v1/cards")
    if name not in RECORDABLE:
        raise ValueError(f"give one of {', '.join(RECORDABLE)}")
    return name


def _none_is_empty(value: object) -> object:
    return {} if value is None else value


EventId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s]+$")]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Language = Literal["fi", "sv", "en"]
EventName = Annotated[
    str,
    AfterValidator(_event_name),
    WithJsonSchema({"type": "string", "enum": list(RECORDABLE)}),
]


class Taken(BaseModel):
    """What a backend sends. Strict: an unknown field or another type is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Given(BaseModel):
    """What a backend gets. Programs should ignore fields they do not know: more may come."""


class NewMember(Taken):
    """The member. The brand vouches for phone and e-mail: they identify their owner."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    phone: Annotated[str, Field(max_length=40, examples=["+358 41 2345678"])] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    language: Language | None = None


class NewCard(Taken):
    """A card to be made in `programme` (slug)."""

    programme: Slug
    member: NewMember


class NewEvent(Taken):
    """Something that happened. Its `id` may stand in the Idempotency-Key header instead.

    `card` is a card id, a barcode or a member number; a member number of several cards needs
    `programme` (slug).
    """

    id: EventId | None = None
    card: Annotated[str, Field(min_length=1, max_length=64)]
    name: EventName
    programme: Slug | None = None
    at: Moment | None = None
    location: Annotated[str, Field(json_schema_extra={"format": "uuid"})] | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount_cents: Annotated[int, Field(ge=0, le=10**12)] | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])] | None = None
    tags: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] | None = None
    lines: Annotated[list[dict[str, Any]], Field(max_length=500)] | None = None
    data: dict[str, Any] | None = None


class Reversal(Taken):
    """The reversal's own id, unless the Idempotency-Key header gives it."""

    model_config = ConfigDict(openapi_extra={"required": False})  # type: ignore[typeddict-unknown-key]

    id: EventId | None = None

    _no_body = model_validator(mode="before")(_none_is_empty)


class Batch(Taken):
    """Up to 500 events, each with its own id and its own result."""

    events: Annotated[list[SkipValidation[NewEvent]], Field(max_length=500)]


class Answered(Given):
    """The answer to a call that can be repeated: a repetition says so and is the same text."""

    model_config = ConfigDict(
        openapi_extra={  # type: ignore[typeddict-unknown-key]
            "headers": {
                "Idempotency-Replayed": {
                    "description": "`true` when this is the stored answer to the same call.",
                    "schema": {"type": "string", "enum": ["true"]},
                }
            }
        }
    )


class CardLinks(Answered):
    """A card: its ids, its links and its standing (unit -> how much).

    `card_url` is the member's page with the buttons, `pass_url` the file for Apple Wallet, and
    `save_url` the way into Google Wallet: null while Google Wallet is not set up.
    """

    id: str
    programme: str
    serial_number: str
    member_number: str
    pass_url: str
    save_url: str | None
    card_url: str
    standing: dict[str, int]


class ShownLine(Given):
    """A labelled value on the card."""

    key: str
    label: str
    value: str


class Progress(Given):
    """How far the holder has come: `have` of `need`."""

    have: int
    need: int


class Shows(Given):
    """What the card shows, in the member's language."""

    headline: ShownLine | None
    corner: ShownLine | None
    lines: list[ShownLine]
    details: list[ShownLine]
    progress: Progress | None


class CardMember(Given):
    """Whose card it is."""

    id: str
    member_number: str


class CardView(CardLinks):
    """A card as it stands. `version` grows with every change of what a wallet shows."""

    member: CardMember
    shows: Shows
    version: int
    modified_at: datetime


class MemberView(Given):
    """A member and the ids of their cards."""

    id: str
    member_number: str
    name: str
    phone: str | None
    email: str | None
    language: Language
    cards: list[str]


class Posted(Given):
    """What was written to the ledger: `delta` of `unit`."""

    type: str
    unit: str
    delta: int


class Texts(Given):
    """One sentence in every language."""

    fi: str
    sv: str
    en: str


class EventNotice(Given):
    """What to tell the person at the till. `again_at`: when what was not possible now is."""

    code: str
    level: Literal["green", "amber", "red"]
    text: Texts
    again_at: datetime | None = None


class EventAnswer(Answered):
    """What the event was worth, where the card stands now, and what it shows."""

    id: str
    name: str
    card: str
    at: datetime
    reverses: str | None
    posted: list[Posted]
    standing: dict[str, int]
    notice: EventNotice | None
    shows: Shows


class BatchResult(Given):
    """What the event alone would have been answered: `body` is an event's answer or a problem."""

    status: int
    is_replayed: bool
    body: dict[str, Any]


class BatchAnswer(Given):
    """One result for each event, in order."""

    results: list[BatchResult]


class PastEvent(Given):
    """An event of the past. `source` is till, api, join or clock."""

    id: str
    name: str
    at: datetime
    recorded_at: datetime
    source: str
    quantity: int
    location: str | None
    reverses: str | None
    posted: list[Posted]


class EventPage(Given):
    """Events, those recorded last first. `next` is the cursor of the following page."""

    events: list[PastEvent]
    next: str | None


class FieldError(Given):
    """What is wrong with one field; `field` is its path, such as `member.name`."""

    field: str
    detail: str


class Problem(Given):
    """An error (RFC 9457). `code` is stable; `text`, when there, is for the person in front."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] | None = None
    text: Texts | None = None


class CardPath(BaseModel):
    """The card's id."""

    card_id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class MemberPath(BaseModel):
    """The member's id."""

    member_id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class EventPath(BaseModel):
    """The event's id."""

    event_id: EventId


class PageQuery(BaseModel):
    """Which page: the cursor that the page before gave as `next`, and how long it may be."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(max_length=512)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class OptionalKey(BaseModel):
    """The key of a call whose body may carry its id instead."""

    key: str | None = Field(default=None, alias="Idempotency-Key")

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The schema, made once: the framework asks for it with every request."""
        return _schema_of_key(*args, **options)


@cache
def _schema_of_key(*args: Any, **options: Any) -> dict[str, Any]:
    return super(OptionalKey, OptionalKey).model_json_schema(*args, **options)
