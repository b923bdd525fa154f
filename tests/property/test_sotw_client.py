"""Whatever a SotW client asks for, gives up, rejects and loses: in the end it holds exactly what the server has."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.exchanges import Exchanges
from tests.property.sotw_client import SotwClient


class SotwExchanges(Exchanges):
    kind = SotwClient


def test_a_sotw_client_ends_with_exactly_what_the_server_has() -> None:
    run_state_machine_as_test(
        SotwExchanges, settings=settings(derandomize=True, max_examples=25, stateful_step_count=40, deadline=None)
    )
