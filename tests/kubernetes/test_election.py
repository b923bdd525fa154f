"""Who may hold a Lease, and until when, by hand-made histories."""

from controllers.kubernetes.election import Election, Look, Pause, Record, Write

D = 15


def other(version: str = "7", holder: str = "b", duration: float = D, transitions: int = 3) -> Record:
    return Record(version, holder, duration, transitions)


def candidate() -> Election:
    return Election("a", D)


def holding(now: float = 100.0) -> Election:
    """One that has just taken the Lease by a request that went out at `now`."""
    election = candidate()
    election.saw(Record("0", "", D, 0), now - D)
    assert election.next(now) == Write("0", "a", D, 1, True)
    election.wrote(Record("1", "a", D, 1), now, now + 0.5)
    return election


# Candidates


def test_first_it_looks() -> None:
    assert candidate().next(0.0) == Look()


def test_a_lease_of_another_is_taken_when_it_was_seen_unchanged_for_all_of_its_duration() -> None:
    election = candidate()
    election.saw(other(), 100.0)
    assert election.next(100.0) == Pause(102.0)
    election.saw(other(), 114.5)
    assert election.next(114.9) == Pause(115.0)
    assert election.next(115.0) == Write("7", "a", D, 4, True)


def test_every_change_makes_it_wait_anew() -> None:
    election = candidate()
    election.saw(other("7"), 100.0)
    election.saw(other("8"), 114.0)
    election.saw(other("8"), 128.0)
    assert election.next(128.9) == Pause(129.0)
    assert election.next(129.0) == Write("8", "a", D, 4, True)


def test_of_two_durations_the_longer_one_counts() -> None:
    election = candidate()
    election.saw(other(duration=60), 100.0)
    election.saw(other(duration=1), 101.0)  # by hand, while the holder still goes by 60
    election.saw(other(duration=1), 160.0)
    assert election.next(160.5) == Pause(161.0)
    assert isinstance(election.next(161.0), Write)


def test_one_that_was_given_up_is_taken_at_once() -> None:
    election = candidate()
    election.saw(other(holder="", duration=1), 100.0)
    assert election.next(100.0) == Write("7", "a", D, 4, True)


def test_one_without_a_holder_that_nobody_gave_up_is_waited_for() -> None:
    election = candidate()
    election.saw(other(holder=""), 100.0)
    assert isinstance(election.next(100.0), Pause)


def test_one_that_is_missing_is_made_without_a_holder_since_it_may_have_been_deleted_while_held() -> None:
    election = candidate()
    election.saw(None, 100.0)
    assert election.next(100.0) == Write(None, "", D, 0, False)
    election.wrote(Record("1", "", D, 0), 100.0, 100.2)
    assert not election.holds(100.2)
    election.saw(Record("1", "", D, 0), 114.0)
    assert election.next(115.2) == Write("1", "a", D, 1, True)


def test_who_comes_too_late_looks_again_and_waits() -> None:
    election = candidate()
    election.saw(other(), 100.0)
    election.refused()
    assert election.next(115.0) == Look()
    election.saw(other("8", "c"), 115.2)
    assert election.next(115.2) == Pause(117.2)


def test_a_take_whose_answer_is_lost_entitles_to_nothing_until_a_renewal_is_answered() -> None:
    election = candidate()
    election.saw(other(), 100.0)
    election.failed(118.0)
    assert not election.holds(118.0)
    assert election.next(118.0) == Pause(120.0)
    assert election.next(120.0) == Write("7", "a", D, 4, True)
    election.refused()
    election.saw(other("8", "a", transitions=4), 120.2)
    assert not election.holds(120.2)
    assert election.next(120.3) == Write("8", "a", D, 4, False)
    election.wrote(other("9", "a", transitions=4), 120.3, 120.5)
    assert election.until == 130.3


# The holder


def test_the_right_ends_two_thirds_of_a_duration_after_the_renewal_was_sent() -> None:
    election = holding(100.0)
    assert election.until == 110.0
    assert election.holds(109.9)
    assert not election.holds(110.0)


def test_it_renews_by_a_write_of_the_version_that_it_knows() -> None:
    election = holding(100.0)
    assert election.next(101.0) == Pause(102.0)
    assert election.next(102.0) == Write("1", "a", D, 1, False)
    election.wrote(Record("2", "a", D, 1), 102.0, 102.2)
    assert election.until == 112.0


def test_a_renewal_without_an_answer_is_tried_again_soon_and_may_have_been_done() -> None:
    election = holding(100.0)
    election.failed(105.0)
    assert election.next(105.0) == Pause(105.5)
    assert election.next(105.5) == Write("1", "a", D, 1, False)
    election.refused()
    assert election.next(105.6) == Look()
    election.saw(Record("2", "a", D, 1), 105.7)
    assert election.until == 110.0, "what was read entitles to nothing"
    assert election.next(105.7) == Write("2", "a", D, 1, False)


def test_a_renewal_that_is_answered_after_the_end_is_of_no_use() -> None:
    election = holding(100.0)
    election.wrote(Record("2", "a", D, 1), 109.0, 111.0)
    assert election.lost is not None
    assert not election.holds(111.0)


def test_without_renewals_it_is_lost_for_good() -> None:
    election = holding(100.0)
    election.expire(112.0)
    assert election.lost == "the lease could not be renewed in time: the right to serve has ended 2.0 s ago"
    election.wrote(Record("2", "a", D, 1), 112.0, 112.1)
    assert not election.holds(112.1)


def test_who_sees_another_holder_has_lost_it_at_once() -> None:
    election = holding(100.0)
    election.saw(other("5", "c"), 103.0)
    assert election.lost == "c holds the lease now"
    assert not election.holds(103.0)


def test_who_finds_it_deleted_stops_since_another_may_make_one() -> None:
    election = holding(100.0)
    election.refused()
    election.saw(None, 103.0)
    assert election.lost is not None


# The end


def test_it_is_given_up_by_a_write_of_the_version_that_it_knows() -> None:
    election = holding(100.0)
    assert election.release() == Write("1", "", 1, 1, False)
    election.refused()
    assert election.release() == Look()
    election.saw(Record("2", "a", D, 1), 101.0)
    assert election.release() == Write("2", "", 1, 1, False)
    election.wrote(Record("3", "", 1, 0), 101.0, 101.1)
    assert election.release() is None


def test_what_another_holds_is_not_given_up() -> None:
    election = candidate()
    election.saw(other(), 100.0)
    assert election.release() is None
