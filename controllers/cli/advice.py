"""What an operator can do about a straggler, by its state."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ledger.receipts import StragglerState
from xds.wording import few

SLOW_SECONDS = 15.0
"""After which a proxy that has not answered hangs rather than works."""

_ADVICE = {
    StragglerState.NOT_SENT: (
        "an earlier response to it is not answered yet, or clusters have to be there first; it is sent as soon as that "
        "is over. If it stays so, look at the proxy's admin port, /stats?filter=control_plane."
    ),
    StragglerState.SENT: "its answer is on the way; that takes a moment.",
    StragglerState.NACKED: (
        "it rejected the resource, for the reason in DETAIL, which is Envoy's own text. Fix the object that the text "
        "speaks of: the new form is sent at once. Until then the proxy may hold the old form, or part of the new one."
    ),
    StragglerState.CLAIMED: (
        "it says, since it reconnected, that it holds the newest form. That is not believed: the resource is sent "
        "again, and its ACK awaited. Nothing to do."
    ),
    StragglerState.GAVE_UP: (
        "it asks for the resource no longer, but still has the cluster or listener that uses it. It is settled when it "
        "ACKs the removal of that; see that type in `lastack proxies`."
    ),
    StragglerState.CONNECTING: (
        "its stream is new, and it has not said yet what it holds. That takes a moment; if it lasts, the peer is not a "
        "working xDS client: look at its log."
    ),
    StragglerState.ABSENT: (
        "its stream has ended, and an Envoy goes on with the configuration it has. If it is running, see why it can't "
        "connect (its log, or /clusters on its admin port). If its process is gone for good: lastack forget {proxy}"
    ),
}

_HANGS = (
    "it has not answered for long: it may hang. Look at its admin port (/ready, /config_dump, /stats?filter=update_), "
    "or restart it; after the setting ack_deadline its stream is ended."
)


def advice(stragglers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """For each state among them, in the order of their being mentioned: who is in it, and what to do."""
    groups: dict[tuple[str, str], list[str]] = {}
    for straggler in stragglers:
        name = straggler["proxy"] or "an unnamed stream"
        told = _of(straggler)
        names = groups.setdefault((straggler["state"], told), [])
        if name not in names:
            names.append(name)
    return [(f"{state} ({few(names)})", text.format(proxy=names[0])) for (state, text), names in groups.items()]


def _of(straggler: Mapping[str, Any]) -> str:
    state = StragglerState(straggler["state"])
    since = datetime.fromisoformat(straggler["since"])
    if state is StragglerState.SENT and (datetime.now(UTC) - since).total_seconds() > SLOW_SECONDS:
        return _HANGS
    return _ADVICE[state]
