"""Mistakes about who is obliged: streams that open, end and come back, and replicas that start (rules 27 and 28)."""

from tests.mutants.mutant import Mutant

ABSENCE = (
    Mutant(
        "a disconnect credits: a stream that ended obliges nobody",
        "ledger/streams.py",
        "        self._succeed(record, record.unshown | record.interests.keys())\n",
        "        self._release(record)\n",
        "rule 27: the end of a stream never credits anything; Envoy keeps its last configuration",
    ),
    Mutant(
        "an absent proxy is not marked as behind on what changes while it is away",
        "ledger/deliveries.py",
        "if views is None or record.view in views:",
        "if record.ended is None and (views is None or record.view in views):",
        "an absent proxy falls behind on every later change",
    ),
    Mutant(
        "one stream that is back lets go of every process of its node id that was away",
        "ledger/succession.py",
        "needed = self.processes.count(record, type_url)\n",
        "needed = 1\n",
        "rule 27: where two processes were seen at once, both must be back",
    ),
    Mutant(
        "two streams that are open are taken for two processes, whether or not the older one is in use",
        "ledger/succession.py",
        "heard = sorted(max(other.opened_order, other.heard_order) for other in living)",
        "heard = [self.moment] * len(living)",
        "rule 27: a stream whose end is not noticed yet may be of the process that opened the next",
    ),
    Mutant(
        "an ACK shows that the stream was in use when it came, not when what it answers was sent",
        "ledger/streams.py",
        "        self._heard(record, moment)\n",
        "        self._heard(record, self.moment)\n",
        "rule 27: the process may have sent it before it lost that stream and opened another",
    ),
    Mutant(
        "a process that boots while no stream is open is taken at once for the earlier one, booted again",
        "ledger/succession.py",
        "if until > record.opened:",
        "if False:",
        "rule 27: the parent of a hot restart may have lost its stream just then, and is back within a minute",
    ),
    Mutant(
        "of two streams the one that speaks first is taken for the one that opened first",
        "ledger/succession.py",
        "if later.opened_order > record.opened_order:",
        "if False:",
        "rule 27: which of them speaks first says nothing",
    ),
    Mutant(
        "a restarted replica with no roster confirms",
        "xds/plane.py",
        "if not roster_known and self.timing.settling > 0:",
        "if False:",
        "without a state directory receipts are UNKNOWN for a settling time",
    ),
    Mutant(
        "a restarted replica shows the proxies of its roster, and waits for none of them",
        "xds/memory.py",
        "                    self._deliveries.remember(streams, proxy.id, proxy.types, now, targets)\n",
        "",
        "as long as any proxy may hold a form from before the start, every receipt waits for it",
    ),
    Mutant(
        "what a proxy shows of versions from before the start is taken for this process's own",
        "ledger/deliveries.py",
        "            self.relics.add((interest.stream, ResourceName(interest.type_url, name)))\n",
        "            pass\n",
        "relics hold back every receipt: what an object touched back then is not known",
    ),
    Mutant(
        "only the names of what is there are saved, not of what has vanished and is not ACKed",
        "xds/memory.py",
        "names = self._world.snapshot.catalogue() | {r for r in self._deliveries.lagging() if r.type_url in FULL_SET}",
        "names = self._world.snapshot.catalogue()",
        "what has vanished is removed from every proxy that may have heard of it, listed or not",
    ),
    Mutant(
        "proxies are answered before the state is safe",
        "xds/plane.py",
        "if self._durable_version is not None and self._durable_version < self.dump_version:",
        "if False:",
        "no proxy is sent anything that is not safe in the state directory first",
    ),
    Mutant(
        "a save that comes late is taken for one of the newest state",
        "xds/plane.py",
        "        self._durable_version = version\n",
        "        self._durable_version = self.dump_version\n",
        "no proxy is sent anything that is not safe in the state directory first",
    ),
)
