"""Why iPhones would refuse or degrade a pass, in plain words: anybody's file, rule by rule.

`lint` judges a file, `rules` is the table of all rules, which docs/lint.md shows.
"""

from passkit.linting.findings import Finding, Rule, Severity, rules
from passkit.linting.package import lint, refuses

__all__ = ["Finding", "Rule", "Severity", "lint", "refuses", "rules"]
