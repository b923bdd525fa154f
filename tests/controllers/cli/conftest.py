"""Each test here may talk to a control plane of its own."""

from collections.abc import Iterator

import pytest

from tests.controllers.cli.live import Live, live


@pytest.fixture
def plane() -> Iterator[Live]:
    with live() as made:
        yield made
