"""Who a peer may say it is."""

from collections.abc import Iterable


def covers(names: Iterable[str], node_id: str) -> bool:
    """Whether a certificate with these subject alternative names (DNS names and URIs) may speak for a node id.

    A DNS name covers the node id that equals it; `*.example.com` covers those with exactly one more label. A SPIFFE id
    covers the node id that equals it, and those that continue it after a slash (`spiffe://mesh/ns/shop/sa/cart/pod-1`),
    since the instances of a workload share one.
    """
    return any(_covers(name, node_id) for name in names)


def _covers(name: str, node_id: str) -> bool:
    if not name:
        return False
    if "://" in name:
        if not name.partition("://")[2].strip("/"):
            return False  # a scheme alone names nobody
        return node_id == name or node_id.startswith(name.rstrip("/") + "/")
    if name.startswith("*."):
        label, _, domain = node_id.partition(".")
        return bool(label) and domain.lower() == name[2:].lower()
    return node_id.lower() == name.lower()
