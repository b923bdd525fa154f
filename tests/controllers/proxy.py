"""A proxy that does as it is told: an ADS client, delta, that ACKs, NACKs or keeps silent."""

import asyncio
from collections.abc import Iterable, Mapping

import grpc

from protos.base_pb2 import Status
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from xds.types import CDS, EDS

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
_PATIENCE_SECONDS = 20.0


class FakeProxy:
    """One stream of a proxy.

    Args:
        port: where the control plane serves, on 127.0.0.1.
        credentials: of TLS; None: without.
        authority: the name that the server's certificate must be for.
        held: what its process holds from an earlier stream: version by name, by type.
    """

    def __init__(
        self,
        port: int,
        node: str,
        credentials: grpc.ChannelCredentials | None = None,
        authority: str = "",
        held: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        target = f"127.0.0.1:{port}"
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(target)
        else:
            options = [("grpc.ssl_target_name_override", authority)] if authority else []
            self._channel = grpc.aio.secure_channel(target, credentials, options=options)
        self._call = self._channel.stream_stream(
            _METHOD,
            request_serializer=DeltaDiscoveryRequest.SerializeToString,
            response_deserializer=DeltaDiscoveryResponse.FromString,
        )()
        self._node = node
        self._introduced = False
        self.held = {type_url: dict(versions) for type_url, versions in (held or {}).items()}

    async def ask(self, type_url: str, names: Iterable[str] = ()) -> None:
        """Subscribes to names, or to everything of the type."""
        held = self.held.get(type_url, {})
        request = DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, initial_resource_versions=held
        )
        if not self._introduced:
            request.node.id = self._node
            request.node.user_agent_name = "fake"
            request.node.user_agent_version = "1"
            self._introduced = True
        await self._call.write(request)

    async def take(self) -> DeltaDiscoveryResponse:
        """The next response.

        Raises:
            grpc.aio.AioRpcError: the stream was refused.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            response = await self._call.read()
            if not isinstance(response, DeltaDiscoveryResponse):
                raise await self._refusal()
            return response

    async def ack(self, response: DeltaDiscoveryResponse) -> None:
        await self._call.write(DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce))

    async def nack(self, response: DeltaDiscoveryResponse, text: str) -> None:
        error = Status(code=13, message=text)
        await self._call.write(
            DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce, error_detail=error)
        )

    async def sync(self) -> None:
        """Asks for all clusters and their endpoints, and ACKs them."""
        await self.ask(CDS)
        await self.accept()
        if self.held[CDS]:
            await self.ask(EDS, self.held[CDS])
            await self.accept()

    async def accept(self) -> None:
        """Takes the next response, and ACKs it."""
        response = await self.take()
        held = self.held.setdefault(response.type_url, {})
        held.update((resource.name, resource.version) for resource in response.resources)
        for name in response.removed_resources:
            held.pop(name, None)
        await self.ack(response)

    async def leave(self) -> None:
        """Ends the stream, and the connection."""
        self._call.cancel()
        await self._channel.close()

    async def _refusal(self) -> grpc.aio.AioRpcError:
        return grpc.aio.AioRpcError(
            await self._call.code(),
            await self._call.initial_metadata(),
            await self._call.trailing_metadata(),
            await self._call.details(),
        )
