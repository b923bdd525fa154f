"""Candidates for a Lease in a world of delays, losses and frozen processes: never do two believe that they hold it."""

import heapq
from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.kubernetes.election import ATTEMPT, Election, Look, Pause, Record, Write

DURATION = 15


class Server:
    """The API server's one Lease."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self._version = 0

    def put(self, holder: str, duration: float, transitions: int) -> Record:
        self._version += 1
        self.record = Record(str(self._version), holder, duration, transitions)
        return self.record

    def do(self, step: Look | Write) -> Record | str | None:
        """What is answered; "conflict" if so."""
        if isinstance(step, Look):
            return self.record
        if step.version != (self.record.version if self.record is not None else None):
            return "conflict"
        return self.put(step.holder, step.duration, step.transitions)


class Process:
    """A candidate, whose clock shows something of its own, but goes as fast as the others."""

    def __init__(self, world: "World", name: str, offset: float) -> None:
        self.election = Election(name, DURATION)
        self.is_dead = False
        self.frozen_until = 0.0
        self._world = world
        self._offset = offset
        self._asked = 0

    @property
    def now(self) -> float:
        return self._world.now + self._offset

    def believes(self) -> bool:
        """Frozen or not: it would go by its clock when it goes on."""
        return not self.is_dead and self.election.holds(self.now)

    def go_on(self) -> None:
        election, world, random = self.election, self._world, self._world.random
        election.expire(self.now)
        if election.lost is not None:
            self.is_dead = True
            world.after(random.uniform(0, 5), world.start)  # another one, as a standby
            return
        step = election.next(self.now)
        if isinstance(step, Pause):
            until = step.until if election.until is None else min(step.until, election.until)
            world.after(max(0.0, until - self.now), lambda: self.unless_frozen(self.go_on))
            return
        self._asked += 1
        number, sent_at = self._asked, self.now
        world.after(ATTEMPT * DURATION, lambda: self.unless_frozen(lambda: self._give_up_on(number)))
        if random.random() < world.losses:
            return
        world.after(world.delay(), lambda: self._reach(step, number, sent_at))

    def _reach(self, step: Look | Write, number: int, sent_at: float) -> None:
        """The request is at the server, perhaps long after it was given up."""
        world = self._world
        answer = world.server.do(step)

        def arrive() -> None:
            self.unless_frozen(lambda: self._answered(step, number, sent_at, answer))

        if world.random.random() >= world.losses:
            world.after(world.delay(), arrive)

    def _answered(self, step: Look | Write, number: int, sent_at: float, answer: Record | str | None) -> None:
        if number != self._asked:
            return
        self._asked += 1
        if isinstance(answer, str):
            self.election.refused()
        elif isinstance(step, Look):
            self.election.saw(answer, self.now)
        else:
            assert answer is not None
            self.election.wrote(answer, sent_at, self.now)
        self.go_on()

    def _give_up_on(self, number: int) -> None:
        if number == self._asked:
            self._asked += 1
            self.election.failed(self.now)
            self.go_on()

    def unless_frozen(self, act: Callable[[], None]) -> None:
        """What has come meanwhile is looked at when it wakes, in whatever order."""
        if self.is_dead:
            return
        if self._world.now < self.frozen_until:
            late = self.frozen_until - self._world.now + self._world.random.uniform(0, 0.001)
            self._world.after(late, lambda: self.unless_frozen(act))
        else:
            act()


class World:
    """So many candidates, and whoever else has a hand in the cluster."""

    def __init__(self, seed: int, candidates: int, losses: float, slow: float) -> None:
        self.random = Random(seed)
        self.losses = losses
        self.server = Server()
        self.now = 0.0
        self.processes: list[Process] = []
        self.acquired: list[float] = []
        self._slow = slow
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._counter = 0
        for _ in range(candidates):
            self.start()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._counter += 1
        heapq.heappush(self._agenda, (self.now + seconds, self._counter, act))

    def delay(self) -> float:
        """Now and then longer than anybody waits."""
        return self.random.uniform(0, 40) if self.random.random() < self._slow else self.random.uniform(0, 0.2)

    def start(self) -> None:
        process = Process(self, f"process-{len(self.processes)}", self.random.uniform(-1e6, 1e6))
        self.processes.append(process)
        process.go_on()

    def run(self, until: float) -> None:
        """Raises an AssertionError as soon as two believe that they hold it."""
        before: list[Process] = []
        while self._agenda and self._agenda[0][0] <= until:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
            holders = [process for process in self.processes if process.believes()]
            assert len(holders) <= 1, [process.election.identity for process in holders]
            if holders and holders != before:
                self.acquired.append(self.now)
            before = holders

    def trouble(self, until: float) -> None:
        """Processes freeze and die, and somebody edits the Lease."""
        while (at := self.random.uniform(1, 60)) + self.now < until:
            self.run(self.now + at)
            living = [process for process in self.processes if not process.is_dead]
            victim = self.random.choice(living) if living else None
            believed = next((process for process in living if process.believes()), victim)
            match self.random.randrange(6):
                case 0 | 1 if believed is not None:
                    believed.frozen_until = self.now + self.random.uniform(0, 60)
                case 2 if victim is not None:
                    victim.is_dead = True
                    self.after(self.random.uniform(0, 5), self.start)
                case 3:
                    self.server.record = None
                case 4 if self.server.record is not None:
                    record = self.server.record
                    self.server.put(record.holder, record.duration, record.transitions)  # an annotation
                case 5 if self.server.record is not None:
                    self.server.put("", self.server.record.duration, self.server.record.transitions)
        self.run(until)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    candidates=st.integers(2, 4),
    losses=st.sampled_from([0.0, 0.1, 0.3]),
    slow=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_never_do_two_hold_it(seed: int, candidates: int, losses: float, slow: float) -> None:
    World(seed, candidates, losses, slow).trouble(until=300.0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), candidates=st.integers(2, 4), frozen=st.booleans())
def test_another_holds_it_within_two_durations(seed: int, candidates: int, frozen: bool) -> None:
    world = World(seed, candidates, losses=0.0, slow=0.0)
    world.run(world.random.uniform(30, 60))
    (holder,) = (process for process in world.processes if process.believes())
    if frozen:
        holder.frozen_until = 1e9
    else:
        holder.is_dead = True
    gone_at, world.acquired = world.now, []
    world.run(gone_at + 2 * DURATION)
    assert world.acquired
    assert world.acquired[0] <= gone_at + 1.3 * DURATION
