"""A stream that is refused on its first request of a type has shown nothing, and succeeds nobody (rules 27 and 28)."""

import pytest

from ledger.ids import Generation
from ledger.processes import RECONNECT_SECONDS
from ledger.receipts import Outcome, Query
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse
from xds.naming import cluster_name
from xds.objects import Applied, Deleted, Endpoint, Protocol, Resolution, ServiceEntry, ServicePort, WorkloadEntry
from xds.plane import Plane
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer
from xds.protocol.name_limits import MAX_NAME_LENGTH
from xds.protocol.stream import Stream, Transport
from xds.protocol.subscription import Subscription
from xds.types import EDS

WEB = ServiceEntry(
    "default",
    "web",
    ("web.example",),
    (ServicePort(80, "http", Protocol.HTTP),),
    resolution=Resolution.STATIC,
    selector={"app": "web"},
)
INSTANCE = WorkloadEntry("default", "w", Endpoint("10.0.0.1", labels={"app": "web"}))
NAME = cluster_name(WEB.key, 80, "web.example")


def first_request(delta: bool, *names: str) -> bytes:
    node = Node(id="proxy")
    if delta:
        return DeltaDiscoveryRequest(node=node, type_url=EDS, resource_names_subscribe=names).SerializeToString()
    return DiscoveryRequest(node=node, type_url=EDS, resource_names=names).SerializeToString()


def ack(plane: Plane, stream: Stream, delta: bool) -> None:
    data = plane.next_response(stream, 0.0)
    assert data is not None
    if delta:
        nonce = DeltaDiscoveryResponse.FromString(data).nonce
        plane.receive(stream, DeltaDiscoveryRequest(type_url=EDS, response_nonce=nonce).SerializeToString(), 0.0)
    else:
        sent = DiscoveryResponse.FromString(data)
        answer = DiscoveryRequest(
            type_url=EDS, response_nonce=sent.nonce, version_info=sent.version_info, resource_names=[NAME]
        )
        plane.receive(stream, answer.SerializeToString(), 0.0)


def with_absent_proxy(delta: bool) -> tuple[Plane, Query]:
    """A proxy that held an instance is absent, and the instance is removed."""
    plane = Plane()
    plane.apply([Applied(WEB, Generation(1), b"1"), Applied(INSTANCE, Generation(1), b"1")], 0.0)
    plane.start(0.0, roster_known=True)
    stream = plane.open_stream(Transport(delta, EDS), Peer("test"), 0.0)
    plane.receive(stream, first_request(delta, NAME), 0.0)
    ack(plane, stream, delta)
    plane.end_stream(stream, 0.0)
    plane.apply([Deleted(INSTANCE.key)], 0.0)
    return plane, Query(INSTANCE.key, deleted=True)


def is_waited_for(plane: Plane, removed: Query) -> bool:
    receipt = plane.receipt(removed, 0.0)
    return receipt.outcome is Outcome.PENDING and {s.proxy for s in receipt.stragglers} == {"proxy"}


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_what_an_absent_proxy_holds_is_waited_for_though_its_next_stream_is_refused(delta: bool) -> None:
    plane, removed = with_absent_proxy(delta)
    assert is_waited_for(plane, removed)
    refused = plane.open_stream(Transport(delta, EDS), Peer("test"), 0.0)
    with pytest.raises(StreamError):
        plane.receive(refused, first_request(delta, NAME, "x" * (MAX_NAME_LENGTH + 1)), 0.0)
    plane.end_stream(refused, 0.0)
    assert is_waited_for(plane, removed)


@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
def test_what_an_absent_proxy_holds_is_waited_for_though_its_next_stream_meets_a_bug(
    delta: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    plane, removed = with_absent_proxy(delta)
    with monkeypatch.context() as broken:
        broken.setattr(Subscription, "_owe", fail)
        stream = plane.open_stream(Transport(delta, EDS), Peer("test"), 0.0)
        with pytest.raises(RuntimeError):
            plane.receive(stream, first_request(delta, NAME), 0.0)
        plane.end_stream(stream, 0.0)
    assert is_waited_for(plane, removed)
    back = plane.open_stream(Transport(delta, EDS), Peer("test"), 0.0)
    plane.receive(back, first_request(delta, NAME), 0.0)
    ack(plane, back, delta)
    plane.tick(RECONNECT_SECONDS)  # it claims nothing: by now an earlier process would be back too
    assert plane.receipt(removed, 0.0).outcome is Outcome.CONFIRMED
