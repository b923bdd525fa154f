"""What a delta request asks for and claims, read once for all proxies that say the same.

When a control plane starts, its proxies come back together, and those of a namespace ask for the same names and hold
the same versions: thousands of strings from each. To tell that two messages are equal takes no strings; protobuf
compares them in C.
"""

from collections import OrderedDict
from collections.abc import Mapping, Set
from itertools import chain
from sys import intern

from ledger.ids import Version
from ledger.sparse import NOTHING
from protos.discovery_pb2 import DeltaDiscoveryRequest

MANY = 16
"""A request of fewer names is read at once."""

MOST_KEPT = 8
"""So many requests are kept to compare others with: one for each type, of two sorts of proxies. Each is as large as its
message at most a few times, and that is bounded by the server."""


_NOTHING_HELD: Mapping[str, str] = {}


class DeltaRequest:
    """What one request says. Not to be changed: others may have it too.

    subscribed, unsubscribed: names. held: the version of each resource that the proxy has. longest: of all these names,
    in characters. nonce, error: of the response that it answers; error is None for an ACK.
    """

    __slots__ = ("_current", "_newest", "error", "held", "longest", "nonce", "subscribed", "unsubscribed")

    def __init__(self, message: DeltaDiscoveryRequest) -> None:
        subscribed, unsubscribed = message.resource_names_subscribe, message.resource_names_unsubscribe
        held = message.initial_resource_versions
        self.subscribed = frozenset(map(intern, subscribed)) if subscribed else NOTHING
        self.unsubscribed = frozenset(unsubscribed) if unsubscribed else NOTHING
        self.held: Mapping[str, str] = dict(held) if held else _NOTHING_HELD
        self.longest = 0
        if subscribed or unsubscribed or held:  # of most requests, which are answers, none
            self.longest = max(map(len, chain(self.subscribed, self.unsubscribed, self.held)))
        self.nonce = message.response_nonce
        self.error = message.error_detail.message if message.HasField("error_detail") else None
        self._newest: Mapping[str, Version] | None = None
        self._current: frozenset[str] = NOTHING

    def current(self, newest: Mapping[str, Version]) -> Set[str]:
        """Of what is held, the names that have the same version in `newest`, which nobody changes."""
        if self._newest is not newest:
            self._newest, self._current = newest, frozenset(name for name, _ in self.held.items() & newest.items())
        return self._current


class DeltaRequests:
    """Reads requests, and keeps some to tell the next ones by."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], tuple[DeltaDiscoveryRequest, DeltaRequest]] = OrderedDict()

    def read(self, message: DeltaDiscoveryRequest) -> DeltaRequest:
        """What the message says. Of one of many names, what tells who sent it is cleared."""
        named, held = len(message.resource_names_subscribe), len(message.initial_resource_versions)
        if named + held < MANY or message.response_nonce:
            return DeltaRequest(message)
        message.ClearField("node")
        key = message.type_url, named, held
        if key in self._kept:
            self._kept.move_to_end(key)
            known, read = self._kept[key]
            if known == message:
                return read
        read = DeltaRequest(message)
        self._kept[key] = message, read
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return read
