"""The floor once more, by gRPC's synchronous server: `python -m tests.bench.floor_sync`. Told as `floor.py` is.

Each stream takes two threads: one that reads, and one of the server's pool that waits for what is to be written.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import grpc

from tests.bench.child import say
from tests.hostility.requests import METHOD
from xds.limits import Limits

_SERVICE, _NAME = METHOD.strip("/").split("/")
_MOST_STREAMS = 4000


class SyncFloor:
    """Reads and writes, and nothing else."""

    def __init__(self) -> None:
        self._queues: list[SimpleQueue[bytes]] = []
        self._greetings: list[bytes] = []
        self._missing = 0
        self._counting = threading.Lock()
        self._all_read = threading.Event()

    def serve(self, requests: Iterator[bytes], _: grpc.ServicerContext) -> Iterator[bytes]:
        queue: SimpleQueue[bytes] = SimpleQueue()
        self._queues.append(queue)
        threading.Thread(target=self._read, args=(requests, queue), daemon=True).start()
        while True:
            yield queue.get()

    def _read(self, requests: Iterator[bytes], queue: SimpleQueue[bytes]) -> None:
        greetings = iter(self._greetings)
        for _ in requests:
            with self._counting:
                self._missing -= 1
                if not self._missing:
                    self._all_read.set()
            greeting = next(greetings, None)
            if greeting is not None:
                queue.put(greeting)

    def obey(self, told: dict[str, Any]) -> dict[str, Any]:
        if told["do"] == "greet":
            self._greetings = [bytes.fromhex(response) for response in told["responses"]]
            return {}
        body = bytes.fromhex(told["body"])
        self._missing = len(self._queues)
        self._all_read.clear()
        began = time.monotonic()
        for queue in self._queues:
            queue.put(body)
        self._all_read.wait()
        return {"seconds": time.monotonic() - began}


def main() -> None:
    floor = SyncFloor()
    server = grpc.server(ThreadPoolExecutor(_MOST_STREAMS), options=Limits().options())
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        _NAME: grpc.stream_stream_rpc_method_handler(floor.serve)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(port=port)
    for line in sys.stdin:
        say(**floor.obey(json.loads(line)))
    os._exit(0)  # without waiting for thousands of threads that wait for more to write


if __name__ == "__main__":
    main()
