"""The other end of one stream, as tests see it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.ids import TypeUrl
from protos.base_pb2 import Node
from tests.conformance.speech import Delta, Request, Response, Sotw, Speech
from xds.protocol.stream import Stream, Transport


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stream ended. `status`: a gRPC status code by name, `OK` where nothing was wrong."""

    status: str
    message: str


class Client(ABC):
    """Speaks for a proxy on one stream.

    It asks for nothing by itself and answers nothing by itself. What every response must be, whatever it answers, is
    checked as it is read.

    node: presented with the first request, and then no more (rule 2). stream: the plane's side of it, for what can't be
    seen from outside.
    """

    def __init__(self, stream: Stream, transport: Transport, node: str) -> None:
        self.stream = stream
        self.transport = transport
        self.node = Node(id=node)
        self.speech: Speech = Delta() if transport.delta else Sotw()
        self._introduced = False
        self._nonces: set[str] = set()

    # What it says

    async def ask(
        self, type_url: TypeUrl, *names: str, version: str = "", held: Mapping[str, str] | None = None
    ) -> None:
        """Asks for exactly these names of the type from now on; for `version` and `held` see `Speech.ask`."""
        await self.send(self.speech.ask(type_url, names, version=version, held=held))

    async def ack(self, response: Response) -> None:
        """Accepts the response."""
        await self.send(self.speech.ack(response))

    async def nack(self, response: Response, text: str = "no") -> None:
        """Rejects the response."""
        await self.send(self.speech.nack(response, text))

    async def send(self, request: Request) -> None:
        """Sends a request as it is, but for two things: the stream's first one names the node, and a per-type stream
        leaves the type to be implied."""
        if not self._introduced and not request.HasField("node"):
            request.node.CopyFrom(self.node)
        if request.type_url == self.transport.only:
            request.type_url = ""
        await self.send_bytes(request.SerializeToString())

    async def send_bytes(self, data: bytes) -> None:
        """Sends anything. Returns when the server has taken it in, and has written what it has to say to it."""
        self._introduced = True
        await self._write(data)

    # What it hears

    async def expect(self, type_url: TypeUrl | None = None) -> Response:
        """The next response; it must be of that type.

        Raises:
            AssertionError: there is none, or it breaks a rule that binds every response.
        """
        assert self.has_more, f"a response was to come; the stream is {'silent' if self.is_open else 'over'}"
        response = self.speech.read(await self._read())
        assert type_url in (None, response.type_url), f"{response.type_url} comes, and not {type_url}"
        self._check(response)
        return response

    async def accept(self, type_url: TypeUrl | None = None) -> Response:
        """The next response, which is ACKed."""
        response = await self.expect(type_url)
        await self.ack(response)
        return response

    async def accept_all(self, *, but: TypeUrl | None = None) -> list[Response]:
        """Every response that comes, each ACKed (but those of one type), until no more does."""
        heard = []
        while self.has_more:
            response = await self.expect()
            heard.append(response)
            if response.type_url != but:
                await self.ack(response)
        return heard

    async def silent(self) -> None:
        """Nothing more was sent to it, and nothing will be until something else happens.

        Raises:
            AssertionError: there is a response, or the stream has ended.
        """
        assert self.is_open, "the stream has ended"
        if self.has_more:
            response = self.speech.read(await self._read())
            raise AssertionError(f"nothing was to be sent, and this was: {response.message}")

    @property
    @abstractmethod
    def has_more(self) -> bool:
        """Whether there is a response that is not read yet. If not, none will come until something else happens."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether the server has not ended the stream, nor noticed its end."""

    @abstractmethod
    async def ended(self) -> Ending:
        """The stream was ended, with nothing unread before.

        Raises:
            AssertionError: it was not.
        """

    # Its end

    @abstractmethod
    async def finish(self) -> None:
        """Says that no more requests will come; the stream's end is for the server to give."""

    @abstractmethod
    async def close(self) -> None:
        """The stream is lost, as with the connection. Returns when the server has noticed."""

    # For the two ways in

    @abstractmethod
    async def _write(self, data: bytes) -> None: ...

    @abstractmethod
    async def _read(self) -> bytes: ...

    def _check(self, response: Response) -> None:
        message, asked = response.message, self.speech.said.keys()
        assert response.type_url in asked, f"rule 10: {response.type_url} was not asked for"
        held = len(message.resources)
        assert held == len(response.resources), "rule 11: a name twice"
        assert not response.resources.keys() & set(response.removed), "rule 11: a name both sent and removed"
        assert len(set(response.removed)) == len(response.removed), "rule 11: a name removed twice"
        assert response.nonce, "rule 3: no nonce"
        assert response.nonce not in self._nonces, "rule 3: a nonce twice"
        self._nonces.add(response.nonce)
        assert response.version, "rules 3 and 12: no version"
        assert message.control_plane.identifier, "rule 12: no control plane"
