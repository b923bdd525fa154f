"""What the tests here share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.envoy.harness import Mesh
from tests.grpc_client.harness import GrpcClient
from xds.limits import Limits
from xds.timing import Timing

StartClient = Callable[[str], Awaitable[GrpcClient]]


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    mesh = Mesh(tmp_path, delta=False, timing=Timing(), limits=Limits())
    await mesh.load()
    await mesh.open()
    yield mesh
    await mesh.end()


@pytest.fixture
async def start_client(mesh: Mesh) -> AsyncIterator[StartClient]:
    """Starts further clients, by node id."""
    clients: list[GrpcClient] = []

    async def start(node: str) -> GrpcClient:
        clients.append(await GrpcClient.start(node, mesh.port))
        return clients[-1]

    yield start
    for client in clients:
        await client.kill()


@pytest.fixture
async def client(start_client: StartClient) -> GrpcClient:
    return await start_client("client-1")
