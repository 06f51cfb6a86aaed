"""What a benchmark found, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

_WIDTH = 80


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement: `figure` is for people, `ratio` is what `goal` is held against.

    `goal` is the least ratio wanted, or None when the figure is for comparison only.
    """

    what: str
    figure: str
    ratio: float | None = None
    goal: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; a figure without a goal always is."""
        return self.goal is None or (self.ratio is not None and self.ratio >= self.goal)


def table(title: str, figures: Sequence[Figure]) -> str:
    """The figures as lines for a terminal of 80 columns or more."""
    rows = [("", "figure", "ratio", "goal", "")]
    rows += [
        (
            each.what,
            each.figure,
            "" if each.ratio is None else f"{each.ratio:.3f}",
            "" if each.goal is None else f">= {each.goal:.2f}",
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
