"""Who is at the other end of a stream, as its first request says (rule 2)."""

from dataclasses import dataclass

from protos.base_pb2 import Node
from xds.identity import covers
from xds.protocol.errors import Status, StreamError
from xds.view import View

MAX_NODE_ID_LENGTH = 1024

MAX_USER_AGENT_LENGTH = 200
"""Characters that are kept of it, for operators to read."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a stream: its address, and its certificate's names where it had to show one."""

    address: str
    names: tuple[str, ...] | None = None


def view_of(node: Node, peer: Peer) -> View:
    """What the node may see.

    Raises:
        StreamError: it may not be who it says, or doesn't say it.
    """
    if not node.id:
        raise StreamError(
            Status.INVALID_ARGUMENT, "the first request names no node: set node.id in the bootstrap (rule 2)"
        )
    if len(node.id) > MAX_NODE_ID_LENGTH:
        raise StreamError(
            Status.INVALID_ARGUMENT, f"a node id of {len(node.id)} characters; the limit is {MAX_NODE_ID_LENGTH}"
        )
    if peer.names is not None and not covers(peer.names, node.id):
        shown = ", ".join(peer.names) or "no name at all"
        raise StreamError(
            Status.PERMISSION_DENIED,
            f"the certificate is for {shown}, which does not cover node id {node.id!r}",
        )
    metadata = {name: value.string_value for name, value in node.metadata.fields.items()}
    try:
        return View.of_node(node.id, metadata)
    except ValueError as error:
        raise StreamError(Status.INVALID_ARGUMENT, f"node {node.id!r}: its metadata has {error}") from error


def user_agent(node: Node) -> str:
    """The proxy's name and version, such as `envoy/1.36.0`."""
    version = node.user_agent_version
    if not version and node.HasField("user_agent_build_version"):
        build = node.user_agent_build_version.version
        version = f"{build.major_number}.{build.minor_number}.{build.patch}"
    told = f"{node.user_agent_name}/{version}" if version else node.user_agent_name
    return told[:MAX_USER_AGENT_LENGTH]
