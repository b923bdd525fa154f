"""What a cluster's objects mean to lastack. It holds no socket and no clock.

Only namespaces that were selected are taken in; an object whose namespace is not, or not yet, is put by.
"""

from collections import defaultdict
from collections.abc import Iterable

from controllers.generations import Generations
from controllers.kubernetes.objects import Change, Name, Object
from controllers.reports import Report, Severity
from ledger.ids import ObjectKey
from xds.objects import Applied, Deleted, Event
from xds.parsing import Ignored, ObjectError, parse


class Intake:
    """ServiceEntries and WorkloadEntries of one cluster, and the namespaces that they may be in.

    Args:
        origin: names the cluster in reports.
        generations: counts on where an object is made anew, whose own generation starts over.
    """

    def __init__(self, origin: str, generations: Generations) -> None:
        self._origin = origin
        self._generations = generations
        self._namespaces: set[str] = set()
        self._held: defaultdict[str, dict[ObjectKey, Object]] = defaultdict(dict)
        """Every object by namespace, of those too that are not selected."""
        self.served: set[ObjectKey] = set()
        """The objects that are taken in."""
        self._reports: dict[ObjectKey, list[Report]] = {}

    def namespaces(self, changes: Iterable[Change]) -> list[Event]:
        """Namespaces are selected, or are no longer (or are gone)."""
        events: list[Event] = []
        for name, new in changes:
            namespace = name.name
            if new is None and namespace in self._namespaces:
                self._namespaces.discard(namespace)
                for key in self._held.get(namespace, ()):
                    events += self._let_go(key)
            elif new is not None and namespace not in self._namespaces:
                self._namespaces.add(namespace)
                for key, document in self._held.get(namespace, {}).items():
                    events += self._take_in(key, document)
        return events

    def objects(self, kind: str, changes: Iterable[Change]) -> list[Event]:
        """Objects of a kind have changed."""
        events: list[Event] = []
        for name, new in changes:
            key, held = ObjectKey(kind, name.namespace, name.name), self._held[name.namespace]
            if new is not None:
                held[key] = new
                if name.namespace in self._namespaces:
                    events += self._take_in(key, new)
                continue
            held.pop(key, None)
            if not held:
                del self._held[name.namespace]
            events += self._let_go(key)
        return events

    def selects(self, namespace: str) -> bool:
        """Whether the objects of a namespace are taken in."""
        return namespace in self._namespaces

    def reports(self) -> list[Report]:
        """What is wrong in the objects now."""
        return [report for key in sorted(self._reports) for report in self._reports[key]]

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the object that is served may not be the one that is meant, or a warning; None if all is well."""
        return next(iter(self._reports.get(key, ())), None)

    def _take_in(self, key: ObjectKey, document: Object) -> list[Event]:
        """An object that can't be read stays as it was."""
        self._reports.pop(key, None)
        try:
            parsed = parse(document)
        except ObjectError as error:
            self._tell(key, Severity.ERROR, (f"{problem}, so the last good state stays" for problem in error.problems))
            return []
        if isinstance(parsed, Ignored):
            self._tell(key, Severity.ERROR, [parsed.reason])
            return []
        self._tell(key, Severity.WARNING, map(str, parsed.warnings))
        counted = self._generations.count(key, parsed.content, parsed.generation)
        self.served.add(key)
        return [Applied(parsed.object, counted.generation, parsed.content)]

    def _let_go(self, key: ObjectKey) -> list[Event]:
        self._reports.pop(key, None)
        if key not in self.served:
            return []
        self.served.discard(key)
        self._generations.gone(key)
        return [Deleted(key)]

    def _tell(self, key: ObjectKey, severity: Severity, reasons: Iterable[str]) -> None:
        found = [Report(self._origin, None, key, reason, severity) for reason in reasons]
        if found:
            self._reports[key] = found


def path_of(prefix: str, plural: str, name: Name) -> str:
    """Of one object, below the path of its API version."""
    return f"{prefix}/namespaces/{name.namespace}/{plural}/{name.name}"
