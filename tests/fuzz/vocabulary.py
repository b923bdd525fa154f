"""What stories are about: a few objects, and the names, types and nodes that requests may speak of."""

from ledger.ids import ObjectKey
from tests.fuzz.choices import Choices
from xds.naming import REDIRECT_LISTENER, api_listener_name, cluster_name, port_listener_name
from xds.objects import (
    DRAINING_LABEL,
    SERVICE_ENTRY,
    WORKLOAD_ENTRY,
    AllDraining,
    Endpoint,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.protocol.name_limits import MAX_NAME_LENGTH
from xds.protocol.stream import Transport
from xds.types import CDS, EDS, LDS, RDS, TYPES

APPS = ("a", "b")
PORTS = (80, 81)
SERVICES = tuple(ObjectKey(SERVICE_ENTRY, "default", app) for app in APPS)
WORKLOADS = tuple(ObjectKey(WORKLOAD_ENTRY, "default", name) for name in "uvw")
KEYS = (*SERVICES, *WORKLOADS)

HEALTHY_SERVICE = ServiceEntry(
    "default",
    "healthy",
    ("healthy.example",),
    (ServicePort(82, "port", Protocol.HTTP),),
    resolution=Resolution.STATIC,
    selector={"app": "healthy"},
)
"""No scene changes it, nor instances of it: by these it is seen how the healthy proxy fares."""

CLUSTERS = tuple(cluster_name(key, port, f"{key.name}.example") for key in SERVICES for port in PORTS)
_ODD = ("*", "missing", "")
_PORT_NAMES = (*map(port_listener_name, PORTS), *(api_listener_name("a.example", port) for port in PORTS))
NAMES = {
    CDS: (*CLUSTERS, *_ODD),
    EDS: (*CLUSTERS, *_ODD),
    LDS: (*_PORT_NAMES, *_ODD, REDIRECT_LISTENER),
    RDS: (*_PORT_NAMES, *_ODD),
}
"""Names to ask for, by type: of what is there, of what may come to be, and of what never will."""

TOO_LONG = "n" * (MAX_NAME_LENGTH + 1)

NODES = ("one", "two", "witness", "sidecar~10.0.0.1~pod.shop~shop.svc")
"""Also the id of the healthy proxy, whose name anybody may use."""

CERTIFICATES: tuple[tuple[str, ...] | None, ...] = (None, None, None, NODES, ("two", "*.example"), ())
"""The names that a peer's certificate has, where it must show one."""

TRANSPORTS = tuple(Transport(delta, only) for delta in (False, True) for only in (None, None, None, *TYPES))


def service(key: ObjectKey, choices: Choices, number: int) -> ServiceEntry:
    """A service in some form. `number` is of this change."""
    return ServiceEntry(
        key.namespace,
        key.name,
        (f"{key.name}.example",),
        (ServicePort(choices.pick(PORTS), "port", choices.pick((Protocol.HTTP, Protocol.TCP, Protocol.TLS))),),
        resolution=choices.pick((Resolution.STATIC, Resolution.STATIC, Resolution.DNS, Resolution.NONE)),
        selector={"app": choices.pick(APPS)},
        export_to=choices.pick((("*",), ("*",), ("*",), (".",))),
        subject_alt_names=(f"san-{number}",) if choices.chance(64) else (),
        all_draining=choices.pick(tuple(AllDraining)),
    )


def workload(key: ObjectKey, choices: Choices, number: int) -> WorkloadEntry:
    """An instance in some form, at an address of its own."""
    labels = {"app": choices.pick(APPS)}
    if choices.chance(64):
        labels[DRAINING_LABEL] = "true"
    position = WORKLOADS.index(key)
    return WorkloadEntry(key.namespace, key.name, Endpoint(f"10.{position}.{number // 250}.{number % 250}", {}, labels))


def healthy_instance(address: str) -> WorkloadEntry:
    """The one instance of `HEALTHY_SERVICE`."""
    return WorkloadEntry("default", "healthy", Endpoint(address, labels={"app": "healthy"}))
