"""The streams between the proxies and the replica that serves. Nothing on them arrives before a script says so."""

from ledger.ids import StreamId
from tests.simulation.connection import Connection
from tests.simulation.envoy import ModelEnvoy
from xds.plane import Plane
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import TYPES


class Broken(AssertionError):
    """The control plane ended the stream of a proxy that did nothing wrong, or sends without end."""


class Network:
    """Who is connected on which stream. Streams that only the proxy knows to have ended are `unnoticed`."""

    def __init__(self) -> None:
        self.streams: dict[ModelEnvoy, Stream] = {}
        self.unnoticed: dict[ModelEnvoy, list[Stream]] = {}
        self.lost_at: dict[ModelEnvoy, float] = {}
        """When each proxy that has no stream could have opened one first."""
        self._dropped_at: dict[StreamId, float] = {}
        self._connections: dict[StreamId, Connection] = {}

    def connected(self) -> list[ModelEnvoy]:
        return list(self.streams)

    def is_heard(self, proxy: ModelEnvoy) -> bool:
        """Whether the control plane knows by an open stream that the proxy is there."""
        stream = self.streams.get(proxy)
        return stream is not None and stream.record is not None

    def connect(self, proxy: ModelEnvoy, plane: Plane, now: float) -> None:
        proxy.connect()
        self.lost_at.pop(proxy, None)
        assert proxy.connection is not None
        stream = self.streams[proxy] = plane.open_stream(Transport(proxy.delta), Peer("simulated"), now)
        self._connections[stream.id] = proxy.connection

    def hear(self, proxy: ModelEnvoy, plane: Plane, now: float) -> None:
        """The control plane reads one request."""
        assert proxy.connection is not None
        try:
            plane.receive(self.streams[proxy], proxy.connection.requests.pop(0), now)
        except StreamError as error:
            raise Broken(f"the stream of {proxy.name} was ended: {error}") from error

    def write(self, plane: Plane, now: float) -> None:
        """The control plane writes what it has to send; into streams that have ended unnoticed, too."""
        for stream_id in sorted(plane.take_woken()):
            connection = self._connections[stream_id]
            while (response := plane.next_response(plane.streams[stream_id], now)) is not None:
                connection.responses.append(response)
                if len(connection.responses) > len(TYPES):
                    raise Broken("more than one response of a type is sent without an answer (rule 8)")

    def cut(self, proxy: ModelEnvoy, plane: Plane, now: float) -> None:
        """The proxy's stream ends, with all that is under way."""
        self.drop(proxy, now)
        self.notice(proxy, plane, now)

    def drop(self, proxy: ModelEnvoy, now: float) -> None:
        """It ends, and the control plane doesn't know."""
        stream = self.streams.pop(proxy)
        self.unnoticed.setdefault(proxy, []).append(stream)
        self._dropped_at[stream.id] = self.lost_at[proxy] = now
        proxy.disconnect()

    def notice(self, proxy: ModelEnvoy, plane: Plane, now: float) -> None:
        """The control plane gets to know that streams of the proxy have ended."""
        for stream in self.unnoticed.pop(proxy, ()):
            del self._connections[stream.id], self._dropped_at[stream.id]
            plane.end_stream(stream, now)

    def unnoticed_for(self, seconds: float, now: float) -> list[ModelEnvoy]:
        """Whose streams have ended so long ago, and the control plane doesn't know."""
        return [
            proxy
            for proxy, streams in self.unnoticed.items()
            if any(now - self._dropped_at[stream.id] >= seconds for stream in streams)
        ]

    def end_all(self, plane: Plane, now: float) -> None:
        """Every stream ends: the control plane does."""
        for proxy in self.connected():
            self.drop(proxy, now)
        for proxy in list(self.unnoticed):
            self.notice(proxy, plane, now)
