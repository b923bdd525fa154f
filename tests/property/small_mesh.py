"""A small mesh: few objects, of which each is in many resources, and every name by which these can be asked for."""

from hypothesis import strategies as st

from ledger.ids import TypeUrl
from tests.xds.mesh import Object, service, workload
from xds.naming import api_listener_name, cluster_name, port_listener_name
from xds.objects import Endpoint, Protocol, Resolution, ServiceEntry, ServicePort, WorkloadEntry
from xds.types import CDS, EDS, LDS, RDS
from xds.view import View

VIEWS = {"default": View(), "shop": View("shop")}
"""By namespace."""

NEVER = "never"
"""The name of no resource, ever."""

_SERVICES = {"a": "default", "c": "shop"}
_PORTS = (80, 81)
_HTTP, _OTHER = ServicePort(80, "one", Protocol.HTTP), ServicePort(81, "two", Protocol.HTTP)
_TCP = ServicePort(80, "one", Protocol.TCP)


def _names() -> dict[TypeUrl, list[str]]:
    clusters, listeners = [NEVER], [NEVER, *map(port_listener_name, _PORTS)]
    for name, namespace in _SERVICES.items():
        one = service(name, namespace=namespace)
        clusters += [cluster_name(one.key, port, one.hosts[0]) for port in _PORTS]
        listeners += [api_listener_name(one.hosts[0], port) for port in _PORTS]
    return {CDS: clusters, EDS: clusters, LDS: listeners, RDS: listeners}


NAMES = _names()
"""By type, what there can be, and `NEVER`."""


@st.composite
def _services(draw: st.DrawFn) -> ServiceEntry:
    name = draw(st.sampled_from(sorted(_SERVICES)))
    selector = draw(st.sampled_from([None, {"app": "a"}, {"app": "b"}]))
    address = draw(st.sampled_from(["10.0.0.1", "10.0.0.2"]))
    return service(
        name,
        *draw(st.sampled_from([(_HTTP,), (_HTTP, _OTHER), (_OTHER,), (_TCP,)])),
        namespace=_SERVICES[name],
        resolution=draw(st.sampled_from([Resolution.STATIC, Resolution.STATIC, Resolution.DNS])),
        endpoints=() if selector is not None else (Endpoint(address),),
        selector=selector,
        export_to=draw(st.sampled_from([("*",), ("*",), (".",), ("shop",)])),
        sans=draw(st.sampled_from([(), ("one",), ("two",)])),
    )


@st.composite
def _workloads(draw: st.DrawFn) -> WorkloadEntry:
    address = draw(st.sampled_from(["10.0.1.1", "10.0.1.2"]))
    return workload(draw(st.sampled_from("uv")), address, app=draw(st.sampled_from("ab")))


OBJECTS: st.SearchStrategy[Object] = _services() | _workloads()

FIRST: list[Object] = [
    service("a", _HTTP, _OTHER, selector={"app": "a"}),
    service("c", _OTHER, namespace="shop", endpoints=[Endpoint("10.0.0.1")]),
    workload("u", "10.0.1.1", app="a"),
    workload("v", "10.0.1.2", app="a"),
]
"""What is there at the beginning."""
