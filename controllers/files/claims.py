"""Objects over all files: which file gives an object that several hold, and the events that follow. Pure."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from controllers.files.content import Found
from controllers.generations import Generations
from controllers.reports import Report, Severity
from ledger.ids import Generation, ObjectKey
from xds.objects import Applied, Deleted, Event


class Claim(NamedTuple):
    """A file, by its path below the directory, holds an object.

    `is_leaving`: it does not name the object any more, and is about to give it up.
    """

    file: str
    found: Found
    is_leaving: bool


class Claims:
    """Who holds which object, and what is served of it.

    The file that comes first in path order gives the object; even with a last good form, and even while it is about to
    give it up: else an object would flap to the form in the other file and back while the first file is being written.

    Args:
        generations: counts where documents state no generation.
        name: a file as it is called in reports.
    """

    def __init__(self, generations: Generations, name: Callable[[str], str]) -> None:
        self._generations = generations
        self._name = name
        self._claims: dict[ObjectKey, tuple[Claim, ...]] = {}
        """By file; never empty."""
        self._served: dict[ObjectKey, tuple[Generation, bytes]] = {}
        self._problems: dict[ObjectKey, tuple[Report, ...]] = {}

    @property
    def served(self) -> frozenset[ObjectKey]:
        """The objects that are given by some file. O(objects)."""
        return frozenset(self._served)

    def __len__(self) -> int:
        """How many objects are served."""
        return len(self._served)

    def problems(self) -> Iterable[Report]:
        """What is wrong with objects across files, and with their generations."""
        for problems in self._problems.values():
            yield from problems

    def set(self, key: ObjectKey, file: str, claim: Claim | None) -> None:
        """The file holds the object so, or, with None, not at all. To be followed by `decide`."""
        others = tuple(other for other in self._claims.get(key, ()) if other.file != file)
        if claim is not None:
            others = tuple(sorted((*others, claim), key=lambda claim: claim.file)) if others else (claim,)
        if others:
            self._claims[key] = others
        else:
            self._claims.pop(key, None)

    def decide(self, keys: Iterable[ObjectKey]) -> tuple[Event, ...]:
        """The events for these objects.

        Deletions come last, so that what takes an object's place is there before it goes.
        """
        applied: list[Event] = []
        deleted: list[Event] = []
        for key in keys:
            claims = self._claims.get(key)
            if claims is not None:
                applied.extend(self._give(key, claims))
                continue
            self._problems.pop(key, None)
            if self._served.pop(key, None) is not None:
                self._generations.gone(key)
                deleted.append(Deleted(key))
        return (*applied, *deleted)

    def _give(self, key: ObjectKey, claims: tuple[Claim, ...]) -> Iterable[Event]:
        winner = claims[0]
        parsed = winner.found.parsed
        counted = self._generations.count(key, parsed.content, parsed.generation)
        problems = list(self._losers(key, claims))
        if counted.problem is not None:
            problems.append(Report(self._name(winner.file), winner.found.line, key, counted.problem, Severity.WARNING))
        if problems:
            self._problems[key] = tuple(problems)
        else:
            self._problems.pop(key, None)
        served = (counted.generation, parsed.content)
        if self._served.get(key) != served:
            self._served[key] = served
            yield Applied(parsed.object, counted.generation, parsed.content)

    def _losers(self, key: ObjectKey, claims: tuple[Claim, ...]) -> Iterable[Report]:
        winner = claims[0]
        if winner.is_leaving:
            return  # the object is moving from one file to another
        used = f"{self._name(winner.file)}:{winner.found.line}"
        for claim in claims[1:]:
            if not claim.is_leaving:
                reason = f"stands in {used} too, and that is used, as the first in path order: remove one of the two"
                yield Report(self._name(claim.file), claim.found.line, key, reason, Severity.ERROR)
