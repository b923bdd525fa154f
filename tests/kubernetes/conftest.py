"""A cluster, and lastack beside it."""

from collections.abc import AsyncIterator

import pytest

from tests.kubernetes.cluster import Cluster


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster() as made:
        yield made
