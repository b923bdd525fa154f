"""A namespace of its own for every test."""

from collections.abc import AsyncIterator

import pytest

from tests.kubernetes.suite.lab import Lab, opened


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with opened() as made:
        yield made
