"""The suite's own lab."""

from tests.kubernetes.suite.conftest import lab

__all__ = ["lab"]
