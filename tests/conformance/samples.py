"""Objects to apply, and the resources that they become."""

from dataclasses import dataclass

import pytest

from ledger.ids import TypeUrl
from xds.naming import api_listener_name, cluster_name, port_listener_name
from xds.objects import (
    DRAINING_LABEL,
    Endpoint,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.types import CDS, EDS, LDS, RDS, TYPES, short_name

MISSING = "missing"
"""The name of no resource."""

_FIRST_PORT = 8000


@dataclass(frozen=True, slots=True)
class Sample:
    """A service of its own, made to change one resource of one type and nothing else."""

    type_url: TypeUrl
    letter: str

    @property
    def port(self) -> int:
        return _FIRST_PORT + ord(self.letter) - ord("a")

    @property
    def name(self) -> str:
        """The name of the resource."""
        if self.type_url in (LDS, RDS):
            return port_listener_name(self.port)
        return cluster_of(self.form(0))

    def form(self, number: int = 0) -> ServiceEntry:
        """The service in one of 250 forms, in which the resource, and it alone, differs."""
        return ServiceEntry(
            "default",
            self.letter,
            (f"{self.letter}.example",),
            (ServicePort(self.port, "port", Protocol.TCP if self.type_url == LDS else Protocol.HTTP),),
            addresses=(f"10.1.0.{1 + number}",) if self.type_url in (LDS, RDS) else (),
            location=Location.MESH_INTERNAL,
            resolution=Resolution.STATIC,
            endpoints=(Endpoint(f"10.0.0.{1 + number}" if self.type_url == EDS else "10.0.0.1"),),
            subject_alt_names=(f"form-{number}",) if self.type_url == CDS else (),
        )


def service(name: str = "web", port: int = 80, *, san: str = "", protocol: Protocol = Protocol.HTTP) -> ServiceEntry:
    """A service `<name>.example` that selects the workloads labelled with its name.

    Args:
        san: the cluster differs by it, and nothing else does.
    """
    return ServiceEntry(
        "default",
        name,
        (f"{name}.example",),
        (ServicePort(port, "port", protocol),),
        location=Location.MESH_INTERNAL,
        resolution=Resolution.STATIC,
        selector={"app": name},
        subject_alt_names=(san,) if san else (),
    )


def workload(name: str, app: str = "web", address: str = "10.0.0.1", *, draining: bool = False) -> WorkloadEntry:
    """An instance of the service `app`."""
    labels = {"app": app, **({DRAINING_LABEL: "true"} if draining else {})}
    return WorkloadEntry("default", name, Endpoint(address, labels=labels))


def cluster_of(entry: ServiceEntry) -> str:
    """The name of the service's cluster and load assignment."""
    return cluster_name(entry.key, entry.ports[0].number, entry.hosts[0])


def port_of(entry: ServiceEntry) -> str:
    """The name of the listener and RouteConfiguration of the service's port."""
    return port_listener_name(entry.ports[0].number)


def api_of(entry: ServiceEntry) -> str:
    """The name of the listener and RouteConfiguration of a gRPC client of the service."""
    return api_listener_name(entry.hosts[0], entry.ports[0].number)


every_type = pytest.mark.parametrize("type_url", TYPES, ids=short_name)
by_name = pytest.mark.parametrize("type_url", [EDS, RDS], ids=short_name)
with_wildcard = pytest.mark.parametrize("type_url", [CDS, LDS], ids=short_name)
