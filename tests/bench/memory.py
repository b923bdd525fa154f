"""Memory: of an idle stream, beside the floor's; and after much has come and gone."""

from collections.abc import Iterator
from statistics import median

from tests.bench import line
from tests.bench.child import Child, children
from tests.bench.fanout import CLIENTS, SERVER, asking, names
from tests.bench.line import Line
from tests.bench.reconnect import returning

_SUBSCRIPTIONS = 100
_TO_FLOOR = 1.3
_GROWTH = 1.05
"""Times as much after the last third of the churn as after the first: an allocator never gives all of it back."""


def run(quick: bool) -> Iterator[Line]:
    """Two servers with as many streams; and one whose instances change and whose proxies reconnect."""
    yield _idle(300 if quick else 2000)
    yield _churn(12 if quick else 300)


def _idle(count: int) -> Line:
    with children() as start:
        lastack = start("tests.bench.served", str(_SUBSCRIPTIONS), processor=SERVER)
        floor = start("tests.bench.floor", processor=SERVER)
        first = start("tests.bench.streams", processor=CLIENTS)
        _open(first, lastack, 1)  # what the first stream needs, once
        lastack.ask("settled", count=1)
        floor.ask("greet", responses=lastack.ask("written")["responses"])
        _open(first, floor, 1)
        sizes = []
        for server in (lastack, floor):
            before = server.memory()
            _open(start("tests.bench.streams", processor=CLIENTS), server, count)
            if server is lastack:
                server.ask("settled", count=1 + count)
            sizes.append((server.memory() - before) / count)
    ours, theirs = sizes
    shown = f"({line.kibibytes(ours)}, floor {line.kibibytes(theirs)})"
    measure = f"an idle stream with {_SUBSCRIPTIONS} subscriptions, of {count:,}"
    return line.ratio("4 memory", measure, ours, theirs, _TO_FLOOR, shown)


def _open(proxies: Child, server: Child, count: int) -> None:
    requests = asking(names(_SUBSCRIPTIONS), proxies.name)
    proxies.ask("open", port=server.first["port"], count=count, requests=requests, expect=2)


def _churn(rounds: int) -> Line:
    """Each round: a hundred changes one after another, and a hundred proxies that reconnect."""
    with children() as start:
        server = start("tests.bench.served", str(_SUBSCRIPTIONS), processor=SERVER)
        proxies, port = start("tests.bench.streams", processor=CLIENTS), server.first["port"]
        proxies.ask("open", port=port, count=100, requests=asking(names(_SUBSCRIPTIONS)), expect=2)
        sizes, back = [], returning(_SUBSCRIPTIONS)
        for _ in range(rounds):
            server.ask("settled", count=100)
            for _ in range(100):
                server.ask("push", changes=1)
            sizes.append(server.memory())
            proxies.ask("again", port=port, count=100, requests=back, expect=0)
    third = rounds // 3
    first, last = median(sizes[third : 2 * third]), median(sizes[2 * third :])
    shown = f"({line.mebibytes(first)}, {line.mebibytes(last)})"
    measure = f"{100 * rounds:,} changes and as many reconnects: last third, for the second"
    return line.ratio("4 memory", measure, last, first, _GROWTH, shown)
