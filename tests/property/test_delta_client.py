"""Whatever a delta client asks for, gives up, rejects and loses: in the end it holds exactly what the server has."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.delta_client import DeltaClient
from tests.property.exchanges import Exchanges


class DeltaExchanges(Exchanges):
    kind = DeltaClient


def test_a_delta_client_ends_with_exactly_what_the_server_has() -> None:
    run_state_machine_as_test(
        DeltaExchanges, settings=settings(derandomize=True, max_examples=25, stateful_step_count=40, deadline=None)
    )
