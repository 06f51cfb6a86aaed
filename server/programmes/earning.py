"""When something may be earned: conditions that several kinds share.

They hold for every source, tills and backends alike, and go by when a thing happened, not by when
we heard of it: what a till sends late is judged by its own moment and local day. What was taken
back does not count.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Annotated

from pydantic import Field

from server import wording
from server.errors import Refused
from server.face import Text
from server.programmes.base import Happening, Notice, Rules, Standing


class EarningRules(Rules):
    """Conditions of earning; as they stand, none.

    A purchase of less than `minimum_purchase_cents` (in the brand's currency) earns nothing. Two
    earnings lie at least `minimum_gap_seconds` apart. Within one day of the brand's zone something
    is earned at most `max_per_day` times, each time with its quantity.
    """

    minimum_purchase_cents: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    minimum_gap_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    max_per_day: Annotated[int, Field(ge=1, le=1_000)] | None = None


def too_often(
    standing: Standing, happening: Happening, rules: EarningRules, *, unit: str, by: Collection[str]
) -> Notice | None:
    """Why nothing of `unit` is earned yet by an event named in `by`, and when it is again."""
    moments = [past.at for past in standing.past if past.unit == unit and past.name in by]
    next_day = _next_day(moments, happening, rules)
    gap_over = _gap_over(moments, happening, rules)
    if next_day and (gap_over is None or next_day >= gap_over):
        again = _when(next_day, happening)
        text = Text(
            f"Päivän enimmäismäärä on täynnä. Seuraavan kerran {again.fi}",
            f"Dagens gräns är nådd. Nästa gång {again.sv}",
            f"That is all for this day. Next time {again.en}",
        )
        return Notice("daily_limit", "amber", text, next_day)
    if gap_over:
        again = _when(gap_over, happening)
        text = Text(
            f"Edellisestä on liian vähän aikaa. Seuraavan kerran {again.fi}",
            f"För kort tid sedan senast. Nästa gång {again.sv}",
            f"Too soon after the last one. Next time {again.en}",
        )
        return Notice("gap_too_short", "amber", text, gap_over)
    return None


def is_enough(happening: Happening, rules: EarningRules) -> bool:
    """Whether the purchase is large enough; what is not a purchase is.

    Raises:
        Refused: `amount_missing` or `currency_mismatch`; nobody can tell.
    """
    minimum = rules.minimum_purchase_cents
    if minimum is None or (happening.amount_cents is None and happening.name != "purchased"):
        return True
    if happening.amount_cents is None:
        raise Refused(
            "amount_missing",
            "This programme has a minimum purchase: send amount_cents with a purchase.",
            text=Text("Ostoksen summa puuttuu.", "Köpets belopp saknas.", "The amount is missing."),
            fields={"field": "amount_cents"},
        )
    home = happening.brand_currency
    if (happening.currency or home) != home:
        raise Refused(
            "currency_mismatch",
            f"The minimum purchase is in {home}, the amount in {happening.currency}: "
            f"send the amount in {home}.",
            text=Text(
                f"Summan valuutan pitää olla {home}.",
                f"Beloppet ska vara i {home}.",
                f"The amount must be in {home}.",
            ),
            fields={"field": "currency"},
        )
    return happening.amount_cents >= minimum


def too_small(happening: Happening, rules: EarningRules) -> Notice:
    """That the purchase is not large enough."""
    least = wording.money(rules.minimum_purchase_cents or 0, happening.brand_currency)
    text = Text(
        f"Ostos on alle {least.fi}.",
        f"Köpet är under {least.sv}.",
        f"The purchase is below {least.en}.",
    )
    return Notice("below_minimum", "amber", text)


def _next_day(
    moments: list[datetime], happening: Happening, rules: EarningRules
) -> datetime | None:
    """When the next local day begins, if this one is used up."""
    day = happening.at.astimezone(happening.zone).date()
    times = sum(moment.astimezone(happening.zone).date() == day for moment in moments)
    if rules.max_per_day is None or times < rules.max_per_day:
        return None
    midnight = datetime.combine(day + timedelta(days=1), time.min, happening.zone)
    return midnight.astimezone(happening.at.tzinfo)


def _gap_over(
    moments: list[datetime], happening: Happening, rules: EarningRules
) -> datetime | None:
    """When the gap is over, if there is an earning too near, before or (heard late) after."""
    gap = timedelta(seconds=rules.minimum_gap_seconds)
    if all(abs(happening.at - moment) >= gap for moment in moments):
        return None
    return max(moments) + gap


def _when(moment: datetime, happening: Happening) -> Text:
    """`klo 13.05` on the same local day, with the date on another; midnight is the date alone."""
    local = moment.astimezone(happening.zone)
    date = Text(
        f"{local.day}.{local.month}.", f"{local.day}.{local.month}.", f"{local.day} {local:%b}"
    )
    clock = Text(f"klo {local.hour}.{local:%M}", f"kl. {local:%H:%M}", f"at {local:%H:%M}")
    if local.date() == happening.at.astimezone(happening.zone).date():
        return clock
    if local.time() == time.min:
        return date
    return Text(f"{date.fi} {clock.fi}", f"{date.sv} {clock.sv}", f"{date.en} {clock.en}")
