"""`lastack proxies`."""

import time
from collections.abc import Callable, Iterable, Sequence

import click
from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from controllers.cli.arguments import DurationType, ProxyType, api_option, output_option
from controllers.cli.client import ApiClient, ApiError, Json
from controllers.cli.output import age, console, print_data, print_table, table

_HEADINGS = ("PROXY", "TYPE", "STATE", "WANTED", "ACKED", "AGE", "LAST ERROR")
_WIDE = ("PROXY", "TYPE", "STATE", "BEHIND", "WANTED", "ACKED", "AGE", "NAMESPACE", "ADDRESS", "AGENT", "LAST ERROR")
_ERROR_SHOWN = 100

_UNHEALTHY = ("ERROR", "STALE", "NOT_SENT", "ABSENT")


@click.command()
@click.argument("node", type=ProxyType(), required=False)
@click.option("-w", "--watch", is_flag=True, help="Go on showing it, until interrupted.")
@click.option("--every", type=DurationType(), default="1s", show_default=True, help="How often, with --watch.")
@click.option("--gone", is_flag=True, help="Also those that are known to be gone.")
@click.option("--behind", is_flag=True, help="Only what is not SYNCED.")
@api_option
@output_option
def proxies(node: str | None, watch: bool, every: float, gone: bool, behind: bool, api: str, output: str) -> None:
    """Show what each proxy holds: a line for each proxy and type.

    \b
    States
      SYNCED    it has ACKed the newest
      NOT_SENT  the newest is not sent yet
      STALE     sent, and not answered yet; "overdue" if that takes too long
      ERROR     it rejected (NACKed) something; LAST ERROR is Envoy's text
      ABSENT    its stream has ended; it goes on with what it had

    AGE is how long the state has lasted. Without an answer for long, look at the proxy's admin port.

    \b
    Examples
      lastack proxies
      lastack proxies edge-17 -o wide
      lastack proxies --behind -w
      lastack proxies -o json | jq -r '.[] | select(.presence == "ABSENT").id'
    """
    client = ApiClient(api)

    def look() -> list[Json]:
        found = client.proxies(node or "")
        if node and not found:
            raise ApiError(f"no proxy {node!r} is known there")
        return found if gone or node else [proxy for proxy in found if proxy["presence"] != "GONE"]

    try:
        if watch:
            _watch(look, every, output == "wide", behind)
        elif output in ("json", "yaml"):
            print_data(look(), output)
        else:
            _print(look(), output == "wide", behind)
    except ApiError as error:
        raise click.ClickException(str(error)) from None


def _print(found: Sequence[Json], wide: bool, behind: bool) -> None:
    rows = list(rows_of(found, wide, behind))
    if rows:
        print_table(_WIDE if wide else _HEADINGS, rows)
    else:
        click.echo(_nothing(found), err=True)


def _watch(look: Callable[[], list[Json]], every: float, wide: bool, behind: bool) -> None:
    target = console()
    if not target.is_terminal:
        raise click.UsageError("--watch needs a terminal; ask again and again with -o json instead")
    try:
        with Live(_picture(look(), wide, behind), console=target, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(max(0.1, every))
                try:
                    live.update(_picture(look(), wide, behind), refresh=True)
                except ApiError as error:
                    live.update(Text(str(error), style="red"), refresh=True)
    except KeyboardInterrupt:
        return


def _picture(found: Sequence[Json], wide: bool, behind: bool) -> RenderableType:
    rows = list(rows_of(found, wide, behind))
    return table(_WIDE if wide else _HEADINGS, rows) if rows else Text(_nothing(found))


def _nothing(found: Sequence[Json]) -> str:
    return f"{len(found)} proxies, and all are SYNCED" if found else "no proxy is connected here, or waited for"


def rows_of(found: Iterable[Json], wide: bool, behind: bool) -> Iterable[tuple[str, ...]]:
    """A row for each proxy and type, and one for a proxy that asks for nothing."""
    for proxy in found:
        types = proxy["types"] or [{}]
        for status in types:
            state = str(status.get("state", proxy["presence"]))
            if behind and state not in _UNHEALTHY:
                continue
            yield _row(proxy, status, state, wide)


def _row(proxy: Json, status: Json, state: str, wide: bool) -> tuple[str, ...]:
    error = " ".join(str(status.get("last_error", "")).split())
    shown = f"{state} overdue" if status.get("overdue") else state
    wanted, acked = status.get("wanted_version") or "-", status.get("acked_version") or "-"
    lasts = age(status.get("since", proxy["since"]))
    if wide:
        about = (proxy["namespace"] or "-", proxy["address"] or "-", proxy["user_agent"] or "-")
        behind = str(status.get("behind", "-"))
        return (proxy["id"], status.get("type", "-"), shown, behind, wanted, acked, lasts, *about, error or "-")
    if len(error) > _ERROR_SHOWN:
        error = error[:_ERROR_SHOWN] + "… (-o wide)"
    return (proxy["id"], status.get("type", "-"), shown, wanted[:12], acked[:12], lasts, error or "-")
