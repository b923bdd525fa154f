"""Grace periods are kept although our clock and the API server's are an hour apart."""

from controllers.clock import Clock
from controllers.kubernetes.pods.names import DRAINED
from controllers.runtime import Runtime
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import condition, controlled
from tests.kubernetes.suite.test_hook import CONFIRMED, RELEASED, listening, published
from xds.plane import Plane

HOUR = 3600.0


class Off(Clock):
    """A clock that was wrong when its process began."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self._offset += by


async def test_a_grace_period_is_not_cut_short_where_our_clock_is_ahead(lab: Lab) -> None:
    runtime = Runtime(Plane(), Off(HOUR))
    async with controlled(lab, runtime=runtime) as control, listening(lab, control) as hook:
        await published(lab, control)
        await lab.delete("pods", "p")
        assert await hook.call() == (200, CONFIRMED)
        assert (await condition(lab, DRAINED))["reason"] == "Confirmed"


async def test_a_grace_period_ends_where_our_clock_is_behind(lab: Lab) -> None:
    runtime = Runtime(Plane(), Off(-HOUR))
    async with controlled(lab, runtime=runtime, answers=False) as control, listening(lab, control) as hook:
        await published(lab, control, grace=4)
        await lab.delete("pods", "p")
        assert await hook.call() == (200, RELEASED)
        assert (await condition(lab, DRAINED, "False"))["reason"] == "ReleasedUnconfirmed"
