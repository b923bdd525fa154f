"""The client process: does what standard input tells it, one JSON document a line, and answers in the same way.

It runs as a script, and so imports nothing of lastack.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import grpc


class Client:
    """Channels by target, and at most one streaming call on each."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.Channel] = {}
        self._streams: dict[str, Iterator[bytes]] = {}

    def call(self, target: str, method: str, timeout: float) -> dict[str, Any]:
        """Which server answers."""
        started = time.monotonic()
        try:
            one: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel(target).unary_unary(method)
            answer = one(b"", timeout=timeout)
        except grpc.RpcError as error:
            return {"code": error.code().name, "text": error.details(), "seconds": time.monotonic() - started}
        return {"code": "OK", "text": answer.decode(), "seconds": time.monotonic() - started}

    def hold(self, target: str, method: str) -> dict[str, Any]:
        """Begins a streaming call: which server answers."""
        many: grpc.UnaryStreamMultiCallable[bytes, bytes] = self._channel(target).unary_stream(method)
        stream = self._streams[target] = many(b"", timeout=30.0)
        return {"code": "OK", "text": next(stream).decode()}

    def finish(self, target: str) -> dict[str, Any]:
        """Reads the streaming call to its end."""
        try:
            return {"code": "OK", "text": b"".join(self._streams.pop(target)).decode()}
        except grpc.RpcError as error:
            return {"code": error.code().name, "text": error.details()}

    def close(self, target: str) -> dict[str, Any]:
        """Closes the channel: the client asks for the target no longer."""
        self._channels.pop(target).close()
        return {"code": "OK", "text": ""}

    def _channel(self, target: str) -> grpc.Channel:
        if target not in self._channels:
            self._channels[target] = grpc.insecure_channel(f"xds:///{target}")
        return self._channels[target]


def main() -> None:
    client = Client()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(client, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
