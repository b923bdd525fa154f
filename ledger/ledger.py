"""The versioned ledger: which object was applied at which generation, and one hash over all of it."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from immutables import Map

from ledger.ids import Generation, ObjectKey, Revision

_ROOT_BYTES = 16
_ROOT_SPACE = 1 << (8 * _ROOT_BYTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is applied of one object. `content` is the source's hash of the document."""

    generation: Generation
    content: bytes


State = Map[ObjectKey, Entry]


@dataclass(frozen=True, slots=True)
class _Past:
    root: str
    state: State
    at: float


class Ledger:
    """Key -> (generation, content hash), with a root over the content and a bounded history.

    The root is the sum, modulo 2**128, of a hash of each (key, content): independent of the order of changes, and
    updated in O(1). It leaves the generations out, so that two replicas that applied the same objects have the same
    root, whatever their generations are counted from.

    Args:
        history_count: how many past states are kept at most.
        history_seconds: how long a past state is kept at most, counted from the change that followed it.
    """

    def __init__(self, history_count: int = 1024, history_seconds: float = 900.0) -> None:
        self._state: State = Map()
        self._root = 0
        self._revision = Revision(0)
        self._history: OrderedDict[Revision, _Past] = OrderedDict()
        self._history_count = history_count
        self._history_seconds = history_seconds

    @property
    def revision(self) -> Revision:
        """The revision of the newest change; 0 before the first."""
        return self._revision

    @property
    def root(self) -> str:
        """The root in 32 hexadecimal digits."""
        return f"{self._root:0{2 * _ROOT_BYTES}x}"

    @property
    def state(self) -> State:
        """The newest state; immutable, so it may be kept."""
        return self._state

    def __len__(self) -> int:
        return len(self._state)

    def get(self, key: ObjectKey) -> Entry | None:
        return self._state.get(key)

    def apply(self, key: ObjectKey, generation: Generation, content: bytes, now: float) -> Revision | None:
        """Records a new form of an object.

        Returns:
            The new revision, or None if generation and content are what they were.
        """
        entry = Entry(generation, content)
        old = self._state.get(key)
        if old == entry:
            return None
        self._remember(now)
        if old is not None:
            self._root -= _weight(key, old.content)
        self._root = (self._root + _weight(key, content)) % _ROOT_SPACE
        self._state = self._state.set(key, entry)
        return self._advance()

    def delete(self, key: ObjectKey, now: float) -> Revision | None:
        """Forgets an object.

        Returns:
            The new revision, or None if the object was not there.
        """
        old = self._state.get(key)
        if old is None:
            return None
        self._remember(now)
        self._root = (self._root - _weight(key, old.content)) % _ROOT_SPACE
        self._state = self._state.delete(key)
        return self._advance()

    def at_root(self, root: str) -> State | None:
        """The newest state with this root (or with a root that starts so), if it is still remembered."""
        if self.root.startswith(root):
            return self._state
        for past in reversed(self._history.values()):
            if past.root.startswith(root):
                return past.state
        return None

    @property
    def remembered(self) -> int:
        """How many past states are held."""
        return len(self._history)

    def _advance(self) -> Revision:
        self._revision = Revision(self._revision + 1)
        return self._revision

    def _remember(self, now: float) -> None:
        history = self._history
        history[self._revision] = _Past(self.root, self._state, now)
        while len(history) > self._history_count:
            history.popitem(last=False)
        oldest = now - self._history_seconds
        while history and next(iter(history.values())).at < oldest:
            history.popitem(last=False)


def _weight(key: ObjectKey, content: bytes) -> int:
    digest = blake2b(content, digest_size=_ROOT_BYTES, person=b"lastack root")
    for part in key:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part.encode())
    return int.from_bytes(digest.digest(), "big")
