"""Mistakes about what a receipt looks at, and about who waits for one."""

from tests.mutants.mutant import Mutant

RECEIPTS = (
    Mutant(
        "off by one revision: a receipt takes the form of just before its change",
        "ledger/lag.py",
        "return least is None or least >= revision",
        "return least is None or least + 1 >= revision",
        "built at or after that change",
    ),
    Mutant(
        "the audience is taken after the change: of the services that select the object now",
        "xds/index/index.py",
        "            touched.footprint.update(_endpoint_resources(service))\n            if workload",
        "            if owner in after or not after:\n"
        "                touched.footprint.update(_endpoint_resources(service))\n            if workload",
        "every resource that the object contributed to before or after the change",
    ),
    Mutant(
        "a resource that an object has left is forgotten with its next change",
        "ledger/footprints.py",
        "                if not self._let_go(resource, revision):\n",
        "                if False:\n",
        "a footprint holds what the object has left until everybody has let go of it",
    ),
    Mutant(
        "an object that another's change moved keeps the footprint that it had",
        "ledger/footprints.py",
        "                footprint.touched[resource] = revision\n\n    @property",
        "                footprint.touched.setdefault(resource, footprint.revision)\n\n    @property",
        "whoever moved it, its own labels or a service's selector",
    ),
    Mutant(
        "the footprint of an object goes with the object",
        "ledger/footprints.py",
        "        self._deleted[key] = None\n",
        "        del self._footprints[key]\n",
        "a deletion is confirmed when everybody has let go of what the object touched",
    ),
    Mutant(
        "footprints look before deliveries have heard of the change",
        "xds/plane.py",
        "        self._woken |= self.deliveries.changed(changes, since, revision, now)\n"
        "        # Only now: what an earlier change has touched may be let go of only by who has let go of this one too.\n"
        "        for event, in_use, touched in applied:\n"
        "            if isinstance(event, Applied):\n"
        "                self.footprints.applied(event.key, event.generation, revision, touched.footprint, touched.awaited)\n"
        "            else:\n"
        "                self.footprints.deleted(event.key, revision, touched.footprint, in_use)\n",
        "        for event, in_use, touched in applied:\n"
        "            if isinstance(event, Applied):\n"
        "                self.footprints.applied(event.key, event.generation, revision, touched.footprint, touched.awaited)\n"
        "            else:\n"
        "                self.footprints.deleted(event.key, revision, touched.footprint, in_use)\n"
        "        self._woken |= self.deliveries.changed(changes, since, revision, now)\n"
        "        for event, in_use, touched in applied:\n",
        "a footprint holds what the object has left until everybody has let go of it",
    ),
    Mutant(
        "a receipt is given for whatever generation is applied",
        "ledger/receipts.py",
        "if footprint.deleted or footprint.generation >= query.generation:",
        "if footprint:",
        "the replica has applied the object at a generation >= G",
    ),
    Mutant(
        "absence for longer than the deadline confirms",
        "ledger/receipts.py",
        "outcome = Outcome.RELEASED_UNCONFIRMED if released else Outcome.CONFIRMED",
        "outcome = Outcome.CONFIRMED",
        "the outcome of a deadline is RELEASED_UNCONFIRMED, with the stragglers on record",
    ),
    Mutant(
        "Envoy's panic mode is no obstacle: an instance that drains is let go of while all others drain too",
        "ledger/receipts.py",
        "        elif held_back or stragglers:\n",
        "        elif missing is not None or stragglers:\n",
        "if every endpoint of a service is draining, Envoy uses all of them",
    ),
    Mutant(
        "whoever waits for an object is not told of its deletion",
        "xds/plane.py",
        "            self.room.object_changed(event.key)\n",
        "            if isinstance(event, Applied):\n                self.room.object_changed(event.key)\n",
        "a waiting receipt is woken by what completes it; else it waits for ever",
    ),
)
