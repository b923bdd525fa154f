"""Selectors find labels, and labels find selectors."""

from collections.abc import Mapping
from itertools import product

import pytest

from ledger.ids import ObjectKey
from tests.ledger.scene import calls
from xds.index.selectors import Selectors


def key(name: str) -> ObjectKey:
    return ObjectKey("any", "default", name)


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ({"app": "web"}, {"app": "web"}, True),
        ({"app": "web"}, {"app": "web", "track": "stable"}, True),
        ({"app": "web", "track": "stable"}, {"app": "web", "track": "stable", "zone": "a"}, True),
        ({"app": "web"}, {"app": "api"}, False),
        ({"app": "web"}, {}, False),
        ({"app": "web", "track": "stable"}, {"app": "web"}, False),
        ({"app": "web", "track": "stable"}, {"app": "web", "track": "canary"}, False),
        ({"app": "web"}, {"web": "app"}, False),
        ({"app": ""}, {"app": ""}, True),
        ({"app": ""}, {"track": "stable"}, False),
    ],
)
def test_a_selector_matches_labels_that_hold_every_pair_of_it(
    selector: Mapping[str, str], labels: Mapping[str, str], matches: bool
) -> None:
    selectors = Selectors()
    selectors.set_selector(key("service"), selector)
    selectors.set_labels(key("workload"), labels)
    assert selectors.matching_selectors(labels) == ([key("service")] if matches else [])
    assert selectors.matching_labels(selector) == ([key("workload")] if matches else [])


def test_each_match_is_found_once_whatever_pairs_it_shares() -> None:
    selectors = Selectors()
    values = [dict(zip("abc", choice, strict=True)) for choice in product("01", repeat=3)]
    for number, labels in enumerate(values):
        selectors.set_labels(key(f"w{number}"), labels)
        selectors.set_selector(key(f"s{number}"), labels)
    for number, labels in enumerate(values):
        assert selectors.matching_selectors(labels) == [key(f"s{number}")]
        assert selectors.matching_labels(labels) == [key(f"w{number}")]
    assert len(selectors.matching_labels({"a": "0"})) == 4


def test_what_is_filed_anew_is_found_by_its_new_form_only() -> None:
    selectors = Selectors()
    selectors.set_selector(key("s"), {"app": "web"})
    selectors.set_selector(key("s"), {"app": "api"})
    selectors.set_labels(key("w"), {"app": "web"})
    selectors.set_labels(key("w"), {"app": "api"})
    assert selectors.matching_selectors({"app": "web"}) == []
    assert selectors.matching_selectors({"app": "api"}) == [key("s")]
    assert selectors.matching_labels({"app": "web"}) == []
    assert selectors.matching_labels({"app": "api"}) == [key("w")]


def test_what_is_dropped_is_not_found_and_leaves_nothing_behind() -> None:
    selectors = Selectors()
    for number in range(10):
        selectors.set_selector(key(f"s{number}"), {"app": "web", "number": str(number)})
        selectors.set_labels(key(f"w{number}"), {"app": "web", "number": str(number)})
    assert selectors
    for number in range(10):
        selectors.drop_selector(key(f"s{number}"))
        selectors.drop_labels(key(f"w{number}"))
    selectors.drop_selector(key("never there"))
    selectors.drop_labels(key("never there"))
    assert not selectors
    assert not any(vars(selectors).values())


def test_a_label_that_all_services_select_by_does_not_make_a_lookup_look_at_them_all() -> None:
    costs = []
    for services in (10, 1000):
        selectors = Selectors()
        for number in range(services):
            selectors.set_selector(key(f"s{number}"), {"mesh": "on", "app": str(number)})
        labels = {"mesh": "on", "app": "7"}
        costs.append(calls(selectors.matching_selectors, labels))
    assert costs[0] == costs[1]


def test_a_label_that_all_workloads_have_does_not_make_a_lookup_look_at_them_all() -> None:
    costs = []
    for workloads in (10, 1000):
        selectors = Selectors()
        for number in range(workloads):
            selectors.set_labels(key(f"w{number}"), {"mesh": "on", "app": str(number)})
        selector = {"mesh": "on", "app": "7"}
        costs.append(calls(selectors.matching_labels, selector))
    assert costs[0] == costs[1]
