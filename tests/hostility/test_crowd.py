"""After a restart all proxies come at once."""

from tests.hostility.arena import Arena
from tests.hostility.http2 import Wire
from tests.hostility.requests import METHOD

CONNECTIONS, STREAMS = 40, 100


async def test_of_those_that_come_together_none_is_refused(arena: Arena) -> None:
    """gRPC refuses some of those that it has yet to hand over, from a thousand on, and all from three thousand on."""
    wires = [await Wire.connect(arena.port) for _ in range(CONNECTIONS)]
    calls = [wire.open(METHOD) for wire in wires for _ in range(STREAMS)]
    await arena.until(lambda: len(arena.plane.streams) == len(calls), "all streams are open")
    assert not any(call.ended.is_set() for call in calls)
