from typing import cast

import pytest

from controllers.demo import replacement
from controllers.demo.control import Confirmation
from controllers.demo.errors import DemoError
from controllers.demo.mesh import Instance, Mesh
from controllers.demo.replacement import WAYS, Way


class FakeMesh:
    """Writes down what is done to it. `refused` is the step whose receipt is not CONFIRMED."""

    def __init__(self, refused: str = "") -> None:
        self.done: list[str] = []
        self.control = self
        self._refused = refused

    async def start_instance(self) -> Instance:
        self.done.append("start new")
        return cast(Instance, _Named("new"))

    def publish(self, instance: Instance) -> float:
        return self._do("publish", instance)

    def mark_draining(self, instance: Instance) -> float:
        return self._do("drain", instance)

    def remove(self, instance: Instance) -> float:
        return self._do("remove", instance)

    async def kill(self, instance: Instance) -> None:
        self._do("kill", instance)

    async def confirmed(self, instance: str, written: float, deleted: bool = False) -> Confirmation:
        if self.done[-1] == self._refused:
            raise DemoError("PENDING")
        self.done.append(f"receipt for {instance}{', deleted' if deleted else ''}")
        return Confirmation(0.01, 3)

    def _do(self, what: str, instance: Instance) -> float:
        self.done.append(f"{what} {instance.name}")
        return 0.0


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture(autouse=True)
def _no_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "DRAIN_SECONDS", 0.0)


async def _replace(way: Way, mesh: FakeMesh) -> int:
    return len(await WAYS[way](cast(Mesh, mesh), cast(Instance, _Named("old")), lambda step: None))


async def test_the_unconfirmed_way_waits_for_nothing() -> None:
    mesh = FakeMesh()
    assert await _replace(Way.UNCONFIRMED, mesh) == 0
    assert mesh.done == ["start new", "publish new", "remove old", "kill old"]


async def test_the_confirmed_way_waits_for_a_receipt_after_every_change() -> None:
    mesh = FakeMesh()
    assert await _replace(Way.CONFIRMED, mesh) == 3
    assert mesh.done == [
        "start new",
        "publish new",
        "receipt for new",
        "drain old",
        "receipt for old",
        "remove old",
        "receipt for old, deleted",
        "kill old",
    ]


@pytest.mark.parametrize("step", ["publish new", "drain old", "remove old"])
async def test_the_confirmed_way_goes_no_further_without_a_receipt(step: str) -> None:
    mesh = FakeMesh(refused=step)
    with pytest.raises(DemoError):
        await _replace(Way.CONFIRMED, mesh)
    assert mesh.done[-1] == step
