"""`lastack serve` as a real process: what it promises at its start, in its life and at its end."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.controllers.certificates import Authority, Issued
from tests.controllers.documents import SERVICE_YAML, instance_yaml
from tests.controllers.proxy import FakeProxy
from tests.controllers.serving import ANY_PORT, Served, serve
from xds.types import CDS

SETTLED = ("--settling", "0s")


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    folder = tmp_path / "entries"
    folder.mkdir()
    (folder / "pay.yaml").write_text(SERVICE_YAML)
    (folder / "pay-1.yaml").write_text(instance_yaml(1))
    return folder


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody else listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def source(entries: Path) -> tuple[str, str]:
    return "--source", f"files:{entries}"


async def failed(*arguments: str | Path) -> str:
    """The one line that is told; the process ends with 1."""
    async with serve(*arguments) as process:
        assert await process.ended() == 1
        (line,) = process.lines
        return line


# Life


async def test_it_tells_where_it_listens_and_serves_what_is_in_the_files(entries: Path) -> None:
    async with serve(*source(entries), *ANY_PORT, *SETTLED) as process:
        await process.serving()
        proxy = FakeProxy(process.ads, "edge-1")
        await proxy.sync()
        receipt = await process.receipt("we/shop/pay-1", timeout="20s")
        assert (receipt["outcome"], receipt["acked"], receipt["audience"]) == ("CONFIRMED", 1, 1)
        await proxy.leave()
        process.signal()
        assert await process.ended() == 0


async def test_a_receipt_asked_for_right_after_a_change_is_one_for_that_change(entries: Path) -> None:
    async with serve(*source(entries), *ANY_PORT, *SETTLED) as process:
        await process.serving()
        proxy = FakeProxy(process.ads, "edge-1")
        await proxy.sync()
        await process.receipt("we/shop/pay-1", timeout="20s")
        (entries / "pay-1.yaml").write_text(instance_yaml(1, draining=True))
        (entries / "pay-2.yaml").write_text(instance_yaml(2))
        receipt = await process.receipt("we/shop/pay-1")
        assert (receipt["outcome"], receipt["applied_generation"]) == ("PENDING", 2)
        await proxy.ack(await proxy.take())
        assert (await process.receipt("we/shop/pay-1", timeout="20s"))["outcome"] == "CONFIRMED"
        await proxy.leave()


async def test_a_document_that_is_broken_makes_its_objects_receipt_unknown(entries: Path) -> None:
    async with serve(*source(entries), *ANY_PORT, *SETTLED) as process:
        await process.serving()
        broken = entries / "pay-1.yaml"
        broken.write_text(instance_yaml(1).replace("address", "adress"))
        receipt = await process.receipt("we/shop/pay-1")
        assert receipt["outcome"] == "UNKNOWN"
        assert receipt["reasons"][0].startswith(f"{broken}:4: spec.address: is missing")
        assert (await process.receipt("se/shop/pay"))["outcome"] == "CONFIRMED"


async def test_without_a_roster_of_before_receipts_are_unknown_for_the_settling_time(entries: Path) -> None:
    async with serve(*source(entries), *ANY_PORT) as process:
        await process.serving()
        assert (await process.receipt("we/shop/pay-1"))["outcome"] == "UNKNOWN"


async def test_after_a_restart_proxies_that_are_not_back_hold_receipts_back(entries: Path, tmp_path: Path) -> None:
    arguments = (*source(entries), *ANY_PORT, *SETTLED, "--state-dir", tmp_path / "state")
    async with serve(*arguments) as process:
        await process.serving()
        proxy = FakeProxy(process.ads, "edge-1")
        await proxy.sync()
        await process.receipt("we/shop/pay-1", timeout="20s")
        await proxy.leave()
        process.signal()
        assert await process.ended() == 0
    async with serve(*arguments) as process:
        await process.serving()
        receipt = await process.receipt("we/shop/pay-1")
        assert receipt["outcome"] == "PENDING"
        assert {(found["proxy"], found["state"]) for found in receipt["stragglers"]} == {("edge-1", "ABSENT")}
        back = FakeProxy(process.ads, "edge-1", held=proxy.held)
        await back.sync()
        waiting = asyncio.create_task(process.receipt("we/shop/pay-1", timeout="20s"))
        await back.accept()  # what it only claims to hold is sent again, since somebody asks
        assert (await waiting)["outcome"] == "CONFIRMED"
        await back.leave()


async def test_of_two_directories_the_first_one_gives_an_object_that_both_hold(entries: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / "pay-1.yaml").write_text(instance_yaml(1, draining=True))
    (second / "pay-2.yaml").write_text(instance_yaml(2))
    both = (*source(entries), *source(second), "--state-dir", tmp_path / "state")
    async with serve(*both, *ANY_PORT, *SETTLED) as process:
        await process.serving()
        assert (await process.receipt("we/shop/pay-1"))["outcome"] == "CONFIRMED"
        assert (await process.receipt("we/shop/pay-2"))["outcome"] == "CONFIRMED"
        (second / "pay-1.yaml").unlink()
        assert (await process.receipt("we/shop/pay-1", deleted="true"))["outcome"] == "PENDING"
        (entries / "pay-1.yaml").unlink()
        assert (await process.receipt("we/shop/pay-1", deleted="true", timeout="20s"))["outcome"] == "CONFIRMED"


# End


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_at_a_signal_streams_are_ended_and_it_exits_with_0(entries: Path, number: signal.Signals) -> None:
    async with serve(*source(entries), *ANY_PORT, *SETTLED, "--drain-time", "100ms") as process:
        await process.serving()
        proxies = [FakeProxy(process.ads, f"edge-{index}") for index in range(3)]
        for proxy in proxies:
            await proxy.sync()
        waiting = asyncio.create_task(process.receipt("we/shop/nope", timeout="10m"))
        await process.receipt("we/shop/pay-1", timeout="20s")
        process.signal(number)
        for proxy in proxies:
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await proxy.take()
            assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
            await proxy.leave()
        assert (await waiting)["outcome"] == "UNKNOWN"
        assert await process.ended() == 0
        assert not any("Traceback" in line for line in process.lines)


async def test_a_second_signal_ends_it_at_once(entries: Path) -> None:
    async with serve(*source(entries), *ANY_PORT, *SETTLED, "--drain-time", "1h") as process:
        await process.serving()
        proxies = [FakeProxy(process.ads, f"edge-{index}") for index in range(2)]
        for proxy in proxies:
            await proxy.sync()
        await process.receipt("we/shop/pay-1", timeout="20s")
        process.signal()
        await process.logged("shutting down")
        process.signal()
        assert await process.ended() == 0
        for proxy in proxies:
            await proxy.leave()


# What an operator has to put right: one line, and 1


async def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    line = await failed(*source(tmp_path / "nope"), *ANY_PORT)
    assert f"files:{tmp_path / 'nope'}: there is no such directory" in line


async def test_a_port_that_is_taken_is_told(entries: Path, taken: str) -> None:
    told = f"can't listen at {taken}: another process listens there"
    assert told in await failed(*source(entries), "--ads", taken, "--api", "127.0.0.1:0")
    assert told in await failed(*source(entries), "--ads", "127.0.0.1:0", "--api", taken)


async def test_an_address_that_is_not_this_machines_is_told(entries: Path) -> None:
    assert "can't listen at 192.0.2.1:15010" in await failed(*source(entries), "--ads", "192.0.2.1:15010")


async def test_a_state_directory_that_another_process_uses_is_told(entries: Path, tmp_path: Path) -> None:
    arguments = (*source(entries), *ANY_PORT, "--state-dir", tmp_path / "state")
    async with serve(*arguments) as process:
        await process.serving()
        assert "is in use by process" in await failed(*arguments)


async def test_a_certificate_that_can_not_be_used_is_told(entries: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good, other = authority.issue("lastack.test"), authority.issue("other.test")
    line = await failed(*source(entries), *ANY_PORT, "--tls-cert", good.cert, "--tls-key", other.key)
    assert f"tls_key {other.key} is not the key of tls_cert {good.cert}" in line


async def test_settings_that_can_not_be_used_are_told_a_line_for_each(entries: Path) -> None:
    async with serve("--settling", "soon", "--tls-cert", "a", *source(entries)) as process:
        assert await process.ended() == 2
        assert process.lines == ["Error: --settling: 'soon' is not a duration: write 30s, 500ms, 2m or 1h\n"]
    async with serve(*ANY_PORT) as process:
        assert await process.ended() == 2
        assert "there is no source" in process.lines[0]


# mTLS


async def mutual(process: Served, authority: Authority, shown: Issued | None, node: str) -> FakeProxy:
    """A proxy that shows a certificate."""
    credentials = grpc.ssl_channel_credentials(
        authority.path.read_bytes(),
        shown.key.read_bytes() if shown is not None else None,
        shown.cert.read_bytes() if shown is not None else None,
    )
    return FakeProxy(process.ads, node, credentials, "lastack.test")


async def test_with_mtls_a_certificate_speaks_for_its_own_node_id_only(entries: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.issue("lastack.test")
    edge = authority.issue("edge-1")
    workload = authority.issue("spiffe://mesh/ns/shop/sa/cart")
    tls = ("--tls-cert", server.cert, "--tls-key", server.key, "--tls-client-ca", authority.path)
    async with serve(*source(entries), *ANY_PORT, *SETTLED, *tls) as process:
        await process.serving()

        for shown, node in ((edge, "edge-1"), (workload, "spiffe://mesh/ns/shop/sa/cart/pod-7")):
            proxy = await mutual(process, authority, shown, node)
            await proxy.sync()
            await proxy.leave()

        impostor = await mutual(process, authority, edge, "edge-2")
        await impostor.ask(CDS)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await impostor.take()
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert refused.value.details() == "the certificate is for edge-1, which does not cover node id 'edge-2'"
        await impostor.leave()


async def test_with_mtls_nobody_gets_in_without_a_certificate_that_the_authority_signed(
    entries: Path, tmp_path: Path
) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    server, foreign = authority.issue("lastack.test"), stranger.issue("edge-1")
    tls = ("--tls-cert", server.cert, "--tls-key", server.key, "--tls-client-ca", authority.path)
    async with serve(*source(entries), *ANY_PORT, *SETTLED, *tls) as process:
        await process.serving()
        for shown in (None, foreign):
            proxy = await mutual(process, authority, shown, "edge-1")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await proxy.sync()
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            await proxy.leave()
