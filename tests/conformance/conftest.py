"""Runs each test on every transport that it concerns, against the core and through sockets."""

from collections.abc import AsyncIterator

import pytest

from tests.conformance.bench import Bench
from tests.conformance.core import CoreBench
from tests.conformance.rules import CORE, drivers_of, kinds_of
from tests.conformance.sockets import SocketBench


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(*numbers): the rules of xds/PROTOCOL.md that the test proves")
    config.addinivalue_line("markers", "on(*kinds): the transports that the test runs on; without it, all four")
    config.addinivalue_line("markers", "only(driver): the one driver, core or socket, that the test runs with")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marks = list(metafunc.definition.iter_markers())
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", kinds_of(marks), ids=str)
    for name in ("bench", "sockets"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, drivers_of(marks), indirect=True)


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bench: Bench = CoreBench() if request.param == CORE else SocketBench()
    await bench.begin()
    yield bench
    await bench.end()


@pytest.fixture
async def sockets(request: pytest.FixtureRequest) -> AsyncIterator[SocketBench]:
    """For tests that are `only(SOCKET)`."""
    bench = SocketBench()
    await bench.begin()
    yield bench
    await bench.end()
