"""What the subscriptions of all streams work on."""

from dataclasses import dataclass, field

from ledger.deliveries import Deliveries
from ledger.ids import NEVER, ResourceName, Revision, TypeUrl
from xds.protocol.delta_request import DeltaRequests
from xds.protocol.traffic import Traffic
from xds.resource import Resource
from xds.snapshot import Snapshot


@dataclass(slots=True)
class World:
    """The same objects for all streams.

    catalogue: clusters and listeners that an earlier process may have sent. delta_requests: reads them.
    last_encoded: of each type the delta response that was made last, but for its nonce: root, resources, names that are
        gone, and the bytes.
    """

    snapshot: Snapshot
    deliveries: Deliveries
    identifier: str
    revision: Revision = NEVER
    root: str = ""
    catalogue: frozenset[ResourceName] = frozenset()
    traffic: Traffic = field(default_factory=Traffic)
    delta_requests: DeltaRequests = field(default_factory=DeltaRequests)
    last_encoded: dict[TypeUrl, tuple[str, list[Resource], list[str], bytes]] = field(default_factory=dict)
