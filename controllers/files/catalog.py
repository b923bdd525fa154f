"""The files as objects: looks at the directory in, events out. Pure.

Of the rules, these are neither in `watched_file`, which knows one file, nor in `claims`, which knows one object:

- A directory that can't be read, or was replaced by an empty one (its volume was unmounted, say), tells nothing about
  its files: nothing changes, and the source is in trouble. A directory that is still the same and holds no file any
  more was emptied by somebody, and that counts, after the grace period. If somebody does replace it by an empty one and
  means it, an empty `.yaml` file in it says so.
- A directory that was replaced, or is back, may still be filling up: while files appear in it, none counts as gone.
- A file that keeps on changing, so that it can't be taken in, makes receipts UNKNOWN until it rests.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from controllers.files.claims import Claim, Claims
from controllers.files.content import NOTHING, read_content, unreadable
from controllers.files.look import Identity, Look, Unreadable, Unsettled
from controllers.files.watched_file import WatchedFile
from controllers.generations import Generations
from controllers.reports import Report, Severity, Standing, in_order, printable
from ledger.ids import ObjectKey
from xds.objects import Event

_SHORTEST = 0.001
"""From one look to the next, in seconds, where time alone is waited for."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Durations, in seconds.

    vanish_grace: how long a file must be seen, unchanged, without an object before the object goes.
    settle: how old the last write to a file must be before the file is read.
    restless: how long a file may keep on changing in a way that can't be applied before receipts are UNKNOWN; at least
        five times the grace period.
    absent: how soon a directory that can't be read, or a file that does not rest, is tried again.
    safety: how long after a look the next one is due, whatever is heard of the disk or not.
    """

    vanish_grace: float = 0.2
    settle: float = 0.05
    restless: float = 5.0
    absent: float = 1.0
    safety: float = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a look.

    events: to be applied as one. standing: the reports. trouble: why receipts must be UNKNOWN; None if they need not.
    next_look_at: when the catalog wants the next look. unapplied_since: the earliest moment at which something was seen
    that is not applied yet, and that only needs time; None if there is nothing like it. root: as in the look.
    """

    events: tuple[Event, ...]
    standing: Standing
    trouble: str | None
    next_look_at: float
    unapplied_since: float | None
    root: Identity


class Catalog:
    """What the files give.

    Args:
        directory: its name, for messages.
        generations: counts where documents state no generation.
    """

    def __init__(self, directory: str, generations: Generations, patience: Patience | None = None) -> None:
        self._directory = directory
        self._patience = patience or Patience()
        self._files: dict[str, WatchedFile] = {}
        self._claims = Claims(generations, self._name)
        self._root: Identity | None = None
        self._filling = False

    def look(self, look: Look) -> Outcome:
        """Takes in what was seen."""
        trouble = look.trouble
        if trouble is None and self._was_emptied_by_replacement(look):
            trouble = (
                f"{self._directory} was replaced by an empty directory: put the files back (is a volume not mounted?), "
                "or an empty .yaml file if there are to be no objects"
            )
        if trouble is not None:
            return self._in_trouble(trouble, look)
        self._filling = self._filling or self._root not in (None, look.root)
        self._root = look.root
        events = self._claims.decide(self._see(look))
        return self._outcome(look, events)

    # What the files say

    def _was_emptied_by_replacement(self, look: Look) -> bool:
        return bool(self._files) and look.root != self._root and not look.files

    def _see(self, look: Look) -> Iterable[ObjectKey]:
        there = {path for path, file in self._files.items() if file.is_there}
        if self._filling and look.files.keys() - there:
            for file in self._files.values():
                file.begin_anew()
        affected: dict[ObjectKey, None] = {}
        for path in sorted(self._files.keys() | look.files.keys()):
            for key in self._see_file(path, look):
                affected[key] = None
        self._filling = self._filling and any(file.leaving for file in self._files.values())
        return affected

    def _see_file(self, path: str, look: Look) -> Iterable[ObjectKey]:
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = WatchedFile()
        state = look.files.get(path)
        file.is_there = state is not None
        content = None
        if isinstance(state, str):
            content = read_content(state, self._name(path))
        elif isinstance(state, Unreadable):
            content = unreadable(self._name(path), state.reason)
        elif isinstance(state, Unsettled):
            file.is_written(look.ended, state.seconds)
            return ()
        elif state is None:
            if _is_below(path, look.hidden):
                file.unseen()
                return ()
            content = NOTHING
        if content is None or content == file.content:
            affected = file.stays(look.began, look.ended, self._patience.vanish_grace)
        else:
            affected = file.take(content, look.ended)
        for key in affected:
            found = file.held.get(key)
            claim = None if found is None else Claim(path, found, key in file.leaving)
            self._claims.set(key, path, claim)
        if state is None and not file.held:
            del self._files[path]
        return affected

    # What is told

    def _in_trouble(self, trouble: str, look: Look) -> Outcome:
        for file in self._files.values():
            file.unseen()
        self._filling = True
        if self._claims:
            trouble += f". Its {len(self._claims)} objects stay as they were meanwhile"
        return Outcome((), self._standing(look), trouble, look.ended + self._patience.absent, None, look.root)

    def _outcome(self, look: Look, events: tuple[Event, ...]) -> Outcome:
        patience = self._patience
        next_look_at = look.ended + patience.safety
        unapplied: list[float] = []
        restless: list[str] = []
        for path, file in self._files.items():
            if file.restless_since is None:
                continue
            if look.ended - file.restless_since >= max(patience.restless, 5 * patience.vanish_grace):
                restless.append(path)
                next_look_at = min(next_look_at, look.ended + patience.absent)
                continue
            unapplied.append(file.restless_since)
            next_look_at = min(next_look_at, max(file.due(patience.vanish_grace), look.ended + _SHORTEST))
        trouble = None
        if restless:
            trouble = (
                f"{self._name(min(restless))} keeps on changing, so that it can't be taken in: write the file "
                "elsewhere and rename it to its place"
            )
        standing = self._standing(look)
        return Outcome(events, standing, trouble, next_look_at, min(unapplied, default=None), look.root)

    def _standing(self, look: Look) -> Standing:
        reports = [Report(self._name(path), None, None, why, Severity.ERROR) for path, why in look.hidden.items()]
        anywhere = min(reports, key=lambda report: report.file) if reports else None
        about: dict[ObjectKey, Report] = {}
        for path, file in self._files.items():
            reports.extend(file.reports)
            blind, doubtful = file.doubts()
            if blind is None and look.hidden:
                hidden = _is_below(path, look.hidden)
                if hidden:
                    blind = Report(self._name(hidden), None, None, look.hidden[hidden], Severity.ERROR)
                    doubtful = file.held.keys()
            if blind is not None:
                anywhere = anywhere or blind
                about.update(dict.fromkeys(doubtful, blind))
        reports.extend(self._claims.problems())
        for report in reports:
            if report.key is not None:
                known = about.get(report.key)
                if known is None or (known.severity is Severity.WARNING and report.severity is Severity.ERROR):
                    about[report.key] = report
        for path, why in look.passed_over.items():
            reports.append(Report(self._name(path), None, None, why, Severity.WARNING))
        served = self._claims.served if anywhere is not None else frozenset()
        return Standing(in_order(reports), about, anywhere, served)

    def _name(self, path: str) -> str:
        return printable(f"{self._directory}/{path}" if path else self._directory)


def _is_below(path: str, directories: Iterable[str]) -> str:
    """The one of `directories` that `path` is below, or is; else an empty text."""
    for directory in directories:
        if path == directory or path.startswith(f"{directory}/"):
            return directory
    return ""
