"""The core, called directly: what the gRPC server does, without sockets, tasks or a clock."""

from collections import deque

from ledger.ids import StreamId, TypeUrl
from tests.conformance.bench import NODE, Bench
from tests.conformance.client import Client, Ending
from tests.conformance.transports import Kind
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport


class CoreBench(Bench):
    """Calls the plane as its contract says: after every call, `take_woken` names the streams to be written to."""

    def __init__(self) -> None:
        super().__init__()
        self._clients: dict[StreamId, CoreClient] = {}

    async def open(
        self, kind: Kind, type_url: TypeUrl, node: str = NODE, *, certificate: tuple[str, ...] | None = None
    ) -> Client:
        transport = kind.transport(type_url)
        stream = self.plane.open_stream(transport, Peer("core", certificate), self.now)
        client = self._clients[stream.id] = CoreClient(self, stream, transport, node)
        self.pump()
        return client

    def receive(self, client: "CoreClient", data: bytes) -> None:
        """A request has come."""
        try:
            self.plane.receive(client.stream, data, self.now)
        except StreamError as error:
            self.close(client, error)
        self.pump()

    def close(self, client: "CoreClient", error: StreamError | None) -> None:
        """The stream ends, by the server's will if there is an error."""
        if client.ending is None:
            client.ending = Ending(error.status.value, error.message) if error is not None else Ending("OK", "")
            del self._clients[client.stream.id]
            self.plane.end_stream(client.stream, self.now)
            self.pump()

    def pump(self) -> None:
        """Writes what there is to write to the streams that the plane names."""
        while woken := self.plane.take_woken():
            for stream in sorted(woken):
                client = self._clients[stream]
                while (response := self.plane.next_response(client.stream, self.now)) is not None:
                    client.inbox.append(response)

    async def _serve(self) -> None:
        """There is nothing to open."""

    async def _stop_serving(self) -> None:
        for client in list(self._clients.values()):
            self.close(client, None)

    async def _tick(self) -> None:
        for stream, error in self.plane.tick(self.now):
            self.close(self._clients[stream.id], error)

    async def _settle(self) -> None:
        self.pump()


class CoreClient(Client):
    """`inbox`: what was written to it and not read yet. `ending`: how its stream ended, once it has."""

    def __init__(self, bench: CoreBench, stream: Stream, transport: Transport, node: str) -> None:
        super().__init__(stream, transport, node)
        self._bench = bench
        self.inbox: deque[bytes] = deque()
        self.ending: Ending | None = None

    @property
    def has_more(self) -> bool:
        return bool(self.inbox)

    @property
    def is_open(self) -> bool:
        return self.ending is None

    async def ended(self) -> Ending:
        assert not self.has_more, "there are responses before the end"
        assert self.ending is not None, "the stream has not ended"
        return self.ending

    async def finish(self) -> None:
        self._bench.close(self, None)

    async def close(self) -> None:
        self._bench.close(self, None)

    async def _write(self, data: bytes) -> None:
        assert self.ending is None, f"the stream has ended: {self.ending}"
        self._bench.receive(self, data)

    async def _read(self) -> bytes:
        return self.inbox.popleft()
