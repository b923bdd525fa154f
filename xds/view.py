"""What a proxy gets to see, as far as it depends on the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.ids import ObjectKey
from xds.objects import ServiceEntry
from xds.parsing.addresses import ip_address

DEFAULT_NAMESPACE = "default"
DEFAULT_BIND_ADDRESS = "0.0.0.0"

MAX_NAMESPACE_LENGTH = 253
"""Characters of a namespace. Kubernetes allows 63."""


@dataclass(frozen=True, slots=True)
class View:
    """Proxies with equal views are sent equal resources.

    namespace: decides what is exported to the proxy. redirect: its traffic arrives by redirection at one listener
    instead of at listeners that bind. bind_address: where the latter bind.
    """

    namespace: str = DEFAULT_NAMESPACE
    redirect: bool = False
    bind_address: str = DEFAULT_BIND_ADDRESS

    @classmethod
    def of_node(cls, node_id: str, metadata: Mapping[str, object]) -> "View":
        """The view of a node, by its metadata.

        `NAMESPACE` names its namespace; without it, the third part of a node id of Istio's form
        (`kind~address~name.namespace~domain`), else `default`. `INTERCEPTION_MODE: REDIRECT` says that its traffic is
        redirected. `BIND_ADDRESS` is the address that its listeners bind, `0.0.0.0` without.

        Raises:
            ValueError: the namespace or the address can't be one. Every listener made for the proxy has the address in
                it, so a long one would be multiplied.
        """
        namespace = metadata.get("NAMESPACE")
        if not isinstance(namespace, str) or not namespace:
            namespace = DEFAULT_NAMESPACE
            parts = node_id.split("~")
            if len(parts) == 4 and "." in parts[2]:
                namespace = parts[2].rpartition(".")[2] or DEFAULT_NAMESPACE
        if len(namespace) > MAX_NAMESPACE_LENGTH:
            raise ValueError(f"a NAMESPACE of {len(namespace)} characters; the limit is {MAX_NAMESPACE_LENGTH}")
        address = metadata.get("BIND_ADDRESS")
        if not isinstance(address, str) or not address:
            address = DEFAULT_BIND_ADDRESS
        try:
            ip_address(address)
        except ValueError:
            raise ValueError(
                f"the BIND_ADDRESS {address[:50]!r}, which is no IP address such as {DEFAULT_BIND_ADDRESS}"
            ) from None
        return cls(namespace, metadata.get("INTERCEPTION_MODE") == "REDIRECT", address)

    def sees(self, entry: ServiceEntry) -> bool:
        """Whether the service is exported to the view's namespace."""
        return sees(self.namespace, entry)

    def claim_rank(self, entry: ServiceEntry) -> tuple[bool, tuple[str, ObjectKey]]:
        """The order in which claims are settled here: those of the proxy's own namespace come first."""
        return entry.namespace != self.namespace, entry.claim_rank


def sees(namespace: str, entry: ServiceEntry) -> bool:
    """Whether a service is exported to a namespace."""
    exported = entry.export_to
    return "*" in exported or namespace in exported or ("." in exported and entry.namespace == namespace)
