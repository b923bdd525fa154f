"""What the tests here share. A module may override `timing` and `limits`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.envoy.harness import Mesh
from xds.limits import Limits
from xds.timing import Timing


@pytest.fixture(params=[False, True], ids=["sotw", "delta"])
def delta(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def timing() -> Timing:
    return Timing()


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
async def mesh(tmp_path: Path, delta: bool, timing: Timing, limits: Limits) -> AsyncIterator[Mesh]:
    mesh = Mesh(tmp_path, delta, timing, limits)
    await mesh.load()
    await mesh.open()
    yield mesh
    await mesh.end()
