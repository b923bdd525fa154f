"""Serves an HTTP API on a socket, within this event loop and without a say in signals."""

import contextlib
import socket
import ssl
from collections.abc import Generator

import uvicorn
from starlette.applications import Starlette

_IDLE_SECONDS = 60
_LAST_ANSWERS_SECONDS = 2


class HttpListener:
    """One listening socket.

    Args:
        bound: a bound TCP socket; closed at the end.
        tls: None: without.
        last_answers: seconds that answers which are under way have at the end.
    """

    def __init__(
        self,
        app: Starlette,
        bound: socket.socket,
        tls: ssl.SSLContext | None = None,
        last_answers: int = _LAST_ANSWERS_SECONDS,
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=last_answers,
            ssl_context_factory=None if tls is None else lambda *_: tls,
        )
        self._server = _Server(config)
        self._socket = bound

    async def run(self) -> None:
        """Serves until `stop`, and then until the answers that are under way are given."""
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Ends `run`."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # signals are for whoever runs the process
