"""Requests as nobody would make them, and some that somebody would."""

from collections.abc import Iterator

from ledger.ids import ResourceName, TypeUrl
from protos.base_pb2 import Node, Status
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.speech import Request
from tests.fuzz.choices import Choices
from tests.fuzz.peers import Peer
from tests.fuzz.vocabulary import NAMES, NODES, TOO_LONG
from xds.types import CDS, FULL_SET, TYPES

_RECENT = 200
"""How far back a request may reach for a nonce or a version."""


def greeting(peer: Peer, choices: Choices) -> Node:
    """The node that a first request presents."""
    node = Node(id=peer.node)
    if choices.chance(32):
        node.metadata["NAMESPACE"] = choices.pick(("shop", ""))
    if choices.chance(16):
        node.metadata["INTERCEPTION_MODE"] = "REDIRECT"
    if choices.chance(16):
        node.metadata["BIND_ADDRESS"] = choices.text(12)
    return node


def introduction(peer: Peer, choices: Choices) -> Iterator[Request]:
    """What a proxy says first if nothing is wrong with it: it asks for everything, and claims what it was once sent."""
    node = greeting(peer, choices)
    only = peer.stream.transport.only
    for type_url in (only,) if only is not None else TYPES:
        names = () if type_url in FULL_SET else NAMES[type_url]
        request: Request
        if peer.stream.transport.delta:
            request = DeltaDiscoveryRequest(node=node, type_url=type_url, resource_names_subscribe=names)
            for resource, versions in peer.overheard.versions.items() if choices.chance(64) else ():
                if resource.type_url == type_url:
                    request.initial_resource_versions[resource.name] = versions[-1]
        else:
            request = DiscoveryRequest(node=node, type_url=type_url, resource_names=names)
        yield request


def utterance(peer: Peer, choices: Choices) -> Request:
    """A request on the peer's stream: valid protobuf, and else whatever the choices make of it."""
    type_url = _type(peer, choices)
    about = TypeUrl(type_url) if type_url in TYPES else peer.stream.transport.only or CDS
    request: Request
    if peer.stream.transport.delta:
        request = DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=_names(choices, about))
        if choices.chance(96):
            request.resource_names_unsubscribe.extend(_names(choices, about))
        if choices.chance(64):
            for name in _names(choices, about):
                request.initial_resource_versions[name] = _claim(peer, choices, ResourceName(about, name))
    else:
        request = DiscoveryRequest(type_url=type_url, resource_names=_names(choices, about))
        request.version_info = _version(peer, choices, about)
    request.response_nonce = _nonce(peer, choices, about)
    if choices.chance(64):
        request.error_detail.CopyFrom(Status(message=choices.text(6)))
    if peer.stream.record is None or choices.chance(16):
        request.node.CopyFrom(greeting(peer, choices))
    if choices.chance(8):
        request.node.id = choices.pick(NODES)
    return request


def damaged(data: bytes, choices: Choices) -> bytes:
    """The same bytes with one thing wrong."""
    at = choices.below(min(len(data), 255) + 1)
    match choices.below(4):
        case 0:
            return data[:at] + choices.chunk(8) + data[at:]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + bytes((choices.byte(),)) + data[at + 1 :]
        case _:
            return data + data[at:]


def _type(peer: Peer, choices: Choices) -> str:
    if choices.chance(12):
        return choices.text(8)
    if peer.stream.transport.only is not None and not choices.chance(16):
        return choices.pick(("", peer.stream.transport.only))
    return choices.pick(TYPES)


def _names(choices: Choices, type_url: TypeUrl) -> list[str]:
    names = choices.some(NAMES[type_url], most=4)
    if choices.chance(12):
        names.append(choices.text(12))
    if choices.chance(4):
        names += [f"many-{number}" for number in range(choices.byte())]
    if choices.chance(2):
        names.append(TOO_LONG)
    return names


def _nonce(peer: Peer, choices: Choices, type_url: TypeUrl) -> str:
    mine = [response.nonce for response in peer.heard if response.type_url == type_url]
    match choices.below(6):
        case 0 | 1 if mine:
            return mine[-1]
        case 2 if mine:
            return choices.pick(mine[-_RECENT:])
        case 3 if peer.overheard.nonces:
            return choices.pick(peer.overheard.nonces[-_RECENT:])
        case 4:
            return choices.text(8)
    return ""


def _version(peer: Peer, choices: Choices, type_url: TypeUrl) -> str:
    mine = [response.version for response in peer.heard if response.type_url == type_url]
    match choices.below(4):
        case 0 | 1 if mine:
            return mine[-1]
        case 2 if mine:
            return choices.pick(mine[-_RECENT:])
        case 3:
            return choices.text(4)
    return ""


def _claim(peer: Peer, choices: Choices, resource: ResourceName) -> str:
    known = peer.overheard.versions.get(resource, [])[-_RECENT:]
    if not known:
        return choices.text(4)
    return known[-1] if choices.chance(128) else choices.pick(known)
