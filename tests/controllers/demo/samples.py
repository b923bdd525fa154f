"""Runs to vary."""

from collections import Counter

from controllers.demo.comparison import Run
from controllers.demo.control import Confirmation
from controllers.demo.failures import Failure
from controllers.demo.replacement import Way
from controllers.demo.traffic import Tally


def run(way: Way, failed: int = 0, late: float = 0.0, behind: float = 0.0, receipts: int = 0) -> Run:
    """A run of 100 requests that replaced 4 instances; its receipts took 1 ms, 2 ms and so on."""
    failures = Counter({Failure.REFUSED: failed}) if failed else Counter()
    tally = Tally(requests=100, failures=failures, lateness=[late] * 100)
    return Run(way, tally, 4, behind, [Confirmation((number + 1) / 1000, 3) for number in range(receipts)])
