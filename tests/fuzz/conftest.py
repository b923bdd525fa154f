"""A server on a socket, of the kind that the conformance tests use."""

from collections.abc import AsyncIterator

import pytest

from tests.conformance.sockets import SocketBench


@pytest.fixture
async def sockets() -> AsyncIterator[SocketBench]:
    bench = SocketBench()
    await bench.begin()
    yield bench
    await bench.end()
