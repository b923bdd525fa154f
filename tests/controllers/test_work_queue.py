"""Work by key."""

from random import Random

from controllers.work_queue import WorkQueue


def test_equal_keys_merge() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for _ in range(3):
        queue.add("a", 0.0)
    assert queue.depth == 1
    assert queue.take(0.0) == "a"
    assert queue.take(0.0) is None


def test_no_key_is_worked_on_twice_at_once_and_what_happened_meanwhile_is_not_forgotten() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a", 0.0)
    queue.take(0.0)
    queue.add("a", 1.0)
    queue.add("b", 1.0)
    assert queue.take(1.0) == "b"
    assert queue.take(1.0) is None
    queue.done("a")
    assert queue.take(1.0) == "a"
    queue.done("a")
    assert queue.take(1.0) is None


def test_live_keys_go_first_and_the_background_takes_none_that_is_worked_on() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_in_background("a", 0.0)
    queue.add_in_background("b", 0.0)
    queue.add("b", 1.0)
    assert queue.take(1.0) == "b"
    queue.add_in_background("b", 1.0)
    assert queue.take(1.0) == "a"
    queue.done("b")
    assert queue.take(1.0) is None


def test_what_is_for_later_comes_when_it_is_due_and_of_two_times_the_sooner() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_at("a", 10.0)
    queue.add_at("a", 5.0)
    queue.add_at("a", 7.0)
    assert queue.take(4.9) is None
    assert queue.next_at == 5.0
    assert queue.take(5.0) == "a"
    queue.done("a")
    assert queue.take(100.0) is None


def test_the_age_is_that_of_what_has_waited_longest() -> None:
    queue: WorkQueue[str] = WorkQueue()
    assert queue.age(5.0) == 0.0
    queue.add("a", 1.0)
    queue.add("b", 3.0)
    assert queue.age(5.0) == 4.0


def test_whatever_happens_every_key_that_was_added_is_worked_on_afterwards() -> None:
    random, queue, now = Random(7), WorkQueue[int](), 0.0
    added: dict[int, float] = {}
    began: dict[int, float] = {}
    working: set[int] = set()
    for _ in range(5000):
        now += random.random()
        key = random.randrange(10)
        match random.randrange(4):
            case 0:
                queue.add(key, now)
                added[key] = now
            case 1:
                queue.add_at(key, now + 5 * random.random())
            case 2:
                taken = queue.take(now)
                if taken is not None:
                    assert taken not in working
                    working.add(taken)
                    began[taken] = now
            case 3 if working:
                finished = random.choice(sorted(working))
                working.discard(finished)
                queue.done(finished)
    for finished in working:
        queue.done(finished)
    now += 100
    while (taken := queue.take(now)) is not None:
        began[taken] = now
        queue.done(taken)
    assert all(began[key] >= at for key, at in added.items())
    assert (queue.depth, queue.next_at) == (0, None)
