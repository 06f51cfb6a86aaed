"""Every pass of the corpus is judged by the rules that it breaks, and by no other."""

import pytest

from passkit.linting import lint, rules
from tests.corpus.cases_content import CONTENT_CASES
from tests.corpus.cases_content import GOOD as GOOD_CONTENT
from tests.corpus.cases_package import PACKAGE_CASES
from tests.corpus.cases_values import GOOD_VALUES, VALUE_CASES
from tests.corpus.draft import Case

GOOD = [*GOOD_CONTENT, *GOOD_VALUES]
BROKEN = [*PACKAGE_CASES, *CONTENT_CASES, *VALUE_CASES]
EVERY = [*GOOD, *BROKEN]

# Rules that no single .pkpass of the corpus can break; their own tests hold them.
ELSEWHERE = {"bundle-content", "bundle-too-large", "signature-from-the-future"}


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_exactly_the_broken_rules_are_named(case: Case, issuer, at):
    findings = lint(case.made(issuer), at=at, root_pem=issuer.authority.root_pem)
    assert {each.rule.id for each in findings} == case.rules


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_each_finding_says_where_what_to_do_and_whose_rule_it_is(case: Case, issuer, at):
    for each in lint(case.made(issuer), at=at, root_pem=issuer.authority.root_pem):
        assert each.detail
        assert each.rule.remedy
        assert each.rule.systems
        assert each.rule.source
        assert each.path or each.rule.id.startswith(("zip-", "style-"))


def test_there_are_sixty_cases_and_each_has_a_name_of_its_own():
    names = [case.name for case in EVERY]
    assert len(names) == len(set(names)) >= 60


def test_every_rule_is_broken_by_some_case_and_every_case_breaks_known_rules():
    broken = set().union(*(case.rules for case in BROKEN))
    assert broken | ELSEWHERE == set(rules())
    assert not broken & ELSEWHERE
