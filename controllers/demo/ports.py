"""Free TCP ports."""

import random
import socket
from collections.abc import Sequence

from controllers.demo.errors import DemoError

_RANGE = range(20_000, 30_000)
"""Below the ports that Linux gives to outgoing connections (32768 and up), which could else take a port between the
moment it is found free and the moment a server binds it."""

_ATTEMPTS = 1000


def free_ports(count: int, addresses: Sequence[str] = ("127.0.0.1",)) -> list[int]:
    """Different ports, each free on all the addresses.

    Raises:
        DemoError: if there are none.
    """
    found: list[int] = []
    for port in random.sample(_RANGE, _ATTEMPTS):
        if len(found) == count:
            return found
        if all(_is_free(address, port) for address in addresses):
            found.append(port)
    raise DemoError(f"no {count} free ports on {', '.join(addresses)}")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
