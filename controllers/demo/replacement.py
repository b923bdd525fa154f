"""The two ways to replace an instance by a new one."""

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum

from controllers.demo.control import Confirmation
from controllers.demo.mesh import Instance, Mesh
from controllers.demo.plan import DRAIN_SECONDS

Tell = Callable[[str], None]
"""Takes a sentence on what has just been done."""


class Way(StrEnum):
    """How instances are replaced."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


async def replace_unconfirmed(mesh: Mesh, old: Instance, tell: Tell) -> Sequence[Confirmation]:
    """The usual way: the change is written, and the old instance killed at once. Nobody waits for anything."""
    new = await mesh.start_instance()
    mesh.publish(new)
    tell(f"{new.name} listens, and its entry is written")
    mesh.remove(old)
    await mesh.kill(old)
    tell(f"{old.name}'s entry is removed, and {old.name} killed at once")
    return []


async def replace_confirmed(mesh: Mesh, old: Instance, tell: Tell) -> Sequence[Confirmation]:
    """The sequence of ARCHITECTURE.md ("Removal, exactly"). Returns its receipts.

    Raises:
        DemoError: if a receipt is not CONFIRMED in the end; then nothing is killed.
    """
    confirmed = mesh.control.confirmed
    new = await mesh.start_instance()
    published = await confirmed(new.name, mesh.publish(new))
    tell(f"{new.name} listens, and {_proxies(published)} to it: receipt after {_ms(published)}")
    drained = await confirmed(old.name, mesh.mark_draining(old))
    tell(f"{old.name} is draining, and {_proxies(drained)} around it: receipt after {_ms(drained)}")
    await asyncio.sleep(DRAIN_SECONDS)
    removed = await confirmed(old.name, mesh.remove(old), deleted=True)
    tell(f"{old.name} is removed after {DRAIN_SECONDS:g} s of draining: receipt after {_ms(removed)}")
    await mesh.kill(old)
    tell(f"{old.name} is killed")
    return [published, drained, removed]


WAYS = {Way.UNCONFIRMED: replace_unconfirmed, Way.CONFIRMED: replace_confirmed}


def _proxies(confirmation: Confirmation) -> str:
    return "1 proxy routes" if confirmation.proxies == 1 else f"all {confirmation.proxies} proxies route"


def _ms(confirmation: Confirmation) -> str:
    return f"{1000 * confirmation.seconds:.0f} ms"
