"""The event loop: its longest step, while much is going on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import line
from tests.bench.child import Child, children
from tests.bench.fanout import CLIENTS, SERVER, asking, names
from tests.bench.index import SERVICES
from tests.bench.line import Line
from tests.bench.load import documents, write_files

_LONGEST_SECONDS = 50e-3
_STREAMS = 100
_OTHERS = 20
"""Services that the proxies have asked for meanwhile."""

_LARGE = 10_000


def run(quick: bool) -> Iterator[Line]:
    """A second source is loaded; an instance changes of a service with very many."""
    with children() as start, tempfile.TemporaryDirectory() as folder:
        write_files(documents(SERVICES, one=False, namespace="second"), Path(folder))
        server = start("tests.bench.served", str(_OTHERS), processor=SERVER)
        _proxies(start("tests.bench.streams", processor=CLIENTS), server, names(_OTHERS))
        server.ask("watch")
        seconds = server.ask("load", directory=folder)["seconds"]
        _proxies(start("tests.bench.streams", processor=CLIENTS), server, names(_OTHERS), "late", 2 * _STREAMS)
        server.ask("wait", seconds=60.0)
        measure = f"a second source of {SERVICES:,} services, in {line.time(seconds)}, {_STREAMS} proxies; as many more"
        yield line.at_most("7 event loop", measure, server.ask("longest")["seconds"], _LONGEST_SECONDS)
    with children() as start:
        server = start("tests.bench.served", "1", str(_LARGE), processor=SERVER)
        _proxies(start("tests.bench.streams", processor=CLIENTS), server, names(1))
        server.ask("watch")
        for _ in range(5 if quick else 20):
            server.ask("push", changes=1)
        measure = f"one of {_LARGE:,} endpoints changes, {_STREAMS} proxies"
        yield line.at_most("7 event loop", measure, server.ask("longest")["seconds"], _LONGEST_SECONDS)


def _proxies(proxies: Child, server: Child, asked: list[str], node: str = "proxy", settled: int = _STREAMS) -> None:
    requests = asking(asked, node)
    proxies.ask("open", port=server.first["port"], count=_STREAMS, requests=requests, expect=2)
    server.ask("settled", count=settled)
