"""`lastack wait`: exit codes, progress, and who is named."""

import json
import socket
import time
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from controllers.cli import main
from tests.controllers.cli.live import Live, words
from tests.controllers.documents import CLUSTER, gone, instance
from tests.controllers.proxy import FakeProxy
from xds.types import EDS


async def behind(plane: Live, node: str = "edge-1") -> tuple[FakeProxy, Any]:
    """A proxy that was sent the second instance, and what it was sent."""
    proxy = await plane.world.synced(node)
    await plane.world.apply(instance(2))
    return proxy, await proxy.take()


def test_confirmed_ends_with_0(plane: Live) -> None:
    result = plane.lastack("wait", "we/shop/pay-1")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("WorkloadEntry/shop/pay-1: CONFIRMED after ")
    assert result.stderr == "acked 0/0, pending 0\n"


def test_it_waits_until_the_receipt_has_stayed(plane: Live) -> None:
    began = time.monotonic()
    result = plane.lastack("wait", "we/shop/pay-1", "--stays", "200ms")
    assert result.exit_code == 0, result.output
    assert time.monotonic() - began >= 0.2


def test_a_receipt_that_has_to_stay_for_longer_than_is_waited_is_refused(plane: Live) -> None:
    result = plane.lastack("wait", "we/shop/pay-1", "--stays", "31s")
    assert result.exit_code == 2
    assert "longer than --timeout" in result.stderr


def test_it_waits_for_the_ack(plane: Live) -> None:
    proxy, change = plane.do(behind(plane))

    async def ack_once_somebody_waits() -> None:
        await plane.world.until(lambda: len(plane.world.plane.room) == 1)
        await proxy.ack(change)

    acking = plane.begin(ack_once_somebody_waits())
    result = plane.lastack("wait", "we/shop/pay-2")
    acking.result()
    assert result.exit_code == 0
    assert result.stderr.splitlines() == ["acked 0/1, pending 1", "acked 1/1, pending 0"]


def test_pending_at_the_timeout_ends_with_3_and_names_the_stragglers(plane: Live) -> None:
    plane.do(behind(plane))
    result = plane.lastack("wait", "we/shop/pay-2", "--timeout", "0")
    assert result.exit_code == 3
    assert result.stdout.startswith("WorkloadEntry/shop/pay-2: PENDING after ")
    headings, row = words(result)[1:]
    assert headings == ["PROXY", "RESOURCE", "STATE", "SINCE", "DETAIL"]
    assert row[:4] == ["edge-1", "ClusterLoadAssignment", CLUSTER, "SENT"]
    assert result.stdout.endswith("sent, and not answered yet\n")


def test_a_nack_and_who_is_not_asked_are_counted(plane: Live) -> None:
    async def scene() -> None:
        proxy, change = await behind(plane)
        await proxy.nack(change, "no such locality")
        other = plane.world.proxy("edge-2")
        await other.ask(EDS, ["another"])
        await other.ack(await other.take())
        await plane.world.until(lambda: plane.world.plane.traffic.nacked[EDS] == 1)
        await plane.world.until(lambda: not plane.world.plane.deliveries.connecting)

    plane.do(scene())
    result = plane.lastack("wait", "we/shop/pay-2", "--timeout", "0")
    assert result.exit_code == 3
    assert result.stderr == "acked 0/1, pending 0, nacked 1, excluded 1 not subscribed\n"
    assert "no such locality" in result.stdout


def test_unknown_at_the_timeout_ends_with_4_and_says_why(plane: Live) -> None:
    async def trouble() -> None:
        plane.world.runtime.trouble("files:a", "the directory is gone")

    plane.do(trouble())
    result = plane.lastack("wait", "we/shop/pay-1", "--timeout", "0")
    assert result.exit_code == 4
    assert "  files:a: the directory is gone\n" in result.stdout


def test_released_unconfirmed_ends_with_5_and_names_who_was_let_go(plane: Live) -> None:
    async def scene() -> None:
        proxy, _ = await behind(plane)
        await proxy.leave()
        await plane.world.until(lambda: not plane.world.plane.streams)
        plane.world.plane.deliveries.release_absent(plane.world.runtime.clock())

    plane.do(scene())
    result = plane.lastack("wait", "we/shop/pay-2", "--timeout", "0")
    assert result.exit_code == 5
    assert result.stderr == "acked 0/1, pending 0, released 1 absent\n"
    assert words(result)[-1][0] == "edge-1"


def test_for_delete_waits_for_the_deletion(plane: Live) -> None:
    assert plane.lastack("wait", "we/shop/pay-1", "--for", "delete", "--timeout", "0").exit_code == 3
    plane.do(plane.world.apply(gone(1)))
    assert plane.lastack("wait", "we/shop/pay-1", "--for", "delete", "--timeout", "0").exit_code == 0


def test_a_generation_can_be_named(plane: Live) -> None:
    result = plane.lastack("wait", "we/shop/pay-1", "--generation", "2", "--timeout", "0")
    assert result.exit_code == 3
    assert "  WorkloadEntry/shop/pay-1 is applied at generation 1, not yet at 2\n" in result.stdout
    plane.do(plane.world.apply(instance(1, generation=2, labels={"app": "pay", "v": "2"})))
    assert plane.lastack("wait", "we/shop/pay-1", "--generation", "2").exit_code == 0


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_receipt_can_be_had_as_data(plane: Live, form: str) -> None:
    result = plane.lastack("wait", "we/shop/pay-1", "-o", form)
    told = json.loads(result.stdout) if form == "json" else yaml.safe_load(result.stdout)
    assert (told["object"], told["outcome"]) == ("WorkloadEntry/shop/pay-1", "CONFIRMED")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pay-1"], "write KIND/NAMESPACE/NAME"),
        (["pod/shop/pay-1"], "is not a kind"),
        (["we/shop/pay-1", "--timeout", "soon"], "is not a duration"),
        (["we/shop/pay-1", "--generation", "0"], "is not in the range"),
        (["we/shop/pay-1", "--for", "ever"], "is not 'delete'"),
    ],
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["wait", *arguments])
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_api_that_is_not_there_ends_with_1_and_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = f"127.0.0.1:{taken.getsockname()[1]}"
        result = CliRunner().invoke(main, ["wait", "we/shop/pay-1", "--api", api])
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: can't reach the API at http://{api}: Connection refused; is `lastack serve` running? "
        "Name its address by --api or LASTACK_API\n"
    )


@pytest.mark.parametrize("api", ["http://[", "ftp://a", "a:b:c", "", "http://", "host:port"])
def test_what_is_no_address_of_an_api_is_told(api: str) -> None:
    result = CliRunner().invoke(main, ["wait", "we/shop/pay-1", "--api", api])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not an address of the API" in result.stderr


def test_something_else_that_answers_there_is_told(plane: Live) -> None:
    result = plane.lastack("wait", "we/shop/pay-1", "--api", f"127.0.0.1:{plane.world.port}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: can't reach the API at")
