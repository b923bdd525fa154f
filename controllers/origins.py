"""Where a replica's objects come from: puts the sources together, and says what is wrong in them."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from controllers.files import FileSource, Patience
from controllers.generations import Counts, Generations
from controllers.journal import Journal
from controllers.reports import Severity
from controllers.runtime import Runtime
from controllers.settings import FILES, Settings
from controllers.source import Source
from controllers.sources import Arbiter, Sink
from controllers.state_dir import StateDir
from controllers.status.model import SourceProblem
from controllers.work_queue import WorkQueue
from ledger.ids import ObjectKey

if TYPE_CHECKING:  # half a second, for who has no cluster
    from controllers.kubernetes.api import Api
    from controllers.kubernetes.cluster import Cluster, Controller
    from controllers.kubernetes.login import Login
    from controllers.kubernetes.remote.clusters import RemoteClusters

REMOTE = "remote/"
"""Begins the names of clusters that Secrets name."""

_MOST_OF_A_NAME = 200
"""Characters of a folder's name that are taken over as they are: file systems take 255 bytes."""


class Origins:
    """The sources of one replica.

    sources: in the order in which they are read, and count. state: the state directory, if there is one. remote: the
    clusters that Secrets name.

    Args:
        barred: says why nothing may be written in a cluster at the moment; None if it may be.

    Raises:
        StateError: the state directory can't be used.
    """

    def __init__(self, settings: Settings, runtime: Runtime, barred: Callable[[], str | None]) -> None:
        self._settings = settings
        self._runtime = runtime
        self._barred = barred
        self._arbiter = Arbiter(runtime)
        self._states: list[StateDir] = []
        self._clusters: list[Cluster] = []
        self.state = None if settings.state_dir is None else self._open(settings.state_dir)
        self.remote: RemoteClusters | None = None
        self.sources: list[Source] = [self._source(source) for source in settings.source]
        if settings.remote_secrets:
            self.remote = self._by_secrets()
            self.sources.append(self.remote)

    @property
    def clusters(self) -> "list[Cluster]":
        """Those that there are now; the first one has the configuration."""
        return [*self._clusters, *(self.remote.clusters if self.remote is not None else ())]

    @property
    def standing(self) -> "list[Controller]":
        """The controllers of the clusters that don't come and go; the others' are run by `remote`."""
        return [controller for cluster in self._clusters for controller in cluster.controllers]

    def queues(self) -> Iterator[tuple[str, WorkQueue[Any]]]:
        """What waits for the controllers, by their names."""
        for cluster in self.clusters:
            for controller in cluster.controllers:
                yield controller.worker.name, controller.worker.queue

    def problems(self) -> list[SourceProblem]:
        """What is wrong now."""
        found = [
            SourceProblem(source.name, report.key, report.origin, report.reason, report.severity is Severity.ERROR)
            for source in self.sources
            for report in source.reports()
        ]
        for key, used, other in self._arbiter.overlaps():
            found.append(SourceProblem(other, key, other, f"{used} holds it too, and that one is used", True))
        return found

    def doubt(self, key: ObjectKey) -> str | None:
        """Why the object that is served may not be the one that is meant."""
        for source in self.sources:
            report = source.report_for(key)
            if report is not None and report.severity is Severity.ERROR:
                return f"{report.origin}: {report.reason}"
        return None

    def close(self) -> None:
        """Gives the state directories back."""
        for state in self._states:
            state.close()

    def _source(self, source: str) -> Source:
        settings, directory = self._settings, Path(source.removeprefix(FILES))
        if source.startswith(FILES):
            source = f"{FILES}{directory}"
            counts, _ = self._counts(source, apart=len(settings.source) > 1)
            patience = Patience(vanish_grace=settings.vanish_grace)
            sink = self._arbiter.sink(source)
            return FileSource(directory, sink, counts.generations, save=counts.save, patience=patience)
        from controllers.kubernetes.api import Api

        context = source.partition(":")[2]
        cluster, _ = self._cluster(
            context, source, partial(Api.connect, barred=self._barred), apart=len(settings.source) > 1
        )
        self._clusters.append(cluster)
        return cluster.source

    def _by_secrets(self) -> "RemoteClusters":
        from controllers.kubernetes.api import Api
        from controllers.kubernetes.remote.clusters import RemoteClusters

        def make(name: str, login: "Login", sink: Sink | None) -> "tuple[Cluster, Sink]":
            async def connect(_: str) -> Api:
                return await Api.log_in(login, name, self._barred)

            return self._cluster(
                f"{REMOTE}{name}", f"kubernetes:{REMOTE}{name}", connect, apart=True, called=name, sink=sink
            )

        first = next(source for source in self._settings.source if not source.startswith(FILES))
        connect = partial(Api.connect, first.partition(":")[2], self._barred)
        return RemoteClusters(self._settings.remote_secrets, connect, make, self._runtime)

    def _cluster(
        self,
        name: str,
        source: str,
        connect: "Callable[[str], Awaitable[Api]]",
        *,
        apart: bool,
        called: str | None = None,
        sink: Sink | None = None,
    ) -> "tuple[Cluster, Sink]":
        """called: how the user calls it, if not by its name."""
        from controllers.kubernetes.cluster import Cluster

        may_be_away = (name if called is None else called) in self._settings.allow_unreachable
        sink = sink or self._arbiter.sink(source, may_be_away)
        counts, state = self._counts(source, apart)
        journal = None if state is None else Journal(state.path / "cluster.journal")
        is_first = not self._clusters and not name.startswith(REMOTE)
        made = Cluster(
            name,
            sink,
            self._runtime,
            self._settings,
            counts,
            journal,
            connect,
            is_first=is_first,
            may_be_away=may_be_away,
        )
        return made, sink

    def _counts(self, source: str, apart: bool) -> tuple[Counts, StateDir | None]:
        """A source's own counts, and where it keeps what else it has. apart: there are other sources."""
        state = self.state
        if state is None:
            return Counts(Generations()), None
        if apart:  # generations are counted by each source for itself
            state = self._open(state.path / folder_of(source))
        return Counts(state.load_generations(self._runtime.clock()), state.save_generations), state

    def _open(self, path: Path) -> StateDir:
        found = next((state for state in self._states if state.path == path), None)
        if found is not None:
            return found  # of a cluster that has come back
        state = StateDir(path)
        state.open()
        self._states.append(state)
        return state


def folder_of(source: str) -> str:
    """The name of the folder where a source keeps what it has: of a Secret's key, which may be any 253 characters."""
    name = quote(source, safe="")
    return (
        name if len(name) <= _MOST_OF_A_NAME else f"{name[:_MOST_OF_A_NAME]}~{sha256(source.encode()).hexdigest()[:16]}"
    )
