"""How many processes of one node id there may be, and that this outlives the control plane's own process."""

import json
import math

import pytest

from ledger.ids import ProxyId, StreamId, TypeUrl
from ledger.processes import UNCOUNTED, Newcomer, Processes
from ledger.stream_record import StreamRecord
from tests.ledger.scene import CDS, EDS

PROXY = ProxyId("proxy")


def stream(*targets: str, types: tuple[TypeUrl, ...] = (EDS,), proxy: ProxyId = PROXY) -> StreamRecord:
    record = StreamRecord(StreamId(1), proxy, "a view", 0.0, set(), 1, frozenset(types))
    record.targets = set(targets)
    return record


def count(processes: Processes, *targets: str) -> int:
    return processes.count(stream(*targets), EDS)


def test_every_newcomer_of_the_same_party_may_be_a_process_more() -> None:
    processes = Processes()
    assert count(processes) == 1
    processes.add(Newcomer(stream(), 10.0))
    assert count(processes) == 2
    processes.add(Newcomer(stream("target"), 10.0))
    processes.add(Newcomer(stream(types=(CDS,)), 10.0))
    processes.add(Newcomer(stream(proxy=ProxyId("another")), 10.0))
    assert count(processes) == 2
    assert count(processes, "target") == 2


def test_a_process_with_one_stream_for_clusters_and_one_for_all_the_rest_is_one_process() -> None:
    processes = Processes()
    processes.add(Newcomer(stream(types=(EDS,)), 10.0))
    processes.add(Newcomer(stream(types=(CDS, EDS)), 10.0))
    assert count(processes) == 2


def test_of_those_that_may_return_there_is_one() -> None:
    processes = Processes()
    for until in (10.0, 20.0):
        processes.add(Newcomer(stream(), until, returning=True))
    assert [newcomer.until for newcomer in processes.of(PROXY)] == [20.0]


def test_of_more_processes_than_can_be_none_is_known_to_be_back_until_the_last_is_old() -> None:
    processes = Processes()
    for until in range(1000):
        processes.add(Newcomer(stream(), float(until)))
    assert count(processes) == UNCOUNTED
    assert len(processes.of(PROXY)) < 100
    assert processes.due(PROXY, 998.0) == []
    for newcomer in processes.due(PROXY, 999.0):
        processes.drop(newcomer)
    assert count(processes) == 1
    assert list(processes) == []


def test_a_restarted_control_plane_knows_of_the_same_processes() -> None:
    before, after = Processes(), Processes()
    before.add(Newcomer(stream(), 10.5))
    before.add(Newcomer(stream("target"), 20.0, returning=True))
    before.add(Newcomer(stream(), 30.0))
    before.stay(before.of(PROXY)[2])
    assert before.version == 4
    after.load(json.loads(json.dumps(before.dump())))
    assert after.dump() == before.dump()
    assert [newcomer.until for newcomer in after.of(PROXY)] == [10.5, 20.0, math.inf]
    assert [count(after), count(after, "target")] == [3, 2]


@pytest.mark.parametrize(
    "wrong", [{"proxy": 1}, {"until": "soon"}, {"types": [1]}, {"targets": None}, {"returning": 0}]
)
def test_what_is_no_dump_is_refused(wrong: dict[str, object]) -> None:
    processes = Processes()
    processes.add(Newcomer(stream(), 10.0))
    (dumped,) = processes.dump()
    with pytest.raises(ValueError, match="not a newcomer"):
        Processes().load([{**dumped, **wrong}])
