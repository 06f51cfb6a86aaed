"""What a benchmark found, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

_WIDTH = 80


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement: `figure` is for people, `ratio` is what `goal` is held against.

    `goal` is the least ratio wanted, the greatest one if it `is_ceiling`, or None when the figure
    is for comparison only.
    """

    what: str
    figure: str
    ratio: float | None = None
    goal: float | None = None
    is_ceiling: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; a figure without a goal always is."""
        if self.goal is None or self.ratio is None:
            return self.goal is None
        return self.ratio <= self.goal if self.is_ceiling else self.ratio >= self.goal

    @property
    def bound(self) -> str:
        """The goal as it is shown."""
        if self.goal is None:
            return ""
        return f"{'<=' if self.is_ceiling else '>='} {self.goal:.2f}"


def table(title: str, figures: Sequence[Figure]) -> str:
    """The figures as lines for a terminal of 80 columns or more."""
    rows = [("", "figure", "ratio", "goal", "")]
    rows += [
        (
            each.what,
            each.figure,
            "" if each.ratio is None else f"{each.ratio:.3f}",
            each.bound,
            "" if each.goal is None else ("reached" if each.is_met else "MISSED"),
        )
        for each in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {ratio:>{widths[2]}}"
        f"  {goal:>{widths[3]}}  {verdict}".rstrip()
        for what, figure, ratio, goal, verdict in rows
    ]
    notes = [
        fill(f"{each.what}: {each.note}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
        for each in figures
        if each.note
    ]
    rule = "-" * _WIDTH
    return "\n".join([title, rule, *lines, rule, *notes])
