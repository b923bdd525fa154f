"""One file over time: what it gives, and what it is about to take away. Pure."""

from collections.abc import Iterable

from controllers.files.content import NOTHING, FileContent, Found
from controllers.reports import Report, Severity
from ledger.ids import ObjectKey


class WatchedFile:
    """What a file gives, which is more than what it says while something in it is wrong, or has just vanished.

    Invariant: `held` is what `content` defines, and beside it only objects from earlier contents that are `leaving`, or
    that a content which is blind or names them unread keeps from leaving.
    """

    __slots__ = (
        "_readable_at",
        "_unseen",
        "content",
        "held",
        "is_there",
        "leaving",
        "reports",
        "restless_since",
        "since",
    )

    def __init__(self) -> None:
        self.is_there = False
        """Whether the file was there when it was last looked for."""
        self.content: FileContent = NOTHING
        self.held: dict[ObjectKey, Found] = {}
        self.leaving: frozenset[ObjectKey] = frozenset()
        self.reports: tuple[Report, ...] = ()
        self.since = 0.0
        """Since when the content was seen as it is, without a break."""
        self.restless_since: float | None = None
        """Since when something that was seen of it is not applied; None if all is."""
        self._unseen = False
        self._readable_at = 0.0

    def take(self, content: FileContent, at: float) -> Iterable[ObjectKey]:
        """The file says something else. Returns the objects for which that may matter."""
        affected = dict.fromkeys([*content.objects, *self.held])
        earlier = self.held
        self.content = content
        self.held = {**earlier, **content.objects}
        kept = content.unread | content.objects.keys()
        self.leaving = frozenset() if content.blind else frozenset(earlier.keys() - kept)
        self.since = at
        self._unseen = False
        self._rest(at)
        self.reports = tuple(self._told())
        return affected

    def stays(self, began: float, ended: float, grace: float) -> Iterable[ObjectKey]:
        """The file was seen as before. Returns the objects that it gives no more, after `grace` seconds of that."""
        if self._unseen:
            self.since = ended
            self._unseen = False
        gone: Iterable[ObjectKey] = ()
        if self.leaving and began - self.since >= grace:
            gone = [key for key in self.held if key in self.leaving]
            for key in gone:
                del self.held[key]
            self.leaving = frozenset()
        self._rest(ended)
        return gone

    def is_written(self, at: float, seconds: float) -> None:
        """The file is being written to, and can't be read for so many seconds."""
        self._unseen = True
        self._readable_at = at + seconds
        self.restless_since = at if self.restless_since is None else self.restless_since

    def due(self, grace: float) -> float:
        """When to look again, if it is restless."""
        return self._readable_at if self._unseen else self.since + grace

    def begin_anew(self) -> None:
        """The grace period begins with the next time that the file is seen as it is."""
        self._unseen = True

    def unseen(self) -> None:
        """Nobody could tell whether the file is there. Time alone won't tell either."""
        self.begin_anew()
        self.restless_since = None

    def _rest(self, at: float) -> None:
        if not self.leaving:
            self.restless_since = None
        elif self.restless_since is None:
            self.restless_since = at

    def doubts(self) -> tuple[Report | None, Iterable[ObjectKey]]:
        """What could not be read in the file, and the objects that it may be about."""
        if not self.content.blind:
            return None, ()
        blind = (report for report in self.reports if report.key is None and report.severity is Severity.ERROR)
        return next(blind), self.held.keys() - self.content.objects.keys()

    def _told(self) -> Iterable[Report]:
        """The content's reports, with what is done about them."""
        unnamed = len(self.held.keys() - self.content.objects.keys() - self.content.unread)
        for report in self.content.reports:
            meanwhile = ""
            if report.severity is Severity.ERROR and report.key not in self.content.objects:
                if report.key is None:
                    meanwhile = f"; {unnamed} earlier objects of the file stay meanwhile" if unnamed else ""
                elif report.key in self.held:
                    meanwhile = "; its last good form stays meanwhile"
                else:
                    meanwhile = "; it is not served"
            reason = report.reason + meanwhile
            yield Report(report.file, report.line, report.key, reason, report.severity)
