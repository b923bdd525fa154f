"""Mistakes about what an answer of a proxy is worth (rules 4, 20, 23, 26 and 31)."""

from tests.mutants.mutant import Mutant

CREDIT = (
    Mutant(
        "an ACK is credited by its root alone: to all that the stream lacked, whatever the response held",
        "xds/protocol/subscription.py",
        "self._world.deliveries.acked(self.interest, sent.names, sent.built)",
        "self._world.deliveries.acked(self.interest, list(self.interest.behind), sent.built)",
        "an ACK is credited by (stream, type, nonce) and what that response held, never by the root alone",
    ),
    Mutant(
        "a response is known by its root alone: the ACK of an earlier one with an equal root passes for its own (delta)",
        "xds/protocol/delta.py",
        "if sent is not None and request.nonce == sent.nonce:",
        'if sent is not None and request.nonce.partition(".")[0] == sent.nonce.partition(".")[0]:',
        "rule 29: duplicate ACKs and ACKs of forgotten nonces credit nothing",
    ),
    Mutant(
        "an ACK is credited up to the newest change, not to when its response was built",
        "ledger/deliveries.py",
        "lag.raise_held(interest.stream, built)",
        "lag.raise_held(interest.stream, progress.need)",
        "every subscriber has ACKed a version built at or after the change",
    ),
    Mutant(
        "an ACK settles what is to be sent again (rule 8) or has changed since",
        "ledger/deliveries.py",
        "if built >= progress.need and name not in interest.unsent:",
        "if built >= progress.need:",
        "rule 8: the cluster that was sent meanwhile waits for its endpoints, and holds all later ACKs of clusters back",
    ),
    Mutant(
        "a NACK credits: whoever has answered a response is taken to be done with it",
        "xds/protocol/subscription.py",
        "self._world.deliveries.nacked(self.interest, sent.names, text, again)",
        "self._world.deliveries.acked(self.interest, sent.names, sent.built)",
        "rule 31: after a NACK anything may have been applied",
    ),
    Mutant(
        "a NACK is inferred from the version that it repeats, so the echo that names the new version is an ACK (SotW)",
        "xds/protocol/sotw.py",
        'if request.HasField("error_detail"):  # rule 4',
        'if request.HasField("error_detail") and request.version_info != sent.version:',
        "rules 4 and 30: error_detail alone tells a NACK",
    ),
    Mutant(
        "an ACK that names the old version credits (SotW)",
        "xds/protocol/sotw.py",
        "elif request.version_info == sent.version:  # rule 20",
        "else:",
        "rule 20: the old version without error_detail is not an ACK",
    ),
    Mutant(
        "a claim by initial_resource_versions credits, as an ACK does",
        "xds/protocol/delta.py",
        "deliveries.claim(self.interest, claimed)",
        "deliveries.acked(self.interest, claimed, self._world.revision)",
        "rule 23: a claim may be false, and never completes a receipt",
    ),
    Mutant(
        "a tainted resource is not sent again: it waits for its next change",
        "ledger/deliveries.py",
        "                if again and name not in interest.given_up:\n                    interest.unsent.add(name)\n",
        "",
        "a tainted resource is sent again alone, until it is ACKED or rejected by itself",
    ),
    Mutant(
        "giving up a resource credits at once, whether or not the proxy goes on using it",
        "ledger/subscribers.py",
        "if still_used(name):",
        "if False:",
        "rule 26: Envoy gives up load assignments just before it ACKs the removal of their cluster",
    ),
    Mutant(
        "a removal that was held back counts as told by the full set that still had the resource (SotW)",
        "xds/protocol/sotw.py",
        "settled += [name for name in self.interest.behind if name not in wanted.resources]",
        "settled += gone",
        "rules 7 and 16: only a set without it removes it",
    ),
    Mutant(
        "what a stream has newly asked for it is taken to hold",
        "xds/protocol/subscription.py",
        "held = None if known else NEVER",
        "held = None",
        "rule 18: it was never sent, and no ACK can have covered it",
    ),
)
