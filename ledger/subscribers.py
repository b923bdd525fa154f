"""Who asks for what: by name, or for everything of a type."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from ledger.ids import ResourceName, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.sparse import NOTHING, having, lacking
from ledger.stream_record import StreamRecord
from ledger.streams import Streams


class Subscribers(Streams):
    """The streams that ask for each resource; those too that have ended, or given it up and may use it still."""

    def __init__(self) -> None:
        super().__init__()
        self._subscribers: defaultdict[TypeUrl, dict[str, set[StreamId]]] = defaultdict(dict)
        self._wildcards: dict[TypeUrl, dict[StreamId, StreamRecord]] = {}

    def _drop_interest(self, record: StreamRecord, interest: Interest) -> None:
        for name in interest.names | interest.given_up:
            self._unindex(interest, name)
        self._wildcards.get(interest.type_url, {}).pop(record.id, None)

    def _absorb_interest(self, record: StreamRecord, interest: Interest) -> None:
        own = record.interests.setdefault(interest.type_url, Interest(record.id, interest.type_url))
        subscribers = self._subscribers[interest.type_url]
        for name in interest.names | interest.given_up:
            streams = subscribers[name]
            streams.discard(interest.stream)
            streams.add(own.stream)
        own.names = having(own.names, interest.names)
        own.given_up = lacking(having(own.given_up, interest.given_up), own.names)
        interest.names = interest.given_up = NOTHING
        if interest.wildcard:
            self.set_wildcard(own, True)

    def subscribe(self, interest: Interest, names: Iterable[str]) -> None:
        """The stream asks for the names. They should be interned: one string each for all streams."""
        names = frozenset(names)
        subscribers, stream = self._subscribers[interest.type_url], interest.stream
        interest.names = having(interest.names, names)
        interest.given_up = lacking(interest.given_up, names)
        for name in names:
            streams = subscribers.get(name)
            if streams is None:
                subscribers[name] = {stream}
            else:
                streams.add(stream)

    def set_wildcard(self, interest: Interest, wildcard: bool) -> None:
        interest.wildcard = wildcard
        streams = self._wildcards.setdefault(interest.type_url, {})
        if wildcard:
            streams[interest.stream] = self.streams[interest.stream]
        else:
            streams.pop(interest.stream, None)

    def give_up(self, interest: Interest, names: Iterable[str], still_used: Callable[[str], bool]) -> None:
        """The stream asks for the names no longer.

        `still_used` says for a name whether the proxy may go on using what it has of it (rule 26): such a name keeps
        the stream obliged, though nothing of it can be sent, until `release` finds it unused.
        """
        for name in names:
            interest.names = lacking(interest.names, (name,))
            if still_used(name):
                interest.given_up = having(interest.given_up, {name})
                interest.unsent.discard(name)
            else:
                self._let_go(interest, name)

    def release(self, interest: Interest, still_used: Callable[[str], bool]) -> None:
        """Looks again at the names given up: those that are used no longer oblige no more."""
        for name in [name for name in interest.given_up if not still_used(name)]:
            interest.given_up = lacking(interest.given_up, (name,))
            self._let_go(interest, name)

    def unname(self, interest: Interest, name: str) -> None:
        """The stream asks for the resource by name no longer, and still by its wildcard."""
        interest.names = lacking(interest.names, (name,))
        self._unindex(interest, name)

    def _let_go(self, interest: Interest, name: str) -> None:
        """The stream obliges for the name no longer."""
        self._unindex(interest, name)

    def _unindex(self, interest: Interest, name: str) -> None:
        subscribers = self._subscribers[interest.type_url]
        streams = subscribers.get(name)
        if streams is not None:
            streams.discard(interest.stream)
            if not streams:
                del subscribers[name]

    def audience(self, resource: ResourceName, wildcard: bool) -> set[StreamId]:
        """The streams, absent ones too, that are obliged for the resource, whatever their view."""
        streams = set(self._subscribers[resource.type_url].get(resource.name, ()))
        if wildcard:
            streams.update(self._wildcards.get(resource.type_url, ()))
        return streams
