"""A control plane to attack."""

from collections.abc import AsyncIterator

import pytest

from tests.hostility.arena import INSTANCE, WEB, Arena


@pytest.fixture
async def arena() -> AsyncIterator[Arena]:
    """It serves one service, with one instance."""
    arena = Arena()
    await arena.begin()
    await arena.put(WEB, INSTANCE)
    yield arena
    await arena.end()
