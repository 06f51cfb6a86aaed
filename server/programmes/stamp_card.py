"""The stamp card: collect so many stamps, get a reward."""

import calendar
from collections.abc import Iterator
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from server import wording
from server.errors import Conflict, Refused
from server.face import LANGUAGES, Action, Line, PartFace, Progress, Reward, Text
from server.programmes import earning
from server.programmes.base import Decision, Happening, Kind, Notice, Posting, Standing, Wording


def _is_tag(tag: str) -> str:
    if not 1 <= len(tag) <= 64 or not tag.isprintable() or tag != tag.strip():
        raise PydanticCustomError(
            "tag", "a tag has 1 to 64 printable characters and no blank at either end"
        )
    return tag


_Tag = Annotated[str, AfterValidator(_is_tag)]
_Extra = Annotated[int, Field(ge=1, le=5)]

STAMP, REWARD = "stamp", "reward"
_STAMPING = ("stamped", "purchased")
_USE_REWARD = Action("redeemed", Text("Käytä palkinto", "Använd belöningen", "Use the reward"))

_STAMPS_LABEL = Text("LEIMAT", "STÄMPLAR", "STAMPS")
_STAMPS_CHANGED = Text("Leimakorttisi: {value}", "Ditt stämpelkort: {value}", "Your card: {value}")
_REWARDS_LABEL = Text("PALKINNOT", "BELÖNINGAR", "REWARDS")
_REWARDS_CHANGED = Text(
    "Palkintoja käytettävissä: {value}",
    "Belöningar att använda: {value}",
    "Rewards to use: {value}",
)
_AT_THE_TILL = Text("Näytä kortti kassalla.", "Visa kortet i kassan.", "Show the card at the till.")
_ONE_STAMP = Text("{n} leima", "{n} stämpel", "{n} stamp")
_STAMPS = Text("{n} leimaa", "{n} stämplar", "{n} stamps")
_ONE_LEFT = Text("VIELÄ {n} LEIMA", "{n} STÄMPEL KVAR", "{n} STAMP TO GO")
_MANY_LEFT = Text("VIELÄ {n} LEIMAA", "{n} STÄMPLAR KVAR", "{n} STAMPS TO GO")
_AT_MOST_ONE = Text(
    "Kerralla voi antaa enintään {n} leiman.",
    "Högst {n} stämpel kan ges på en gång.",
    "At most {n} stamp can be given at once.",
)
_AT_MOST = Text(
    "Kerralla voi antaa enintään {n} leimaa.",
    "Högst {n} stämplar kan ges på en gång.",
    "At most {n} stamps can be given at once.",
)
_ONCE_A_DAY = Text(
    "Leimoja saa kerran päivässä.",
    "Stämplar ges en gång per dag.",
    "Stamps are given once a day.",
)
_TIMES_A_DAY = Text(
    "Leimoja saa enintään {n} kertaa päivässä.",
    "Stämplar ges högst {n} gånger per dag.",
    "Stamps are given at most {n} times a day.",
)
# Other tags stand as the brand writes them.
_TAGS = {"own_cup": Text("oma kuppi", "egen mugg", "own cup")}


class StampCardRules(earning.EarningRules):
    """The settings of a stamp card.

    `stamps_required` stamps make one reward. A brand whose every tenth is free requires nine: the
    free one earns `stamps_for_free_one`. `max_quantity` bounds one event; `double_scan_seconds`
    is how long a second scan at a till counts as the same (0 = off); a reward is good until the
    end of the day `reward_valid_months` after it was earned or, if that is later, heard of (none =
    for ever). A tag of `extra_stamps_by_tag`, such as an own cup, earns so many more, also below
    the minimum purchase.
    """

    reward: Wording
    stamps_required: Annotated[int, Field(ge=2, le=50)] = 10
    max_quantity: Annotated[int, Field(ge=1, le=50)] = 5
    double_scan_seconds: Annotated[int, Field(ge=0, le=86_400)] = 20
    reward_valid_months: Annotated[int, Field(ge=1, le=60)] | None = 12
    stamps_for_free_one: Annotated[int, Field(ge=0, le=5)] = 0
    extra_stamps_by_tag: dict[_Tag, _Extra] = Field(default_factory=dict, max_length=10)


