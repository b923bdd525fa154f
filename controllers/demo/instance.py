"""An instance of the demo's service: `python -m controllers.demo.instance [--name NAME] [--port PORT]`.

A small HTTP/1.1 server that answers `GET /?delay=SECONDS&id=ID` with ID, after that delay. Only the standard library is
imported, so that it starts fast. Once it listens it prints its port.
"""

import argparse
import asyncio
import contextlib
import sys
from urllib.parse import parse_qs, urlsplit

INSTANCE_ADDRESS = "127.0.0.1"

KEEP_ALIVE_SECONDS = 3600.0
"""Longer than any demo: an idle connection is never closed just when Envoy uses it again, which would be a failure that
has nothing to do with routing."""


def instance_command(name: str) -> list[str]:
    """The command line of an instance, on any free port."""
    return [sys.executable, "-m", "controllers.demo.instance", "--name", name]


async def serve(name: str, port: int) -> None:
    """Serves until the process is killed. Port 0: any free one."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            while True:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _answer(name, head))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, INSTANCE_ADDRESS, port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _answer(name: str, head: bytes) -> bytes:
    try:
        target = head.split(b" ", 2)[1].decode()
        query = parse_qs(urlsplit(target).query)
        delay, body = float(query["delay"][0]), query["id"][0]
    except (ValueError, LookupError):
        return _response("400 Bad Request", name, "ask for /?delay=SECONDS&id=ID\n")
    await asyncio.sleep(delay)
    return _response("200 OK", name, body)


def _response(status: str, name: str, body: str) -> bytes:
    content = body.encode()
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nx-instance: {name}\r\ncontent-length: {len(content)}\r\n\r\n"
    ).encode() + content


def main() -> None:
    parser = argparse.ArgumentParser(description="An instance of the demo's service.")
    parser.add_argument("--name", default="instance", help="told in every answer, as x-instance")
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.name, arguments.port))


if __name__ == "__main__":
    main()
