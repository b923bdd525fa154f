"""Which test cites which rules, read from the test modules without running them."""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from tests.conformance.rules import Rule, cited_by, drivers_of, kinds_of
from tests.conformance.transports import Kind

PACKAGE = "tests.conformance"


@dataclass(frozen=True, slots=True)
class Citation:
    """A test, and what it proves: these rules, on these transports, with these drivers."""

    test: str
    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...]
    drivers: tuple[str, ...]


def citations() -> list[Citation]:
    """Of every test that runs on a transport."""
    return list(_citations())


def _citations() -> Iterator[Citation]:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("test_"):
            continue
        for name, function in vars(import_module(f"{PACKAGE}.{module.name}")).items():
            if name.startswith("test_") and "kind" in function.__annotations__:
                marks: list[pytest.Mark] = getattr(function, "pytestmark", [])
                yield Citation(f"{module.name}::{name}", cited_by(marks), kinds_of(marks), drivers_of(marks))