class StampCard(Kind[StampCardRules]):
    """Stamps earn rewards; rewards are redeemed at the till."""

    key = "stamp_card"
    rules = StampCardRules
    answers = frozenset({"stamped", "purchased", "redeemed", "reversed"})
    units = (STAMP, REWARD)
    at_scan = ("stamped", Text("Leimaa", "Stämpla", "Stamp"))

    def decide(self, standing: Standing, happening: Happening, rules: StampCardRules) -> Decision:
        """Stamps for a stamped or purchased event, a reward less for a redeemed one.

        After a reversal only the exchange of full cards for rewards is settled again.
        """
        if happening.name == "reversed":
            return Decision(_exchange(standing.balance(STAMP), happening, rules))
        if happening.name == "redeemed":
            return _redeem(standing, happening, rules)
        return _stamp(standing, happening, rules)

    def face(
        self, standing: Standing, rules: StampCardRules, zone: ZoneInfo, *, currency: str
    ) -> PartFace:
        """`7 / 10`, the next reward, and the rewards waiting."""
        have, rewards = standing.balance(STAMP), standing.balance(REWARD)
        title, until = rules.reward.text(), standing.next_expiry(REWARD)
        return PartFace(
            headline=Line(
                "stamps",
                _STAMPS_LABEL,
                Text.same(f"{have} / {rules.stamps_required}"),
                _STAMPS_CHANGED,
                amount=have,
            ),
            corner=Line(
                "rewards",
                _REWARDS_LABEL,
                Text.same(str(rewards)),
                _REWARDS_CHANGED,
                amount=rewards,
            ),
            lines=(_next_line(rules.stamps_required - have, rewards, title),),
            details=(_rule_line(rules, currency), *_expiry_lines(until, zone)),
            progress=Progress(have, rules.stamps_required),
            actions=(_USE_REWARD,) if rewards else (),
            reward=Reward(title, _AT_THE_TILL, rewards, until),
        )

    def looks_back(self, happening: Happening, rules: StampCardRules) -> bool:
        """For limits, and for a second scan at a till."""
        is_scan = happening.is_at_till and not happening.is_deliberate
        has_limits = rules.max_per_day is not None or rules.minimum_gap_seconds > 0
        return has_limits or (is_scan and rules.double_scan_seconds > 0)

    def empty_progress(self, rules: StampCardRules) -> Progress:
        """No stamp of those required."""
        return Progress(0, rules.stamps_required)

    def sentence(self, rules: StampCardRules, *, currency: str) -> Text:
        """What to collect for what, and what has to be known to do so."""
        n = rules.stamps_required
        reward = rules.reward
        collect = Text(
            f"Kerää {n} leimaa, niin saat palkinnon: {reward.fi}.",
            f"Samla {n} stämplar så får du en belöning: {reward.sv}.",
            f"Collect {n} stamps and get a reward: {reward.en}.",
        )
        told = (collect, *_conditions(rules, currency))
        return Text(*(" ".join(text.get(language) for text in told) for language in LANGUAGES))


def _conditions(rules: StampCardRules, currency: str) -> Iterator[Text]:
    if rules.minimum_purchase_cents is not None:
        least = wording.money(rules.minimum_purchase_cents, currency)
        yield Text(
            f"Leiman saa, kun ostos on vähintään {least.fi}.",
            f"Du får en stämpel för köp på minst {least.sv}.",
            f"A stamp is given for a purchase of at least {least.en}.",
        )
    if extras := rules.extra_stamps_by_tag:
        named = [(_TAGS.get(tag, Text.same(tag.replace("_", " "))), n) for tag, n in extras.items()]
        yield Text(
            f"Lisäleimoja: {', '.join(f'{tag.fi} +{n}' for tag, n in named)}.",
            f"Extra stämplar: {', '.join(f'{tag.sv} +{n}' for tag, n in named)}.",
            f"Extra stamps: {', '.join(f'{tag.en} +{n}' for tag, n in named)}.",
        )
    if rules.max_per_day:
        yield wording.counted(rules.max_per_day, _ONCE_A_DAY, _TIMES_A_DAY)
    if rules.minimum_gap_seconds:
        gap = wording.duration(rules.minimum_gap_seconds)
        yield Text(
            f"Leimausten väli on vähintään {gap.fi}.",
            f"Mellan två stämplingar går det minst {gap.sv}.",
            f"Two stamps are at least {gap.en} apart.",
        )


def _stamp(standing: Standing, happening: Happening, rules: StampCardRules) -> Decision:
    _refuse_too_many(happening.quantity, rules.max_quantity)
    is_enough = earning.is_enough(happening, rules)
    too_often = earning.too_often(standing, happening, rules, unit=STAMP, by=_STAMPING)
    if notice := too_often or _too_soon(standing, happening, rules):
        return Decision(notice=notice)
    extra = sum(n for tag, n in rules.extra_stamps_by_tag.items() if tag in happening.tags)
    stamps = (happening.quantity if is_enough else 0) + extra
    if stamps == 0:
        return Decision(notice=earning.too_small(happening, rules))
    total = standing.balance(STAMP) + stamps
    exchange = _exchange(total, happening, rules)
    earned = Posting("earn", STAMP, stamps)
    return Decision((earned, *exchange), _stamped_notice(stamps, total, rules))


