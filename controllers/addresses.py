"""Addresses that are listened at or connected to, as `HOST:PORT`."""

import errno
import ipaddress
import re
import socket
from typing import NamedTuple

EVERY_IPV4 = "0.0.0.0"

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/?#@\s]*))(?::(?P<port>\d{1,5}))?")


class Address(NamedTuple):
    """A host (a name or an IP address, without brackets) and a TCP port; port 0 lets the system choose one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str, default_port: int | None = None) -> "Address":
        """Reads `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every IPv4 address.

        Args:
            default_port: stands in where `text` names a host only; None: a port must be given.

        Raises:
            ValueError: if it is none of these.
        """
        text = text.strip()
        if default_port is not None and text.count(":") > 1 and is_ip(text):
            return cls(text, default_port)
        match = _ADDRESS.fullmatch(text)
        if match is not None and text:
            port = int(match["port"]) if match["port"] else default_port
            if port is not None and port <= 65535:
                return cls(match["ipv6"] or match["host"] or EVERY_IPV4, port)
        remedy = "put an IPv6 address in brackets, as in [::1]:15010" if is_ip(text) else "such as 127.0.0.1:15010"
        raise ValueError(f"{text!r} is not an address: write HOST:PORT, {remedy}")


def is_ip(host: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return ipaddress.ip_address(host).is_loopback if is_ip(host) else host == "localhost"


def bind(address: Address) -> socket.socket:
    """A TCP socket bound to the address, not yet listening.

    Raises:
        OSError: if the address is taken or is not this machine's, with a text that says so.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise OSError(f"can't listen at {address}: {error.strerror}") from error
    family, kind, protocol, _, place = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        if address.port:
            bound.listen()  # two sockets may be bound to one port; only one may listen
    except OSError as error:
        bound.close()
        why = "another process listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(f"can't listen at {address}: {why}") from error
    return bound
