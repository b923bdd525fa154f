"""The suite is whole: no rule is without a test, and no test without a rule."""

from itertools import product

from tests.conformance.applicability import NO_DRIVER, NOT_APPLICABLE
from tests.conformance.citations import citations
from tests.conformance.rules import BAD_INPUT, DRIVERS, rules
from tests.conformance.transports import ALL


def test_the_rules_are_numbered_without_a_gap() -> None:
    assert list(rules()) == [*range(1, 35), BAD_INPUT]


def test_every_rule_is_proved_on_every_transport_that_it_concerns_with_both_drivers() -> None:
    proved = {
        (rule, kind, driver)
        for citation in citations()
        for rule, kind, driver in product(citation.rules, citation.kinds, citation.drivers)
    }
    wanted = {
        (rule, kind, driver)
        for rule, kind, driver in product(rules(), ALL, DRIVERS)
        if (rule, kind) not in NOT_APPLICABLE and (rule, driver) not in NO_DRIVER
    }
    assert wanted - proved == set()


def test_no_test_proves_a_rule_where_it_is_said_to_be_not_applicable() -> None:
    for citation in citations():
        for cited, kind, driver in product(citation.rules, citation.kinds, citation.drivers):
            assert (cited, kind) not in NOT_APPLICABLE, citation.test
            assert (cited, driver) not in NO_DRIVER, citation.test


def test_every_test_cites_a_rule_that_there_is() -> None:
    for citation in citations():
        assert citation.rules, f"{citation.test} cites no rule"
        assert set(citation.rules) <= set(rules()), f"{citation.test} cites what is no rule"


def test_what_is_said_to_be_not_applicable_is_about_rules_that_there_are() -> None:
    assert {rule for rule, _ in [*NOT_APPLICABLE, *NO_DRIVER]} <= set(rules())
    assert all(NOT_APPLICABLE.values())
