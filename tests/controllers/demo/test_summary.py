from io import StringIO

from rich.console import Console

from controllers.demo.comparison import Run
from controllers.demo.replacement import Way
from controllers.demo.summary import summary
from tests.controllers.demo.samples import run


def _printed(*runs: Run) -> str:
    console = Console(file=StringIO(), width=80)
    console.print(summary(runs))
    assert isinstance(console.file, StringIO)
    return " ".join(console.file.getvalue().split())


def test_the_two_ways_stand_side_by_side() -> None:
    printed = _printed(run(Way.UNCONFIRMED, failed=7), run(Way.CONFIRMED, receipts=12))
    assert "unconfirmed confirmed" in printed
    assert "requests that failed 7 0" in printed
    assert "sent to an instance already gone 7 0" in printed
    assert "receipts - 12" in printed
    assert "Without waiting 7 requests failed; with receipts, and 1.2 s for requests in flight, none did." in printed


def test_a_failure_in_the_confirmed_way_is_not_talked_away() -> None:
    assert "That must not be" in _printed(run(Way.UNCONFIRMED), run(Way.CONFIRMED, failed=1))


def test_an_overloaded_client_is_told_apart() -> None:
    printed = _printed(run(Way.UNCONFIRMED), run(Way.CONFIRMED, failed=1, late=0.5))
    assert "Mind: confirmed: the client itself was late" in printed
    assert "try a lower --rate" in printed
