"""Hosts and addresses in the one spelling that lastack keeps, so that equal things compare equal.

Every function takes a string, gives its canonical form, and raises `Invalid` with a message that names the remedy.
"""

import ipaddress
import re

from xds.parsing.problems import Invalid, quoted

UNIX = "unix://"

LONGEST_SOCKET_PATH = 107
"""Bytes of a Unix socket's path: Linux's `sun_path` has 108, with a final zero. Envoy refuses a longer one."""

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAME = 253


def is_ip(address: str) -> bool:
    """Whether a canonical endpoint address is an IP address."""
    return _IPV4.fullmatch(address) is not None or (":" in address and not address.startswith(UNIX))


def ip_address(text: str) -> str:
    """An IPv4 or IPv6 address: `10.0.0.1`, `2001:db8::1`.

    A zone (`fe80::1%eth0`) means something on one machine only. An IPv4-mapped IPv6 address is a second name of an IPv4
    address, and an instance must have one.
    """
    if _IPV4.fullmatch(text):
        return text
    if ":" not in text:
        raise Invalid(f"{quoted(text)} is not an IP address: write one such as 10.0.0.1, without leading zeros or port")
    if "%" in text:
        raise Invalid(f"{quoted(text)} has a zone, which only one machine knows: write the address without it")
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise Invalid(
            f"{quoted(text)} is not an IP address: write one such as 10.0.0.1 or 2001:db8::1, without brackets or port"
        ) from None
    if address.ipv4_mapped is not None:
        raise Invalid(f"{quoted(text)} is an IPv4 address in IPv6 form: write {address.ipv4_mapped}")
    return str(address)


def ip_or_block(text: str) -> str:
    """An IP address or CIDR block; bits after the prefix are cleared, and a block of one address is the address."""
    base, slash, prefix = text.partition("/")
    address = ip_address(base)
    if not slash:
        return address
    bits = 128 if ":" in address else 32
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3 and int(prefix) <= bits):
        raise Invalid(f"{quoted(text)} is not a CIDR block: write a prefix length from 0 to {bits} after the slash")
    if int(prefix) == bits:
        return address
    return str(ipaddress.ip_network(f"{address}/{int(prefix)}", strict=False))


def dns_name(text: str) -> str:
    """A DNS name in lower case, without a final dot."""
    if not text.isascii():
        raise Invalid(f"{quoted(text)} is not ASCII: write the name in its xn-- form")
    if text.endswith("."):
        raise Invalid(f"{quoted(text)} has a final dot: write the name without it")
    name = text.lower()
    if len(name) > _LONGEST_NAME or not _DNS_NAME.fullmatch(name):
        raise Invalid(
            f"{quoted(text)} is not a DNS name: use letters, digits and hyphens in labels of up to 63 characters, "
            f"separated by dots, {_LONGEST_NAME} characters in all"
        )
    return name


def host(text: str) -> str:
    """A host of a service: a DNS name, possibly with a leading `*.`."""
    if text == "*":
        raise Invalid('"*" would claim every host: write a wildcard within a domain, such as "*.example.com"')
    if text.startswith("*."):
        return f"*.{host(text[2:])}"
    if "*" in text:
        raise Invalid(f"{quoted(text)} has a wildcard within: write it once, first, and as a label of its own, *.")
    if ":" in text or text.rpartition(".")[2].isdigit():
        raise Invalid(f"{quoted(text)} is an address or has a port, not a DNS name: addresses go to spec.addresses")
    return dns_name(text)


def endpoint_address(text: str) -> str:
    """An instance's address: an IP address, a DNS name or `unix:///absolute/path`."""
    if _IPV4.fullmatch(text):
        return text
    if text.startswith(UNIX):
        return _socket(text)
    if ":" in text:
        return ip_address(text)
    if "*" in text:
        raise Invalid(f"{quoted(text)} is a wildcard, which is no place to connect to: write a full DNS name")
    if text.rpartition(".")[2].isdigit():
        return ip_address(text)  # such as 10.0.0.256; no top-level domain is a number
    return dns_name(text)


def _socket(text: str) -> str:
    path = text.removeprefix(UNIX)
    if not path.startswith("/"):
        raise Invalid(f"{quoted(text)} is not absolute: write three slashes, such as unix:///run/app.sock")
    if path.endswith("/"):
        raise Invalid(f"{quoted(text)} names a directory: write the path of the socket itself")
    if len(path.encode()) > LONGEST_SOCKET_PATH:
        raise Invalid(f"{quoted(text)} is too long for a socket: at most {LONGEST_SOCKET_PATH} bytes after unix://")
    return text
