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

SHARED = "shared.example"
"""A host that services may claim beside the one of their own."""

_SERVICES = {"a": "default", "b": "default", "c": "shop"}
_HTTP, _OTHER, _TCP = (
    ServicePort(80, "one", Protocol.HTTP),
    ServicePort(81, "two", Protocol.HTTP),
    ServicePort(80, "one", Protocol.TCP),
)
_PORTS = [(_HTTP,), (_HTTP, _OTHER), (_OTHER,), (_TCP,)]


def _names() -> dict[TypeUrl, list[str]]:
    hosts = [*(f"{name}.example" for name in _SERVICES), SHARED]
    clusters = [
        cluster_name(service(name, namespace=namespace).key, port, host)
        for name, namespace in _SERVICES.items()
        for port in (80, 81)
        for host in (f"{name}.example", SHARED)
    ]
    listeners = [port_listener_name(80), port_listener_name(81), *(api_listener_name(host, 80) for host in hosts)]
    listeners += [api_listener_name(host, 81) for host in hosts]
    return {CDS: [*clusters, NEVER], EDS: [*clusters, NEVER], LDS: [*listeners, NEVER], RDS: [*listeners, NEVER]}


NAMES = _names()
"""By type, what there can be, and `NEVER`."""


@st.composite
def _services(draw: st.DrawFn) -> ServiceEntry:
    name = draw(st.sampled_from(sorted(_SERVICES)))
    selects = draw(st.booleans())
    address = draw(st.sampled_from(["10.0.0.1", "10.0.0.2"]))
    return service(
        name,
        *draw(st.sampled_from(_PORTS)),
        namespace=_SERVICES[name],
        hosts=draw(st.sampled_from([(f"{name}.example",), (f"{name}.example", SHARED)])),
        resolution=draw(st.sampled_from([Resolution.STATIC, Resolution.STATIC, Resolution.DNS])),
        endpoints=() if selects else (Endpoint(address),),
        selector={"app": draw(st.sampled_from("ab"))} if selects else None,
        export_to=draw(st.sampled_from([("*",), ("*",), (".",), ("shop",)])),
        sans=draw(st.sampled_from([(), ("one",), ("two",)])),
    )


_WORKLOADS: st.SearchStrategy[WorkloadEntry] = st.builds(
    lambda name, address, app: workload(name, address, app=app),
    st.sampled_from("uv"),
    st.sampled_from(["10.0.1.1", "10.0.1.2"]),
    st.sampled_from("ab"),
)

OBJECTS: st.SearchStrategy[Object] = _services() | _WORKLOADS

FIRST: list[Object] = [
    service("a", _HTTP, _OTHER, selector={"app": "a"}),
    service("c", _OTHER, namespace="shop", endpoints=[Endpoint("10.0.0.1")]),
    workload("u", "10.0.1.1", app="a"),
    workload("v", "10.0.1.2", app="a"),
]
"""What is there at the beginning."""
