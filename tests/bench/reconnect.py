"""Reconnect: the control plane is restarted, and every proxy comes back with what it holds."""

from collections.abc import Callable, Iterator
from statistics import median

from ledger.ids import ResourceName, TypeUrl
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.bench import line
from tests.bench.child import Child, children
from tests.bench.fanout import CLIENTS, SERVER, asking, names
from tests.bench.line import Line
from tests.bench.mesh import instances, services, serving
from tests.bench.streams import MARK
from xds.objects import ConfigObject
from xds.types import CDS, EDS
from xds.view import View

_SHARE = 0.01
_TO_FLOOR = 1.5


def run(quick: bool) -> Iterator[Line]:
    """lastack and the floor, in turns, with the same requests."""
    proxies, size, rounds = (200, 1000, 1) if quick else (1000, 1000, 3)
    back, everything = returning(size), asking(names(size))
    section, about = "5 reconnect", f"{proxies:,} proxies, {size:,} services"
    ours, theirs, sent, full = [], [], 0.0, 0.0
    with children() as start:
        server = start("tests.bench.served", str(size), processor=SERVER)
        client = start("tests.bench.streams", processor=CLIENTS)
        told = client.ask("open", port=server.first["port"], count=proxies, requests=everything, expect=2)
        full = told["bytes"]
        sotw = start("tests.bench.streams", processor=CLIENTS)
        told = sotw.ask("open", port=server.first["port"], count=proxies, requests=_sotw(size), expect=2, sotw=True)
        in_sotw = told
    for _ in range(rounds):
        with children() as start:
            server = start("tests.bench.served", str(size), processor=SERVER)
            seconds, sent = _reconnect(start, server, proxies, back)
            ours.append(seconds)
            theirs.append(_floor(start, proxies, back, server.ask("written")["responses"]))
    share = sent / full
    shown = f"{share:.2%} ({line.mebibytes(sent)} of {line.mebibytes(full)})"
    numbers = {"share": share, "bytes": sent, "full": full}
    yield Line(section, f"{about}: bytes sent, of the full state", shown, f"<= {_SHARE:.0%}", share <= _SHARE, numbers)
    shown = f"({line.time(median(ours))}, floor {line.time(median(theirs))})"
    yield line.ratio(section, f"{about}: until all are settled", median(ours), median(theirs), _TO_FLOOR, shown)
    shown = f"{line.time(in_sotw['seconds'])}, {line.mebibytes(in_sotw['bytes'])}"
    yield Line(section, f"{about}: by SotW, which can't tell what it holds", shown, numbers=dict(in_sotw))


def _reconnect(start: Callable[..., Child], server: Child, count: int, requests: list[str]) -> tuple[float, float]:
    client = start("tests.bench.streams", processor=CLIENTS)
    told = client.ask("open", port=server.first["port"], count=count, requests=requests, expect=2)
    settled = server.ask("settled", count=count)
    return settled["at"] - told["began"], client.ask("received")["bytes"]


def _floor(start: Callable[..., Child], count: int, requests: list[str], responses: list[str]) -> float:
    """Reads as many requests and answers them, until all answers are ACKed."""
    server = start("tests.bench.floor", processor=SERVER)
    client = start("tests.bench.streams", processor=CLIENTS)
    server.ask("greet", responses=responses)
    server.ask("read", requests=2 * len(requests) * count)
    told = client.ask("open", port=server.first["port"], count=count, requests=requests, expect=len(responses))
    read = server.ask("all_read")
    return float(read["at"] - told["began"])


def returning(size: int) -> list[str]:
    """A proxy's first requests when it is back: what it asks for, and what it holds. Versions are equal everywhere."""
    objects: list[ConfigObject] = [*services(size), *instances(size)]
    snapshot, view = serving(objects).snapshot, View.of_node("node", {})
    snapshot.add_view(view)

    def held(type_url: TypeUrl) -> dict[str, str]:
        found = {name: snapshot.get(view, ResourceName(type_url, name)) for name in names(size)}
        return {name: resource.version for name, resource in found.items() if resource is not None}

    clusters = DeltaDiscoveryRequest(
        node=Node(id=f"proxy-{MARK.decode()}"), type_url=CDS, initial_resource_versions=held(CDS)
    )
    assignments = DeltaDiscoveryRequest(
        type_url=EDS, resource_names_subscribe=names(size), initial_resource_versions=held(EDS)
    )
    return [request.SerializeToString().hex() for request in (clusters, assignments)]


def _sotw(size: int) -> list[str]:
    clusters = DiscoveryRequest(node=Node(id=f"sotw-{MARK.decode()}"), type_url=CDS)
    assignments = DiscoveryRequest(type_url=EDS, resource_names=names(size))
    return [request.SerializeToString().hex() for request in (clusters, assignments)]
