"""Who may know an object otherwise than it is: of those, no receipt may be CONFIRMED."""

from collections.abc import Iterable, Mapping

from ledger.ids import ObjectKey, ProxyId, ResourceName
from ledger.receipts import Outcome, Query, Receipt
from tests.fuzz.facts import Form, truth
from tests.fuzz.holdings import Holdings
from xds.objects import Applied, ServiceEntry, WorkloadEntry
from xds.plane import Plane
from xds.types import EDS


class Oracle:
    """Knows the objects as they are, and what each proxy may hold.

    objects: those that are applied. absent: what the proxies of ended streams may hold, of which nothing better is
    known.
    """

    def __init__(self) -> None:
        self.objects: dict[ObjectKey, Applied] = {}
        self.absent: list[tuple[ProxyId, Holdings]] = []
        self._truths: dict[str, dict[ResourceName, Form]] = {}

    def changed(self) -> None:
        """Other objects are applied now."""
        self._truths.clear()

    def query(self, key: ObjectKey) -> Query:
        """Whether the object, as it is now, has reached everybody."""
        applied = self.objects.get(key)
        return Query(key, applied.generation) if applied is not None else Query(key, deleted=True)

    def is_back(self, proxy: ProxyId, order: int) -> None:
        """The proxy has spoken on another stream: what it held on those that opened before, it shows or holds no more.

        Of processes that share a node id more could be told; the simulation has those.
        """
        self.absent = [(who, held) for who, held in self.absent if who != proxy or held.order > order]

    def is_gone(self, proxy: ProxyId) -> None:
        """The proxy runs no longer."""
        self.absent = [(who, held) for who, held in self.absent if who != proxy]

    def check(self, plane: Plane, living: Iterable[Holdings], answered: Iterable[Receipt], now: float) -> None:
        """Nothing is CONFIRMED that a proxy may know otherwise.

        Args:
            answered: the receipts that somebody waited for and was just given.

        Raises:
            AssertionError: something is.
        """
        doubts: dict[ObjectKey, tuple[Holdings, ResourceName]] = {}
        for holdings in [*living, *(held for _, held in self.absent)]:
            true = self._truth(holdings.namespace)
            holdings.let_go({name.name for name in true if name.type_url == EDS})
            doubts.update((key, (holdings, name)) for key, name in holdings.differences(true))
        receipts = [receipt for receipt in answered if receipt.query.key in doubts]
        receipts += [plane.receipt(self.query(key), now) for key in doubts]
        for receipt in receipts:
            assert receipt.outcome is not Outcome.CONFIRMED, self._accusation(receipt, *doubts[receipt.query.key])

    def _accusation(self, receipt: Receipt, holdings: Holdings, name: ResourceName) -> str:
        """What to say of a receipt that is CONFIRMED and should not be."""
        held = sorted(map(sorted, holdings.forms.get(name, ())))
        true = sorted(self._truth(holdings.namespace).get(name, ()))
        return f"{receipt.query} is CONFIRMED, and the proxy of stream {holdings.order} may hold {name} as {held}; " + (
            f"it is {true}"
        )

    def _truth(self, namespace: str) -> Mapping[ResourceName, Form]:
        if namespace not in self._truths:
            objects = [applied.object for applied in self.objects.values()]
            services = [one for one in objects if isinstance(one, ServiceEntry)]
            workloads = [one for one in objects if isinstance(one, WorkloadEntry)]
            self._truths[namespace] = truth(services, workloads, namespace)
        return self._truths[namespace]
