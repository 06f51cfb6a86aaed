"""What a rule is, what a finding is, and the table of all rules."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Severity(StrEnum):
    """What a phone does: refuse the file, show it with something missing, or nothing at all."""

    REFUSE = "refuse"
    DEGRADE = "degrade"
    ADVICE = "advice"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that Wallet wants, and who says so.

    `systems` names whose behaviour it is, such as "iOS 26 and older". `source` is the title of
    an Apple page, Pass Builder (Apple's open-source tool), what was observed, or passkit for a
    limit of our own.
    """

    id: str
    severity: Severity
    systems: str
    problem: str
    remedy: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that a pass breaks, and where.

    `path` is a file of the package, or a value in pass.json such as
    `storeCard.backFields[2].value`; `detail` tells what was found there.
    """

    rule: Rule
    path: str
    detail: str


Findings = Iterator[Finding]


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order in which a pass is looked through."""
    table = tomllib.loads(files("passkit.linting").joinpath("rules.toml").read_text("utf-8"))
    return {
        name: Rule(id=name, severity=Severity(row.pop("severity")), **row)
        for name, row in table.items()
    }


def found(rule: str, path: str, detail: str = "") -> Finding:
    """A finding under the rule of this id, told by the rule's own words where nothing is added."""
    known = rules()[rule]
    return Finding(rule=known, path=path, detail=detail or known.problem)
