"""When certificates are made and come into use."""

import pytest

from controllers.kubernetes.webhook.issue import Validity
from controllers.kubernetes.webhook.rotation import OVERLAP_SECONDS, Rotation, Standing, Step

DAY = 86400.0
FIRST, SECOND = Validity(0, 90 * DAY), Validity(60 * DAY, 150 * DAY)
BUNDLE = b"both"


def test_without_a_certificate_one_is_made_and_used() -> None:
    assert Rotation().next(Standing(None), b"", 0) is Step.BEGIN


def test_a_certificate_that_has_ended_is_replaced_at_once() -> None:
    assert Rotation().next(Standing(FIRST), BUNDLE, 90 * DAY - 1) is Step.PREPARE
    assert Rotation().next(Standing(FIRST), BUNDLE, 90 * DAY) is Step.BEGIN


def test_the_next_one_is_made_after_two_thirds_of_the_time() -> None:
    assert Rotation().next(Standing(FIRST), BUNDLE, 60 * DAY - 1) is None
    assert Rotation().next(Standing(FIRST), BUNDLE, 60 * DAY) is Step.PREPARE


def test_the_next_one_is_used_when_its_authority_has_been_published_for_some_time() -> None:
    rotation, standing, now = Rotation(), Standing(FIRST, SECOND), 60 * DAY
    assert rotation.next(standing, BUNDLE, now + OVERLAP_SECONDS) is None
    rotation.published(BUNDLE, now)
    rotation.published(BUNDLE, now + 60)
    assert rotation.next(standing, BUNDLE, now + OVERLAP_SECONDS - 1) is None
    assert rotation.next(standing, BUNDLE, now + OVERLAP_SECONDS) is Step.SWITCH


@pytest.mark.parametrize("other", [None, b"of somebody else"])
def test_the_time_begins_anew_when_something_else_was_published_meanwhile(other: bytes | None) -> None:
    rotation, standing, now = Rotation(), Standing(FIRST, SECOND), 60 * DAY
    rotation.published(BUNDLE, now)
    rotation.published(other, now + 60)
    rotation.published(BUNDLE, now + 120)
    assert rotation.next(standing, BUNDLE, now + OVERLAP_SECONDS + 119) is None
    assert rotation.next(standing, BUNDLE, now + OVERLAP_SECONDS + 120) is Step.SWITCH


def test_another_bundle_than_the_one_published_does_not_count() -> None:
    rotation, standing = Rotation(), Standing(FIRST, SECOND)
    rotation.published(b"only the first", 60 * DAY)
    assert rotation.next(standing, BUNDLE, 61 * DAY) is None


def test_the_next_one_is_used_unpublished_when_the_one_before_it_has_ended() -> None:
    assert Rotation().next(Standing(FIRST, SECOND), BUNDLE, 90 * DAY) is Step.SWITCH
    assert Rotation().next(Standing(None, SECOND), BUNDLE, 61 * DAY) is Step.SWITCH
    assert Rotation().next(Standing(FIRST, SECOND), BUNDLE, 150 * DAY) is Step.BEGIN


def test_authorities_that_have_ended_are_forgotten_when_nothing_else_is_due() -> None:
    assert Rotation().next(Standing(SECOND, ended=True), BUNDLE, 91 * DAY) is Step.FORGET
    assert Rotation().next(Standing(FIRST, ended=True), BUNDLE, 60 * DAY) is Step.PREPARE
