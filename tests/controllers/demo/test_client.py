import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from controllers.demo.client import FAILURES, Answer, Client

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

GOOD = b"HTTP/1.1 200 OK\r\nx-instance: shop-1\r\ncontent-length: 2\r\n\r\nhi"


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Server:
    """Gives the same bytes to every request; `connections` counts how many were made. Ends each after `requests`."""

    def __init__(self, answer: bytes, requests: int = 100) -> None:
        self.connections = 0
        self._answer = answer
        self._requests = requests

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for _ in range(self._requests):
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            writer.write(self._answer)
            await writer.drain()
        writer.close()


async def test_a_connection_is_kept_for_the_next_request() -> None:
    server, client = Server(GOOD), Client()
    async with serving(server) as port:
        answers = [await client.get("127.0.0.1", port, "shop", "/") for _ in range(3)]
        client.close()
    assert answers == [Answer(200, "hi", "shop-1")] * 3
    assert server.connections == 1


async def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    server, client = Server(GOOD), Client()
    async with serving(server) as port:
        await asyncio.gather(*(client.get("127.0.0.1", port, "shop", "/") for _ in range(3)))
        client.close()
    assert server.connections == 3


async def test_a_connection_that_the_server_gives_up_is_not_used_again() -> None:
    closing = GOOD.replace(b"x-instance", b"connection: close\r\nx-instance")
    server, client = Server(closing, requests=1), Client()
    async with serving(server) as port:
        for _ in range(2):
            assert (await client.get("127.0.0.1", port, "shop", "/")).status == 200
        client.close()
    assert server.connections == 2


@pytest.mark.parametrize("answer", [b"", GOOD[:20], GOOD[:-1], b"nonsense\r\n\r\n"])
async def test_an_answer_that_is_cut_off_or_is_not_http_is_a_failure(answer: bytes) -> None:
    client = Client()
    async with serving(Server(answer, requests=1)) as port:
        with pytest.raises(FAILURES):
            await client.get("127.0.0.1", port, "shop", "/")


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    async with serving(Server(GOOD)) as port:
        pass
    with pytest.raises(FAILURES):
        await Client().get("127.0.0.1", port, "shop", "/")
