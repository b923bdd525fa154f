"""`lastack wait`."""

import sys
import time
from enum import IntEnum
from shutil import get_terminal_size
from typing import Any

import click

from controllers.cli.arguments import DurationType, ObjectType, api_option, output_option
from controllers.cli.client import ApiClient, ApiError, Json
from controllers.cli.output import print_data, print_table
from controllers.cli.receipts import HEADINGS, progress, straggler_rows
from ledger.ids import ObjectKey
from xds.durations import show_duration


class Exit(IntEnum):
    """Exit codes of `wait`; 1 is an error, 2 a wrong command line."""

    CONFIRMED = 0
    PENDING = 3
    UNKNOWN = 4
    RELEASED_UNCONFIRMED = 5


@click.command()
@click.argument("object", type=ObjectType())
@click.option("--generation", type=click.IntRange(min=1), help="Which; without it the newest applied.")
@click.option("--for", "purpose", type=click.Choice(["delete"]), help="delete: the deletion must have reached all.")
@click.option("--timeout", type=DurationType(), default="30s", show_default=True, help="0: look once.")
@click.option(
    "--stays",
    type=DurationType(),
    default="0",
    help="For how long it has to be CONFIRMED without a break, within the timeout: while requests come to their end.",
)
@api_option
@output_option
def wait(
    object: ObjectKey, generation: int | None, purpose: str | None, timeout: float, stays: float, api: str, output: str
) -> None:
    """Wait until a change of an object has reached every proxy.

    OBJECT is KIND/NAMESPACE/NAME; kinds are WorkloadEntry (we) and ServiceEntry (se).

    \b
    Exit codes
      0  CONFIRMED: no proxy that could still use an older form holds one
      1  an error, such as an API that can't be reached
      2  the command line is wrong
      3  PENDING at the timeout: the stragglers are named
      4  UNKNOWN at the timeout: what could not be asked is named
      5  RELEASED_UNCONFIRMED: only proxies absent for longer than the deadline are left

    \b
    Examples
      lastack wait we/shop/pay-1
      lastack wait we/shop/pay-1 --generation 7 --timeout 2m
      lastack wait we/shop/pay-1 --stays 16s --timeout 1m
      rm entries/pay-1.yaml && lastack wait we/shop/pay-1 --for delete
    """
    if stays > timeout:
        raise click.BadParameter("it is longer than --timeout, which must leave time for it", param_hint="--stays")
    started = time.monotonic()
    line = _ProgressLine()
    last: Json = {}
    try:
        for receipt in ApiClient(api).watch(object, generation or 0, purpose == "delete", timeout, stays):
            if receipt is None:
                line.show("the connection to the API was lost; trying again")
            else:
                last = receipt
                line.show(progress(receipt))
    except ApiError as error:
        line.end()
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        line.end()
        raise click.Abort from None
    line.end()
    _print(last, output, time.monotonic() - started)
    sys.exit(Exit[last["outcome"]])


def _print(receipt: Json, output: str, seconds: float) -> None:
    if output in ("json", "yaml"):
        print_data(receipt, output)
        return
    click.echo(f"{receipt['object']}: {receipt['outcome']} after {show_duration(seconds)}")
    for reason in receipt["reasons"]:
        click.echo(f"  {reason}")
    stragglers: list[Any] = [*receipt["stragglers"], *receipt["released"]]
    if stragglers:
        print_table(HEADINGS, straggler_rows(stragglers))


class _ProgressLine:
    """On a terminal one line that is written over; else a line for each change. On standard error."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        if text == self._shown:
            return
        self._shown = text
        if self._rewrites:
            width = max(20, get_terminal_size().columns - 1)
            sys.stderr.write(f"\r\x1b[2K{text[:width]}")
            sys.stderr.flush()
        else:
            click.echo(text, err=True)

    def end(self) -> None:
        if self._rewrites and self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
