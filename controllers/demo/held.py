"""Which version of the list of instances each proxy holds, from the status API's answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xds.types import EDS

_SHOWN = 8
"""Enough of a version to see that two differ."""


@dataclass(frozen=True, slots=True)
class Held:
    """version: what the proxy last ACKed, cut short. newest: whether that is the newest."""

    version: str
    newest: bool


def held_by_proxy(proxies: Sequence[Mapping[str, Any]]) -> dict[str, Held]:
    """By node id. A proxy that has not ACKed a list of instances yet is left out."""
    found = {}
    for proxy in proxies:
        for subscribed in proxy.get("types", ()):
            if subscribed.get("type_url") == EDS and subscribed.get("acked_version"):
                acked = str(subscribed["acked_version"])
                found[str(proxy.get("id"))] = Held(acked[:_SHOWN], subscribed.get("state") == "SYNCED")
    return found
