"""docs/lint.md shows the rules that lint has."""

import re
from pathlib import Path

from passkit.linting import Rule, rules

ROOT = Path(__file__).resolve().parents[2]


def row(rule: Rule) -> str:
    cells = (f"`{rule.id}`", rule.severity, rule.systems, rule.problem, rule.source)
    return f"| {' | '.join(cells)} |"


def test_the_table_of_rules_is_that_of_the_code():
    text = (ROOT / "docs" / "lint.md").read_text("utf-8")
    table = text.partition("| Rule |")[2].partition("\n\n")[0].splitlines()[2:]
    assert table == [row(rule) for rule in rules().values()]


def test_every_rule_that_the_code_names_is_in_the_table():
    named = set()
    for path in (ROOT / "passkit").rglob("*.py"):
        text = path.read_text("utf-8")
        named |= set(re.findall(r'(?:found|_refused)\(\s*"([a-z0-9-]+)"', text))
        named |= set(re.findall(r'rule="([a-z0-9-]+)"', text))
    assert named
    assert named <= set(rules())
