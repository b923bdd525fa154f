"""Mistakes about which resources there are, in which form, and what of them is sent."""

from tests.mutants.mutant import Mutant

RESOURCES = (
    Mutant(
        "a load assignment that is gone is removed by removed_resources",
        "xds/types.py",
        "VANISHES_AS_EMPTY = frozenset({EDS, RDS})",
        "VANISHES_AS_EMPTY = frozenset({RDS})",
        "rule 25: Envoy ACKs that and keeps the hosts",
    ),
    Mutant(
        "the removal of a service's last endpoint is not sent, as if a mistake in a selector could thus be survived",
        "xds/snapshot.py",
        "if resources[resource.name.name].version != resource.version:",
        "if resources[resource.name.name].version != resource.version and len(service.endpoints[port]):",
        "removing the last one sends an empty ClusterLoadAssignment",
    ),
    Mutant(
        "a change of labels leaves the resources of the service that it moved from unchanged",
        "xds/index/index.py",
        "for owner in dict.fromkeys((*before, *after)):",
        "for owner in after or before:",
        "every resource that the object contributed to before or after the change is rebuilt",
    ),
    Mutant(
        "of two instances with one address both go when one does",
        "xds/index/endpoint_set.py",
        "        sharing.remove(member)\n",
        "        sharing.clear()\n",
        "when one goes the other takes over",
    ),
    Mutant(
        "a service is known by what it has now: the clusters of its former ports and hosts stay",
        "xds/snapshot.py",
        "            for entry in forms\n            for port in entry.ports\n",
        "            for entry in forms[-1:]\n            for port in entry.ports\n",
        "resources derived from an object are rebuilt, those of its old form too",
    ),
    Mutant(
        "an ACKed cluster is not followed by its load assignment",
        "xds/protocol/stream.py",
        "                child.send_again(names, now)\n",
        "                pass\n",
        "rule 8: a cluster that was sent waits for its endpoints, and all ACKs of clusters with it",
    ),
    Mutant(
        "what a proxy holds and is gone is not removed when it reconnects",
        "xds/protocol/delta.py",
        "names = {*names, *newest, *held, *self._perhaps_held(inherited)}",
        "names = {*names, *newest}",
        "rule 23: send what differs, remove what has vanished",
    ),
)
