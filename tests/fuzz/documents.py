"""Choices as documents: mostly valid ones, of few names, so that they meet each other; and some damaged.

How a field may be written stands in a table: first what is valid, the plainest before all, then what is not.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from tests.fuzz.choices import Choices
from xds.objects import ALL_DRAINING_ANNOTATION, DRAINING_LABEL

Doc = dict[str, object]
Spellings = tuple[Sequence[object], int]
"""How something may be written, and how many of the ways are valid."""

MOST = 8
"""How many documents: enough for two services and what they select, in two forms each."""

_LONG = "x" * 5000
_ODD: tuple[object, ...] = (
    None, True, 0, -1, 2**31 - 1, 2**63, 10**40, 1.5, float("nan"), float("inf"),
    "", " ", "\n", "\0", "\u2028", "é", "80", "true", "~", "*", "/", _LONG,
    [], {}, [None], [[]], {"": 1}, {"\n": {}}, {1: 2}, {None: {}},
)  # fmt: skip
"""Values that are wrong nearly everywhere."""

_VERSIONS: Spellings = (
    ("networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v2", "v1", ""),
    2,
)
_KINDS: Spellings = (("ServiceEntry", "WorkloadEntry", "List", "Sidecar", ""), 2)
_NAMES: Spellings = (("a", "b", "c.d", "A", "-", _LONG), 3)
_NAMESPACES: Spellings = (("default", "shop", None, "a.b", "", _LONG), 3)
_TIMES: Spellings = (
    ("2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+02:00", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z"), 2
)  # fmt: skip
_POLICIES: Spellings = (("refuse", "serve", "REFUSE", 1), 2)
_LABELS: Spellings = (
    (("app", "a"), ("app", "b"), ("t", "x"), (DRAINING_LABEL, "true"), (DRAINING_LABEL, 1), ("", "")),
    4,
)
_ADDRESSES: Spellings = (
    (
        "10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::7", "2001:0DB8::0007", "unix:///run/s", "w.example",
        "W.Example", "::ffff:10.0.0.1", "10.0.0.256", "fe80::1%eth0", "unix://run", "w.example.", "é.example",
    ),
    6,
)  # fmt: skip
_HOSTS: Spellings = (
    ("a.example", "b.example", "*.c.example", "A.EXAMPLE", "xn--caf-dma.example", "*.*.a", "10.0.0.1", "*", "a..b"), 5
)  # fmt: skip
_BLOCKS: Spellings = (
    ("10.9.0.1", "10.8.0.0/16", "10.8.7.0/8", "2001:db8::/32", "10.9.0.1/32", "::/0", "10.0.0.0/33", "a/b"), 6
)  # fmt: skip
_NUMBERS: Spellings = ((80, 81, 443, 15001, 65535, 0, 65536, "80", 80.0), 5)
_PROTOCOLS: Spellings = (("HTTP", "http2", "GRPC", "TCP", "TLS", "HTTPS", None, "UDP", 80), 7)
_PORT_NAMES: Spellings = (("one", "two", "three", "_", ""), 3)
_LOCALITIES: Spellings = (("eu", "eu/a", "eu/a/1", "eu//1", "a/b/c/d"), 3)
_WEIGHTS: Spellings = ((2**31 - 1, 1, 0, 2**31, -1, "1"), 3)
_EXPORTS: Spellings = (("*", ".", "~", "default", "shop", "", "A"), 5)
_RESOLUTIONS: Spellings = (("STATIC", "STATIC", "STATIC", "DNS", "DNS_ROUND_ROBIN", "NONE", None, "static", 1), 7)
_LOCATIONS: Spellings = (("MESH_INTERNAL", "MESH_EXTERNAL", "", "mesh"), 3)


def invented(choices: Choices) -> Iterator[object]:
    """A few documents."""
    for _ in range(MOST):
        if not choices.are_left:
            return
        kind = choices.pick_mostly(*_KINDS)
        document: object = {
            "apiVersion": choices.pick_mostly(*_VERSIONS),
            "kind": kind,
            "metadata": _metadata(choices),
            "spec": _service(choices) if kind == "ServiceEntry" else _endpoint(choices),
        }
        while choices.chance(32):
            document = _replaced(document, choices)
        yield document


def _metadata(choices: Choices) -> Doc:
    metadata: Doc = {"name": choices.pick_mostly(*_NAMES), "namespace": choices.pick_mostly(*_NAMESPACES)}
    if choices.chance(48):
        metadata["creationTimestamp"] = choices.pick_mostly(*_TIMES)
        metadata["generation"] = choices.pick_mostly((1, 2, 2**63 - 1, 0), 3)
    if choices.chance(48):
        metadata["annotations"] = {ALL_DRAINING_ANNOTATION: choices.pick_mostly(*_POLICIES)}
    return metadata


def _service(choices: Choices) -> Doc:
    spec: Doc = {"hosts": _several(choices, _HOSTS), "ports": _ports(choices)}
    spec["resolution"] = choices.pick_mostly(*_RESOLUTIONS)
    if choices.chance(128):
        spec["endpoints"] = [_endpoint(choices) for _ in range(choices.below(6))]
    else:
        spec["workloadSelector"] = {"labels": _labels(choices)}
    if choices.chance(64):
        spec["addresses"] = _several(choices, _BLOCKS)
    if choices.chance(64):
        spec["exportTo"] = _several(choices, _EXPORTS)
    if choices.chance(32):
        spec["subjectAltNames"] = _several(choices, _HOSTS)
    if choices.chance(32):
        spec["location"] = choices.pick_mostly(*_LOCATIONS)
    return spec


def _ports(choices: Choices) -> list[Doc]:
    first = choices.below(4)
    ports: list[Doc] = []
    for name, number in zip(_PORT_NAMES[0][: 1 + choices.below(3)], _NUMBERS[0][first:5], strict=False):
        port: Doc = {"name": name, "number": number, "protocol": choices.pick_mostly(*_PROTOCOLS)}
        if choices.chance(24):
            port["targetPort"] = choices.pick_mostly(*_NUMBERS)
        if choices.chance(8):
            port["number"] = choices.pick_mostly(*_NUMBERS)
        ports.append(port)
    return ports


def _endpoint(choices: Choices) -> Doc:
    spec: Doc = {"address": choices.pick_mostly(*_ADDRESSES), "labels": _labels(choices)}
    if choices.chance(24):
        spec["ports"] = {str(choices.pick_mostly(*_PORT_NAMES)): choices.pick_mostly(*_NUMBERS)}
    if choices.chance(48):
        spec["locality"] = choices.pick_mostly(*_LOCALITIES)
    if choices.chance(128):
        spec["weight"] = choices.pick_mostly(*_WEIGHTS)
    if choices.chance(16):
        spec["network"] = choices.text(4)
        spec["serviceAccount"] = choices.text(4)
    return spec


def _labels(choices: Choices) -> Doc:
    return dict(cast(list[tuple[str, object]], _several(choices, _LABELS)))


def _several(choices: Choices, spellings: Spellings) -> list[object]:
    return [choices.pick_mostly(*spellings) for _ in range(1 + choices.below(3))]


def _replaced(value: object, choices: Choices) -> object:
    """`value` with one place of it changed, that the choices lead to."""
    if isinstance(value, dict | list) and value and not choices.chance(64):
        copy = cast(dict[object, object], dict(value) if isinstance(value, dict) else list(value))
        place = choices.pick(list(value) if isinstance(value, dict) else range(len(value)))
        copy[place] = _replaced(copy[place], choices)
        return copy
    return choices.pick(_ODD) if choices.chance(224) else choices.text(16)
