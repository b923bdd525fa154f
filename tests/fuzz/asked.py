"""What a stream asks for of one type, by the rules of the specification and nothing else."""

from dataclasses import dataclass, field

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.speech import Request
from xds.types import FULL_SET

_WILDCARD = "*"


@dataclass(slots=True)
class Asked:
    """One type on one stream. began: a request came. explicit: a name was given at some time (rule 17)."""

    type_url: TypeUrl
    names: set[str] = field(default_factory=set)
    wildcard: bool = False
    began: bool = False
    explicit: bool = False

    def take(self, request: Request) -> None:
        """The stream has sent a request of the type."""
        if isinstance(request, DiscoveryRequest):
            self._take_sotw(request)
        else:
            self._take_delta(request)
        self.began = True

    def covers(self, name: str) -> bool:
        """Whether the name is asked for, as one of these two types is: no wildcard covers a gRPC client's listener."""
        return name in self.names or (self.wildcard and ":" not in name)

    def _take_sotw(self, request: DiscoveryRequest) -> None:
        names = set(request.resource_names)  # rule 15: whatever the nonce
        if self.type_url in FULL_SET:
            self.explicit = self.explicit or bool(names)
            self.wildcard = _WILDCARD in names or not self.explicit
        self.names = names - {_WILDCARD}

    def _take_delta(self, request: DeltaDiscoveryRequest) -> None:
        added, dropped = set(request.resource_names_subscribe), set(request.resource_names_unsubscribe)
        if self.type_url in FULL_SET:
            if not self.began:
                self.wildcard = not added or _WILDCARD in added
            else:
                self.wildcard = _WILDCARD in added or (self.wildcard and _WILDCARD not in dropped)
        added.discard(_WILDCARD)
        if self.began:
            self.names = (self.names - dropped) | added
        else:
            self.names = added - dropped
