from controllers.fence import Fence, running_time


class Hand:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_before_it_was_ever_held_nothing_may_be_done() -> None:
    fence = Fence(Hand())
    fence.standing = "standby: b holds the lease"
    assert fence.barred() == "standby: b holds the lease"
    assert fence.lost is None


def test_the_clock_is_read_when_it_is_asked() -> None:
    clock = Hand()
    fence = Fence(clock)
    assert fence.extend(110.0)
    clock.now = 109.9
    assert fence.barred() is None
    clock.now = 110.0
    assert fence.barred() is not None, "nobody has told it that time went by"


def test_what_is_lost_once_never_comes_back() -> None:
    clock, told = Hand(), list[str]()
    fence = Fence(clock)
    fence.on_loss.append(lambda: told.append("lost"))
    fence.extend(110.0)
    clock.now = 112.0
    assert not fence.extend(120.0), "a renewal that was answered too late"
    assert fence.barred() == "the lease could not be renewed in time: the right to serve has ended 2.0 s ago"
    clock.now = 111.0
    fence.lose("something else")
    assert "2.0 s" in str(fence.barred())
    assert told == ["lost"]


def test_a_right_that_was_over_before_it_was_told_of_was_never_there() -> None:
    clock = Hand()
    fence = Fence(clock)
    assert not fence.extend(99.0)
    assert fence.barred() is not None


def test_an_older_renewal_takes_nothing_away() -> None:
    clock = Hand()
    fence = Fence(clock)
    fence.extend(110.0)
    fence.extend(105.0)
    clock.now = 107.0
    assert fence.barred() is None


def test_the_clock_goes_on() -> None:
    assert running_time() <= running_time()
