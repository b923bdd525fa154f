"""A process of proxies: `python -m tests.bench.streams`, told line by line what to do.

open: {port, count, requests, expect}: so many streams, each on a connection of its own, which send these requests (in
hexadecimal; `@@@@` in them becomes the stream's number) and ACK whatever comes. Answered when each has got so many
responses: {began, seconds, bytes}. again: the same, with the streams that there were closed first. stall: {stream}:
that one is not read any more. received: {bytes} in all. With `sotw` to `open`, the streams are of the other protocol,
and ACK nothing.
"""

import json
import selectors
import sys
import time
from typing import Any

from tests.bench.child import say
from tests.bench.wire import Wire
from tests.hostility.requests import METHOD, ack, nonce_of, type_of

SOTW_METHOD = METHOD.replace("Delta", "Stream")

MARK = b"@@@@"
"""In a request, the stream's number goes here."""


class Proxies:
    """All streams, read by one selector together with what this process is told."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._wires: list[Wire] = []
        self._answers: dict[Wire, int] = {}
        self._waiting: dict[Wire, None] = {}
        self._expect = 0
        self._sotw = False

    def run(self) -> None:
        """Until its input ends."""
        say(ready=True)
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._read(key.data)
                elif line := sys.stdin.readline():
                    self._obey(json.loads(line))
                else:
                    return

    def _obey(self, told: dict[str, Any]) -> None:
        match told["do"]:
            case "open":
                say(**self._open(told))
            case "again":
                for wire in self._wires:
                    self._drop(wire)
                    wire.socket.close()
                self._wires.clear()
                say(**self._open(told))
            case "stall":
                self._drop(self._wires[told["stream"]])
                say()
            case "received":
                say(bytes=sum(wire.received for wire in self._wires))

    def _open(self, told: dict[str, Any]) -> dict[str, Any]:
        requests = [bytes.fromhex(request) for request in told["requests"]]
        self._expect, self._sotw = told["expect"], told.get("sotw", False)
        began = time.monotonic()
        for number in range(told["count"]):
            wire = Wire(told["port"], SOTW_METHOD if self._sotw else METHOD)
            self._wires.append(wire)
            self._answers[wire] = 0
            self._waiting[wire] = None
            self._selector.register(wire.socket, selectors.EVENT_READ, wire)
            for request in requests:
                wire.send(request.replace(MARK, f"{number:04}".encode()))
            self._serve(0.0)
        while self._waiting and self._expect:
            self._serve(60.0)
        self._waiting.clear()
        return {
            "began": began,
            "seconds": time.monotonic() - began,
            "bytes": sum(wire.received for wire in self._wires[-told["count"] :]),
        }

    def _serve(self, timeout: float) -> None:
        ready = [key.data for key, _ in self._selector.select(timeout) if key.data is not None]
        if not ready and timeout:
            raise RuntimeError(f"{len(self._waiting)} streams have got less than {self._expect} responses")
        for wire in ready:
            self._read(wire)

    def _read(self, wire: Wire) -> None:
        for message in wire.messages():
            if not self._sotw:
                wire.send(ack(type_of(message), nonce_of(message)))
            self._answers[wire] += 1
            if self._answers[wire] == self._expect:
                self._waiting.pop(wire, None)
        if wire.closed:
            if wire in self._waiting and self._expect:
                raise RuntimeError("a stream was refused")
            self._drop(wire)

    def _drop(self, wire: Wire) -> None:
        if self._answers.pop(wire, None) is not None:
            self._selector.unregister(wire.socket)


if __name__ == "__main__":
    Proxies().run()
