"""What the demo is going to do, and at which pace."""

from dataclasses import dataclass

LONGEST_REQUEST_SECONDS = 0.2
"""No request of the demo takes an instance longer than this."""

DRAIN_SECONDS = LONGEST_REQUEST_SECONDS + 1.0
"""How long a draining instance is kept after the receipt: its longest request, and a second (ARCHITECTURE.md)."""

SHORTEST_INTERVAL_SECONDS = 3.0
"""The least time for one replacement: the drain, three receipts and the start of an instance on a busy machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of processes, the traffic, and the pace.

    rate: requests per second, in all. interval: seconds from the start of one replacement to the start of the next, the
    same in both ways; whoever is done earlier waits.
    """

    proxies: int
    instances: int
    rate: float
    interval: float

    @property
    def run_seconds(self) -> float:
        """How long one of the two runs takes."""
        return self.interval * self.instances

    @property
    def seconds(self) -> float:
        """How long both runs take, without start and end."""
        return 2 * self.run_seconds

    @property
    def requests(self) -> int:
        """How many requests one run sends."""
        return round(self.rate * self.run_seconds)


def plan(proxies: int, instances: int, rate: float, seconds: float) -> Plan:
    """Spreads the replacements evenly over `seconds`, which grow if they are too few for the confirmed way."""
    return Plan(proxies, instances, rate, max(seconds / 2 / instances, SHORTEST_INTERVAL_SECONDS))
