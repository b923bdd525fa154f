"""What a proxy gets to see, as far as it depends on the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass

from xds.objects import ServiceEntry

DEFAULT_NAMESPACE = "default"
DEFAULT_BIND_ADDRESS = "0.0.0.0"


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
        """
        namespace = metadata.get("NAMESPACE")
        if not isinstance(namespace, str) or not namespace:
            namespace = DEFAULT_NAMESPACE
            parts = node_id.split("~")
            if len(parts) == 4 and "." in parts[2]:
                namespace = parts[2].rpartition(".")[2] or DEFAULT_NAMESPACE
        address = metadata.get("BIND_ADDRESS")
        return cls(
            namespace,
            metadata.get("INTERCEPTION_MODE") == "REDIRECT",
            address if isinstance(address, str) and address else DEFAULT_BIND_ADDRESS,
        )

    def sees(self, entry: ServiceEntry) -> bool:
        """Whether the service is exported to the view's namespace."""
        return sees(self.namespace, entry)


def sees(namespace: str, entry: ServiceEntry) -> bool:
    """Whether a service is exported to a namespace."""
    exported = entry.export_to
    return "*" in exported or namespace in exported or ("." in exported and entry.namespace == namespace)
