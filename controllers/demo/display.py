"""What a person at a terminal sees while the demo runs."""

import asyncio
import time
from collections import deque
from contextlib import suppress

from rich.box import SIMPLE
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from controllers.demo.comparison import Run
from controllers.demo.errors import DemoError
from controllers.demo.held import Held, held_by_proxy
from controllers.demo.mesh import Mesh, State
from controllers.demo.plan import Plan
from controllers.demo.replacement import Way

_REFRESH_SECONDS = 0.25
_STEPS_SHOWN = 6

_TITLES = {
    Way.UNCONFIRMED: "Run 1 of 2, unconfirmed: write the change and kill the old instance at once",
    Way.CONFIRMED: "Run 2 of 2, confirmed: kill only when receipts say that every proxy has let go",
}
_STYLES = {State.STARTED: "dim", State.SERVING: "green", State.DRAINING: "yellow", State.REMOVED: "red"}


def introduction(plan: Plan) -> str:
    """What is going to happen, for somebody who has never heard of xDS."""
    proxies = "1 Envoy proxy" if plan.proxies == 1 else f"{plan.proxies} Envoy proxies"
    instances = "1 instance" if plan.instances == 1 else f"{plan.instances} instances"
    return (
        f"{plan.rate:g} requests a second go through {proxies} to {instances} of a service; lastack tells the proxies "
        f"which instances there are. Every instance is replaced by a new one, one every {plan.interval:g} s, twice: "
        f"first without and then with waiting for lastack's receipts. This takes {plan.seconds:.0f} s."
    )


class Display:
    """Shows the demo on a console: live on a terminal, else a line for each step."""

    def __init__(self, console: Console, plan: Plan) -> None:
        self._console = console
        self._plan = plan
        self._run: Run | None = None
        self._run_started = 0.0
        self._over: list[Run] = []
        self._steps: deque[str] = deque(maxlen=_STEPS_SHOWN)
        self._held: dict[str, Held] = {}
        self._phase = "Starting the control plane, the proxies and the instances"

    def starts(self, run: Run) -> None:
        """A run starts; its numbers will be shown."""
        if self._run is not None:
            self._over.append(self._run)
        self._run, self._run_started = run, time.monotonic()
        self._phase = _TITLES[run.way]
        self._steps.clear()
        if not self._console.is_terminal:
            self._console.print(Text(self._phase))

    def tell(self, step: str) -> None:
        """A step was taken."""
        self._steps.append(step)
        if not self._console.is_terminal:
            self._console.print(Text(f"  {step}"), soft_wrap=True)

    async def show(self, mesh: Mesh) -> None:
        """Shows the mesh until cancelled."""
        if not self._console.is_terminal:
            self._console.print(Text(self._phase))
            await asyncio.get_running_loop().create_future()
        # Not rich's own thread: what it draws would change under its hands.
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                if self._run is not None:
                    with suppress(DemoError):
                        self._held = held_by_proxy(await mesh.control.proxies())
                live.update(self._picture(mesh), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)

    def _picture(self, mesh: Mesh) -> RenderableType:
        tables = Table.grid(padding=(0, 2))
        tables.add_row(self._proxies(mesh), self._instances(mesh))
        steps = [Text(f"  {step}", style="dim") for step in self._steps]
        over = [Text(f"{run.way.value.capitalize()}: {_outcome(run)}") for run in self._over]
        return Group(Text(), *over, Text(self._phase, style="bold"), self._progress(), tables, *steps)

    def _progress(self) -> Text:
        if self._run is None:
            return Text()
        elapsed = min(time.monotonic() - self._run_started, self._plan.run_seconds)
        return Text(
            f"{elapsed:.0f} of {self._plan.run_seconds:.0f} s, "
            f"{self._run.replaced} of {self._plan.instances} replaced; {_outcome(self._run)}"
        )

    def _proxies(self, mesh: Mesh) -> Table:
        table = Table("proxy", "protocol", "acked", box=SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("sent", justify="right")
        table.add_column("failed", justify="right")
        tally = self._run.tally if self._run else None
        for number, proxy in enumerate(mesh.proxies):
            held = self._held.get(proxy.name)
            failed = tally.failed_by_proxy[number] if tally else 0
            table.add_row(
                proxy.name,
                proxy.protocol,
                Text(held.version, style="green" if held.newest else "yellow") if held else Text("-"),
                f"{tally.requests_by_proxy[number]:,}" if tally else "-",
                Text(f"{failed:,}", style="bold red" if failed else "green"),
            )
        return table

    def _instances(self, mesh: Mesh) -> Table:
        table = Table("instance", "state", box=SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("answered", justify="right")
        for instance in mesh.instances:
            answered = self._run.tally.by_instance[instance.name] if self._run else 0
            state = Text(instance.state.value, style=_STYLES[instance.state])
            table.add_row(instance.name, state, f"{answered:,}")
        return table


def _outcome(run: Run) -> str:
    return f"{run.tally.failed:,} of {run.tally.requests:,} requests failed"
