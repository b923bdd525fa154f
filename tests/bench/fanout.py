"""Fan-out: an instance changes, and every proxy hears of it."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from tests.bench import line
from tests.bench.child import Child, children
from tests.bench.line import Line
from tests.bench.mesh import service
from tests.bench.streams import MARK
from tests.hostility.requests import ask
from xds.naming import cluster_names
from xds.types import CDS, EDS

_SERVICES = 20
_TO_FLOOR = 1.5
_CONFIRMED_SECONDS = 5e-3
_BURST, _BURST_TIMES = 100, 3.0
_SHARE = 0.01
_SUBSCRIBED_TIMES = 1.5
_OTHERS_TIMES = 1.2
_BESIDE_SYNC = 1000
"""Streams with which gRPC's synchronous server is measured too."""

SERVER, CLIENTS = 0, 1
"""The processors that they run on."""


def names(services: int) -> list[str]:
    """What the clusters of the first so many services are called."""
    return [name for number in range(services) for name in cluster_names(service(number))]


def asking(subscribed: Sequence[str], node: str = "proxy") -> list[str]:
    """A proxy's first requests: all clusters, and these load assignments."""
    return [ask(CDS, node=f"{node}-{MARK.decode()}").hex(), ask(EDS, subscribed).hex()]


def run(quick: bool) -> Iterator[Line]:
    """For each number of streams: lastack and the floor, in turns."""
    for count in (100, 1000) if quick else (100, 1000, 3000):
        with children() as start:
            yield from _fan_out(start, count, quick)


def _fan_out(start: Callable[..., Child], count: int, quick: bool) -> Iterator[Line]:
    rounds = 5 if quick else 20
    lastack = start("tests.bench.served", str(_SERVICES), processor=SERVER)
    floor = start("tests.bench.floor", processor=SERVER)
    proxies, others = (start("tests.bench.streams", processor=CLIENTS) for _ in range(2))
    few = max(1, int(_SHARE * count))
    proxies.ask("open", port=lastack.first["port"], count=count, requests=asking(names(_SERVICES)), expect=2)
    lastack.ask("settled", count=count)
    lastack.ask("push", changes=1)
    body = lastack.ask("written")["responses"][-1]
    floor.ask("greet", responses=[body, body])
    others.ask("open", port=floor.first["port"], count=count, requests=asking(names(_SERVICES)), expect=2)
    ours, theirs, confirmed, bursts = [], [], [], []
    for _ in range(rounds):
        told = lastack.ask("push", changes=1)
        ours.append(told["seconds"])
        confirmed.append(told["confirmed"])
        theirs.append(floor.ask("push", body=body)["seconds"])
        bursts.append(lastack.ask("push", changes=_BURST)["seconds"])
    single = median(ours)
    section, about = "3 fan-out", f"{count:,} streams"
    shown = f"({line.time(single)}, floor {line.time(median(theirs))})"
    yield line.ratio(section, f"{about}: change -> last ACK", single, median(theirs), _TO_FLOOR, shown)
    yield line.at_most(section, f"{about}: last ACK -> CONFIRMED, longest", max(confirmed), _CONFIRMED_SECONDS)
    measure = f"{about}: a burst of {_BURST} changes, for one change"
    yield line.ratio(section, measure, median(bursts), single, _BURST_TIMES, f"({line.time(median(bursts))})")
    if count == _BESIDE_SYNC and not quick:
        yield _synchronous(start, count, body, rounds, median(theirs))
    yield from _few(start, count, few, rounds)
    without = [lastack.ask("reach", count=count)["seconds"] for _ in range(rounds)]
    proxies.ask("stall", stream=0)
    beside = [lastack.ask("reach", count=count - 1)["seconds"] for _ in range(rounds)]
    measure = f"{about}: one of them never reads: for the others"
    yield line.ratio(section, measure, median(beside), median(without), _OTHERS_TIMES)


def _synchronous(start: Callable[..., Child], count: int, body: str, rounds: int, floor: float) -> Line:
    """What there would be to gain from gRPC's other server."""
    server, proxies = start("tests.bench.floor_sync", processor=SERVER), start("tests.bench.streams", processor=CLIENTS)
    server.ask("greet", responses=[body, body])
    proxies.ask("open", port=server.first["port"], count=count, requests=asking(names(_SERVICES)), expect=2)
    seconds = median(server.ask("push", body=body)["seconds"] for _ in range(rounds))
    shown = f"{seconds / floor:.2f}x ({line.time(seconds)})"
    measure = f"{count:,} streams: gRPC's synchronous server, for the floor"
    return Line("3 fan-out", measure, shown, numbers={"seconds": seconds, "floor": floor})


def _few(start: Callable[..., Child], count: int, few: int, rounds: int) -> Iterator[Line]:
    """Only some are subscribed to what changes; beside a server that has no others."""
    crowded, alone = (start("tests.bench.served", str(_SERVICES), processor=SERVER) for _ in range(2))
    for server, rest in ((crowded, count - few), (alone, 0)):
        proxies = start("tests.bench.streams", processor=CLIENTS)
        port = server.first["port"]
        proxies.ask("open", port=port, count=few, requests=asking(names(_SERVICES), "few"), expect=2)
        if rest:
            proxies.ask("open", port=port, count=rest, requests=asking(names(_SERVICES)[1:], "rest"), expect=2)
        server.ask("settled", count=few + rest)
    spent: list[list[float]] = [[], []]
    for _ in range(10 * rounds):
        for server, seconds in zip((crowded, alone), spent, strict=True):
            seconds.append(server.ask("push", changes=1)["seconds"])
    beside, without = map(median, spent)
    measure = f"{count:,} streams, {few} subscribed: for as many without the others"
    yield line.ratio("3 fan-out", measure, beside, without, _SUBSCRIBED_TIMES, f"({line.time(beside)})")
