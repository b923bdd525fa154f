"""The source of objects: every change that was ever made to them, in order; replicas follow at their own pace."""

from dataclasses import dataclass

from ledger.ids import Generation, ObjectKey
from xds.objects import (
    DRAINING_LABEL,
    Applied,
    ConfigObject,
    Deleted,
    Endpoint,
    Event,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.parsing.content import content_hash

NAMESPACE = "default"


@dataclass(frozen=True)
class Change:
    """What became of an object. `object` is None where it was deleted."""

    key: ObjectKey
    object: ConfigObject | None
    generation: Generation

    @property
    def event(self) -> Event:
        if self.object is None:
            return Deleted(self.key)
        return Applied(self.object, self.generation, content_hash(self.object))


class Source:
    """The changes, and for each object its newest and where in the order that is."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.newest: dict[ObjectKey, Change] = {}
        self.place: dict[ObjectKey, int] = {}

    def put(self, obj: ConfigObject) -> None:
        self._add(Change(obj.key, obj, self._next_generation(obj.key)))

    def delete(self, key: ObjectKey) -> None:
        self._add(Change(key, None, self._next_generation(key)))

    def get(self, key: ObjectKey) -> ConfigObject | None:
        """The object as it is by now; None if it is not there."""
        change = self.newest.get(key)
        return change.object if change is not None else None

    def _next_generation(self, key: ObjectKey) -> Generation:
        old = self.newest.get(key)
        return Generation(old.generation + 1 if old is not None else 1)

    def _add(self, change: Change) -> None:
        self.changes.append(change)
        self.newest[change.key] = change
        self.place[change.key] = len(self.changes)


def key_of(name: str) -> ObjectKey:
    """Workloads are named w1, w2, and so on; everything else is a service."""
    kind = "WorkloadEntry" if name.startswith("w") else "ServiceEntry"
    return ObjectKey(kind, NAMESPACE, name)


def workload(name: str, *words: str) -> WorkloadEntry:
    """`w1 app=a 10.0.0.1 [draining] [network=N]` as an object."""
    labels, address, network = {}, "", ""
    for word in words:
        if word == "draining":
            labels[DRAINING_LABEL] = "true"
        elif word.startswith("network="):
            network = word.removeprefix("network=")
        elif "=" in word:
            label, _, value = word.partition("=")
            labels[label] = value
        else:
            address = word
    if not address:
        raise ValueError(f"workload {name} has no address")
    return WorkloadEntry(NAMESPACE, name, Endpoint(address, labels=labels, network=network))


def service(name: str, *words: str) -> ServiceEntry:
    """`a app=a 80 [dns] [san=S]` as an object: a service of host `a.example`, on port 80, of workloads labelled so."""
    selector: dict[str, str] = {}
    sans: tuple[str, ...] = ()
    port, resolution = 80, Resolution.STATIC
    for word in words:
        if word == "dns":
            resolution = Resolution.DNS
        elif word.startswith("san="):
            sans = (word.removeprefix("san="),)
        elif word.isdigit():
            port = int(word)
        else:
            label, _, value = word.partition("=")
            selector[label] = value
    return ServiceEntry(
        NAMESPACE,
        name,
        (f"{name}.example",),
        (ServicePort(port, "http", Protocol.HTTP),),
        location=Location.MESH_INTERNAL,
        resolution=resolution,
        selector=selector,
        subject_alt_names=sans,
    )


def words_of(obj: ConfigObject) -> list[str]:
    """What `workload` or `service` makes the object of, without `draining`, `network=` and `san=`."""
    if isinstance(obj, WorkloadEntry):
        labels = obj.endpoint.labels.items()
        return [*(f"{name}={value}" for name, value in labels if name != DRAINING_LABEL), obj.endpoint.address]
    dns = ["dns"] if obj.resolution is Resolution.DNS else []
    selector = (obj.selector or {}).items()
    return [*(f"{name}={value}" for name, value in selector), str(obj.ports[0].number), *dns]
