"""List and watch: what is asked of an API server next, and what its answers say. It holds no socket and no clock.

The rules are those of the Kubernetes API ("Efficient detection of changes"): a list tells the state at one resource
version, a watch from there tells every change, and where the server has forgotten that version (410) it all starts
over. What was there before stays until a list or an event says otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controllers.kubernetes.backoff import BASE_SECONDS, MOST_SECONDS, Backoff
from controllers.kubernetes.failure import GONE, NOT_FOUND, Failure, failure_of
from controllers.kubernetes.objects import Change, Name, Object, has_version, is_object
from controllers.kubernetes.times import time_of

PAGE = 500
"""Objects that are asked for at once; client-go's number."""

FEW = 10
"""So many objects may be missing from a list without any doubt, if there are others."""

SHORT_SECONDS = 1.0
"""A watch that ends sooner has failed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds.

    missing: for which objects are kept that a list no longer has, where that is most of them: a list that is suddenly
        empty is more often a fault than a wish. Another list has to confirm it then.
    grace: for which attempts may fail without anything being doubted: connections do break.
    base, most: see `Backoff`.
    """

    missing: float = 30.0
    grace: float = 5.0
    base: float = BASE_SECONDS
    most: float = MOST_SECONDS


@dataclass(frozen=True, slots=True)
class ListPage:
    """To be asked for: a page of a list, the first one where the token is empty; with a limit of 0, everything.

    The newest state, as an empty resource version asks for: a server's cache may be older than a confirmed receipt.
    """

    limit: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """To be asked for: all changes since a resource version; until a time, where there is one."""

    since: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is to be asked for until then."""

    until: float


@dataclass(slots=True)
class _Listing:
    """A list whose pages are still coming in."""

    found: dict[Name, Object] = field(default_factory=dict)
    token: str = ""


class Reflector:
    """The objects of one kind in one cluster.

    Args:
        what: names them in messages.
    """

    def __init__(self, what: str, patience: Patience | None = None, backoff: Backoff | None = None) -> None:
        self.objects: dict[Name, Object] = {}
        self.synced = False
        """Whether all that there was has been listed, once."""
        self.lists = 0
        """How often a list was begun anew, whatever has come of it."""
        self.is_fresh = False
        """Whether a list is done that was begun after the last `list_again`, and leaves no doubt."""
        self._what = what
        self._patience = patience or Patience()
        self._backoff = backoff or Backoff(self._patience.base, self._patience.most)
        self._version = ""
        self._newest = 0
        """The highest resource version that was seen."""
        self._listing: _Listing | None = _Listing()
        self._limit = PAGE
        self._not_before = 0.0
        self._failing_since: float | None = None
        """When the first of the attempts failed that have failed since the last one that didn't."""
        self._failure = ""
        self._missing: dict[Name, float] = {}
        """Gone from a list at that time, and kept for the time being."""
        self._heard = False
        """Whether the watch has told anything since the list."""
        self._watching_since = 0.0

    def trouble(self, now: float) -> str | None:
        """Why it can't be told what is so; None if it can."""
        if not self.synced:
            return f"{self._what}: {self._failure or 'not listed yet'}"
        if self._missing:
            lost = f"the API server has lost {len(self._missing)} of {len(self.objects)}"
            return f"{self._what}: {lost}, which are kept until another list confirms it"
        if self._failing_since is not None and now >= self._failing_since + self._patience.grace:
            return f"{self._what}: {self._failure}, since {time_of(self._failing_since)}"
        return None

    def next(self, now: float) -> ListPage | Watch | Pause:
        """What is to be done now."""
        if now < self._not_before:
            return Pause(self._not_before)
        confirm_at = min(self._missing.values()) + self._patience.missing if self._missing else None
        if self._listing is None and confirm_at is not None and now >= confirm_at:
            self._begin_list()
        if self._listing is not None:
            return ListPage(self._limit, self._listing.token)
        return Watch(self._version, confirm_at)

    def list_again(self) -> None:
        """All is to be listed, at once: what a watch tells may be late."""
        self._begin_list()
        self._not_before, self.is_fresh = 0.0, False

    # What has come

    def restore(self, objects: Mapping[Name, Object]) -> list[Change]:
        """What there was when an earlier process ended, before anything is listed. Returns it all."""
        self.objects = dict(objects)
        for known in objects.values():
            version = str(known["metadata"].get("resourceVersion", ""))
            self._newest = max(self._newest, int(version) if version.isdecimal() else 0)
        return [Change(name, known) for name, known in objects.items()]

    def listed(self, items: Sequence[Object], version: str, token: str, now: float) -> list[Change]:
        """A page has come. `token`: for the next one, empty with the last. Returns what has changed, after the last.

        What has no version is no list, and what of it has none no object, whatever the one who answered takes it for.
        """
        listing = self._listing
        assert listing is not None, "no list was asked for"
        if not version or not all(map(is_object, items)):
            self.failed(Failure(0, "the API server's answer is no list: it has no version, or its items none"), now)
            return []
        listing.found.update((Name.of(item), item) for item in items)
        listing.token = token
        if token:
            return []
        if self._is_older(version):
            older = (
                f"the API server lists an older state ({version}) than it had ({self._newest}): if the cluster was "
                "restored from a backup, start again without what was kept of it in the state directory"
            )
            self.failed(Failure(0, older), now)
            return []
        self._listing, self._limit, self._heard = None, PAGE, False
        self._failing_since = None
        self._saw(version)
        self.synced = True
        kept = self._kept(listing.found, now)
        changes = [Change(name, None) for name in self.objects.keys() - listing.found.keys() - kept.keys()]
        changes += [Change(name, new) for name, new in listing.found.items() if self._differs(name, new)]
        self.objects = {**listing.found, **kept}
        self.is_fresh = not kept
        return changes

    def watching(self, now: float) -> None:
        """The server has begun to tell what changes."""
        self._failing_since = None
        self._watching_since = now

    def told(self, event: Mapping[str, Any], now: float) -> list[Change]:
        """An event of the watch has come. Returns what has changed."""
        kind, about = event.get("type"), event.get("object")
        if kind == "ERROR":
            self.failed(failure_of(about), now)
            return []
        is_told = kind in ("ADDED", "MODIFIED", "DELETED") and is_object(about)
        if not isinstance(about, Mapping) or not (is_told or (kind == "BOOKMARK" and has_version(about))):
            self._begin_list()  # what it was to tell is lost
            self.failed(Failure(0, f"the API server sent a strange event, of type {kind!r}"), now)
            return []
        self._heard, self._failing_since = True, None
        self._backoff.succeeded()
        self._saw(about["metadata"]["resourceVersion"])
        if kind == "BOOKMARK":
            return []
        name = Name.of(about)
        self._missing.pop(name, None)
        if not self._missing and self._listing is None:
            self.is_fresh = True  # if its list left a doubt, that is over, and no other list follows
        if kind == "DELETED":
            return [Change(name, None)] if self.objects.pop(name, None) is not None else []
        if not self._differs(name, about):
            return []
        self.objects[name] = about
        return [Change(name, about)]

    def ended(self, now: float) -> None:
        """The watch has ended without an error, as each does after some minutes."""
        if now < self._watching_since + SHORT_SECONDS:
            self.failed(Failure(0, "the API server ends watches at once"), now)
        else:
            self._backoff.succeeded()

    def failed(self, failure: Failure, now: float) -> None:
        """A list, or a watch, has failed."""
        forgotten = failure.status == GONE  # the version to watch from, or the rest of the list
        if forgotten and self._listing is not None:
            self._limit = 0  # as client-go has it: of very many pages the last ones may be forgotten every time
        if forgotten or failure.status == NOT_FOUND or self._listing is not None:
            self._begin_list()  # not found: its version is served no more, and a list finds the one that is
        self._failure = failure.reason
        if self._failing_since is None:
            self._failing_since = now
        if not (forgotten and self._heard):  # after a watch that went well, this is no fault
            self._not_before = now + self._backoff.failed(failure.retry_after)
        self._heard = False

    # The rest

    def _begin_list(self) -> None:
        self._listing, self.lists = _Listing(), self.lists + 1

    def _kept(self, found: Mapping[Name, Object], now: float) -> dict[Name, Object]:
        """The objects that stay although the list has them no longer."""
        gone = {name: old for name, old in self.objects.items() if name not in found}
        doubtful = not found or (len(gone) > FEW and 2 * len(gone) > len(self.objects))
        kept = {}
        for name, old in gone.items():
            since = self._missing.get(name)
            if now < since + self._patience.missing if since is not None else doubtful:
                kept[name] = old
        self._missing = {name: self._missing.get(name, now) for name in kept}
        return kept

    def _differs(self, name: Name, new: Object) -> bool:
        old = self.objects.get(name)
        return old is None or old["metadata"].get("resourceVersion") != new["metadata"].get("resourceVersion")

    def _saw(self, version: str) -> None:
        self._version = version
        if version.isdecimal():
            self._newest = max(self._newest, int(version))

    def _is_older(self, version: str) -> bool:
        """Resource versions of one kind are numbers that rise (KEP 5504); what isn't a number can't be compared."""
        return version.isdecimal() and int(version) < self._newest
