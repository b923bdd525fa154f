"""The content hash of an object: what replicas compare to know that they hold the same."""

import json
from hashlib import blake2b

from xds.objects import (
    AllDraining,
    ConfigObject,
    Endpoint,
    Location,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)

CONTENT_BYTES = 16

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def content_hash(object: ConfigObject) -> bytes:
    """A hash (`CONTENT_BYTES` long) of the object, with its key; equal for equal objects, on every replica.

    Fields at their default are left out of what is hashed. So a later lastack that reads one more field computes the
    same hash for objects without it, and agrees with an older replica during an upgrade.
    """
    form = _workload(object) if isinstance(object, WorkloadEntry) else _service(object)
    return blake2b(_encode((*object.key, form)).encode(), digest_size=CONTENT_BYTES).digest()


def _workload(workload: WorkloadEntry) -> dict[str, object]:
    form = _endpoint(workload.endpoint)
    if workload.created:
        form["created"] = workload.created
    return form


def _endpoint(endpoint: Endpoint) -> dict[str, object]:
    form: dict[str, object] = {"address": endpoint.address}
    if endpoint.ports:
        form["ports"] = endpoint.ports
    if endpoint.labels:
        form["labels"] = endpoint.labels
    if endpoint.locality:
        form["locality"] = endpoint.locality
    if endpoint.network:
        form["network"] = endpoint.network
    if endpoint.weight != 1:
        form["weight"] = endpoint.weight
    if endpoint.service_account:
        form["service_account"] = endpoint.service_account
    return form


def _service(service: ServiceEntry) -> dict[str, object]:
    form: dict[str, object] = {"hosts": service.hosts, "ports": [_port(port) for port in service.ports]}
    if service.addresses:
        form["addresses"] = service.addresses
    if service.location is not Location.MESH_EXTERNAL:
        form["location"] = service.location
    if service.resolution is not Resolution.NONE:
        form["resolution"] = service.resolution
    if service.endpoints:
        form["endpoints"] = [_endpoint(endpoint) for endpoint in service.endpoints]
    if service.selector is not None:
        form["selector"] = service.selector
    if service.export_to != ("*",):
        form["export_to"] = service.export_to
    if service.subject_alt_names:
        form["subject_alt_names"] = service.subject_alt_names
    if service.all_draining is not AllDraining.SERVE:
        form["all_draining"] = service.all_draining
    if service.created:
        form["created"] = service.created
    return form


def _port(port: ServicePort) -> dict[str, object]:
    form: dict[str, object] = {"number": port.number, "name": port.name, "protocol": port.protocol}
    if port.target_port is not None:
        form["target_port"] = port.target_port
    return form
