"""Two processes share a node id, as in a hot restart: whatever becomes of their streams, neither stands for the other.

Each knows the form that it holds of every resource. Streams end noticed or not, and may open long before they speak.
"""

import random
from dataclasses import dataclass, field
from itertools import count

import pytest

from ledger.deliveries import Deliveries, ResourceChange
from ledger.ids import NEVER, ProxyId, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.processes import ONE_LEFT_SECONDS

TYPE = TypeUrl("type.test/a.Resource")
NODE = ProxyId("node")
NAMES = ("a", "b")
STEPS = 60


@dataclass
class Process:
    """`holds`: when what it routes by was built, by name. `sent`: names on their way, when built, and when sent."""

    holds: dict[str, Revision] = field(default_factory=dict)
    stream: StreamId | None = None
    interest: Interest | None = None
    sent: tuple[list[str], Revision, int] | None = None


class TwoProcesses:
    def __init__(self) -> None:
        self.deliveries = Deliveries()
        self.revision = Revision(0)
        self.changes: dict[str, list[Revision]] = {name: [] for name in NAMES}
        self.processes = [Process(), Process()]
        self.lost: list[tuple[StreamId, bool]] = []
        self.ids = count(1)
        self.objects_change(set(NAMES))

    def happen(self, chance: random.Random) -> None:
        """One thing happens."""
        which, maybe = chance.randrange(2), chance.random() < 0.5
        what = chance.randrange(9)
        if what == 0:
            self.objects_change({*chance.sample(NAMES, chance.randint(1, 2))})
        elif what == 1:
            self.a_stream_opens(which, maybe)
        elif what == 2:
            self.a_stream_speaks(which)
        elif what == 3:
            self.a_response_is_sent(which)
        elif what == 4:
            self.ack(self.processes[which])
        elif what == 5:
            self.a_stream_is_lost(which, maybe, chance.random() < 0.5)
        elif what == 6:
            self.an_ack_arrives_and_its_stream_is_lost_already(which)
        elif what == 7:
            self.the_end_of_a_stream_is_noticed()
        else:
            self.exchange([self.processes[which]])
        self.nobody_is_let_go_who_routes_by_an_older_form()

    def objects_change(self, names: set[str]) -> None:
        since, self.revision = self.revision, Revision(self.revision + 1)
        for name in names:
            self.changes[name].append(self.revision)
        changes = [ResourceChange(resource(name), None, False) for name in names]
        self.deliveries.changed(changes, since, self.revision, 0.0)

    def a_stream_opens(self, which: int, speaks: bool) -> None:
        process = self.processes[which]
        if process.stream is None:
            process.stream = StreamId(next(self.ids))
            self.deliveries.arrive(process.stream, 0.0)
            if speaks:
                self.speak(process)

    def a_stream_speaks(self, which: int) -> None:
        self.speak(self.processes[which])

    def speak(self, process: Process) -> None:
        if process.stream is None or process.interest is not None:
            return
        record = self.deliveries.open(process.stream, NODE, "v", [TYPE], 0.0)
        process.interest, inherited = self.deliveries.show(record, TYPE, bool(process.holds))
        self.deliveries.subscribe(process.interest, NAMES)
        for name in NAMES:
            tainted = name in inherited.tainted
            self.deliveries.owe(process.interest, name, self.revision, 0.0, held=NEVER, tainted=tainted)

    def a_response_is_sent(self, which: int) -> None:
        process = self.processes[which]
        if process.interest is not None and process.sent is None and process.interest.unsent:
            names = sorted(process.interest.unsent)
            self.deliveries.sent(process.interest, names, self.revision, 0.0)
            process.sent = names, self.revision, self.deliveries.moment

    def ack(self, process: Process) -> None:
        if process.interest is None or process.sent is None:
            return
        names, built, moment = process.sent
        process.sent = None
        process.holds.update(dict.fromkeys(names, built))
        self.deliveries.acked(process.interest, names, built)
        self.deliveries.answered(self.deliveries.streams[process.interest.stream], moment)

    def a_stream_is_lost(self, which: int, applied: bool, noticed: bool) -> None:
        """What was on its way may have been applied; an ACK of it may have been sent before, and arrive."""
        process = self.processes[which]
        if process.stream is None:
            return
        if applied and process.sent is not None:
            names, built, _ = process.sent
            process.holds.update(dict.fromkeys(names, built))
        self.lost.append((process.stream, process.interest is not None))
        process.stream = process.interest = process.sent = None
        if noticed:
            self.the_end_of_a_stream_is_noticed()

    def an_ack_arrives_and_its_stream_is_lost_already(self, which: int) -> None:
        process = self.processes[which]
        if process.interest is None or process.sent is None:
            return
        late, interest = process.sent, process.interest
        self.a_stream_is_lost(which, applied=True, noticed=False)
        self.a_stream_opens(which, speaks=True)
        self.deliveries.acked(interest, late[0], late[1])
        self.deliveries.answered(self.deliveries.streams[interest.stream], late[2])

    def the_end_of_a_stream_is_noticed(self) -> None:
        if not self.lost:
            return
        stream, spoke = self.lost.pop(0)
        if spoke:
            self.deliveries.end(stream, 0.0)
        else:
            self.deliveries.leave(stream)

    def exchange(self, processes: list[Process]) -> None:
        for process in processes:
            while process.interest is not None and (process.sent or process.interest.unsent):
                self.a_response_is_sent(self.processes.index(process))
                self.ack(process)

    def nobody_is_let_go_who_routes_by_an_older_form(self) -> None:
        if not self.deliveries.all_shown:
            return
        for name in NAMES:
            for change in self.changes[name]:
                if self.deliveries.let_go(resource(name), change):
                    for process in self.processes:
                        assert process.holds.get(name, change) >= change, f"{name} of {change}"

    def come_to_rest(self) -> None:
        """Once both are there, and have taken everything, and what is lost is known, all is let go of."""
        while self.lost:
            self.the_end_of_a_stream_is_noticed()
        for which in (0, 1):
            self.a_stream_opens(which, speaks=True)
            self.a_stream_speaks(which)
        self.exchange(self.processes)
        for now in (ONE_LEFT_SECONDS, 2 * ONE_LEFT_SECONDS):
            self.deliveries.expire(now)
        assert self.deliveries.all_shown
        assert all(self.deliveries.let_go(resource(name), self.revision) for name in NAMES)
        assert len(self.deliveries.streams) == len(self.processes)


def resource(name: str) -> ResourceName:
    return ResourceName(TYPE, name)


@pytest.mark.parametrize("part", range(10))
def test_neither_of_two_processes_stands_for_the_other(part: int) -> None:
    for seed in range(200 * part, 200 * (part + 1)):
        chance, world = random.Random(seed), TwoProcesses()
        try:
            for _ in range(STEPS):
                world.happen(chance)
            world.come_to_rest()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
