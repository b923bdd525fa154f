"""A control plane that notes what it sends."""

from dataclasses import dataclass

from ledger.ids import ProxyId, TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryResponse, DiscoveryResponse
from xds.plane import Plane
from xds.protocol.stream import Stream
from xds.timing import Timing


@dataclass(frozen=True, slots=True)
class Sent:
    """One response. `resources`: how many it held; `removed`: the names it said are gone (delta)."""

    proxy: ProxyId
    type_url: TypeUrl
    resources: int
    removed: tuple[str, ...]


class RecordingPlane(Plane):
    """`sent` holds every response, in order."""

    def __init__(self, timing: Timing) -> None:
        super().__init__(timing=timing)
        self.sent: list[Sent] = []

    def next_response(self, stream: Stream, now: float) -> bytes | None:
        data = super().next_response(stream, now)
        if data is not None and stream.proxy is not None:
            self.sent.append(_decode(stream.proxy.id, data, stream.transport.delta))
        return data

    def answered(self, proxy: str) -> set[TypeUrl]:
        """The types of which the proxy has been sent a response."""
        return {sent.type_url for sent in self.sent if sent.proxy == proxy}


def _decode(proxy: ProxyId, data: bytes, delta: bool) -> Sent:
    if delta:
        incremental = DeltaDiscoveryResponse.FromString(data)
        removed = tuple(incremental.removed_resources)
        return Sent(proxy, TypeUrl(incremental.type_url), len(incremental.resources), removed)
    full = DiscoveryResponse.FromString(data)
    return Sent(proxy, TypeUrl(full.type_url), len(full.resources), ())