def _redeem(standing: Standing, happening: Happening, rules: StampCardRules) -> Decision:
    if standing.balance(REWARD) < happening.quantity:
        raise Conflict(
            "no_reward",
            "The card has no reward to redeem: collect the stamps first.",
            text=Text(
                "Kortilla ei ole palkintoa.",
                "Kortet har ingen belöning.",
                "There is no reward on this card.",
            ),
        )
    postings = [Posting("redeem", REWARD, -happening.quantity)]
    if extra := rules.stamps_for_free_one * happening.quantity:
        postings.append(Posting("earn", STAMP, extra))
        postings += _exchange(standing.balance(STAMP) + extra, happening, rules)
    reward = rules.reward
    text = Text(
        f"Palkinto käytetty: {reward.fi}",
        f"Belöning använd: {reward.sv}",
        f"Reward used: {reward.en}",
    )
    return Decision(tuple(postings), Notice("redeemed", "green", text))


def _exchange(stamps: int, happening: Happening, rules: StampCardRules) -> tuple[Posting, ...]:
    """Full cards become rewards; what is over stays."""
    rewards = stamps // rules.stamps_required
    if rewards == 0:
        return ()
    expires_at = _expiry(happening.good_from, happening.zone, rules.reward_valid_months)
    if expires_at and happening.until:  # made again after an undo, it is no better than it was
        expires_at = min(expires_at, happening.until)
    return (
        Posting("convert", STAMP, -rewards * rules.stamps_required),
        Posting("convert", REWARD, rewards, expires_at),
    )


def _expiry(at: datetime, zone: ZoneInfo, months: int | None) -> datetime | None:
    """The end of the local day `months` later, so that the whole day is good.

    Where a clock is put back at midnight, the last hour of the day comes twice: the second one
    ends the day.
    """
    if months is None:
        return None
    day = at.astimezone(zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    good_until = day.replace(year=year, month=month + 1, day=min(day.day, last))
    return datetime.combine(good_until, time.max.replace(fold=1), zone).astimezone(at.tzinfo)


def _refuse_too_many(quantity: int, maximum: int) -> None:
    if quantity > maximum:
        raise Refused(
            "quantity_too_large",
            f"At most {maximum} stamps are given at once; {quantity} were asked for.",
            text=wording.counted(maximum, _AT_MOST_ONE, _AT_MOST),
        )


def _too_soon(standing: Standing, happening: Happening, rules: StampCardRules) -> Notice | None:
    if not happening.is_at_till or happening.is_deliberate:
        return None
    passed = [
        abs((happening.at - past.at).total_seconds())  # late scans arrive out of order
        for past in standing.past
        if past.is_at_till and past.name == "stamped"
    ]
    if not passed or min(passed) >= rules.double_scan_seconds:
        return None
    seconds = int(min(passed))
    return Notice(
        "too_soon",
        "amber",
        Text(
            f"Leimattu jo {seconds} s sitten",
            f"Redan stämplad för {seconds} s sedan",
            f"Already stamped {seconds} s ago",
        ),
    )


def _stamped_notice(quantity: int, total: int, rules: StampCardRules) -> Notice:
    n = rules.stamps_required
    rewards, have = divmod(total, n)
    given = wording.counted(quantity, _ONE_STAMP, _STAMPS)
    if rewards:
        reward = rules.reward
        text = Text(
            f"{given.fi} – kortti täynnä! {reward.fi}",
            f"{given.sv} – kortet är fullt! {reward.sv}",
            f"{given.en} – the card is full! {reward.en}",
        )
        return Notice("reward_earned", "green", text)
    texts = (f"{words} – {have} / {n}" for words in (given.fi, given.sv, given.en))
    return Notice("stamped", "green", Text(*texts))


def _next_line(left: int, rewards: int, reward: Text) -> Line:
    if rewards:
        label = Text("VALMIINA KÄYTETTÄVÄKSI", "REDO ATT ANVÄNDA", "READY TO USE")
        return Line("next", label, reward)
    return Line("next", wording.counted(left, _ONE_LEFT, _MANY_LEFT), reward)


def _rule_line(rules: StampCardRules, currency: str) -> Line:
    sentence = StampCard().sentence(rules, currency=currency)
    return Line("rule", Text("Näin se toimii", "Så här fungerar det", "How it works"), sentence)


def _expiry_lines(until: datetime | None, zone: ZoneInfo) -> tuple[Line, ...]:
    if until is None:
        return ()
    label = Text("Käytä palkinto viimeistään", "Använd belöningen senast", "Use the reward by")
    return (Line("reward_until", label, wording.day(until.astimezone(zone).date())),)
