"""`lastack explain`."""

from typing import Any

import click

from controllers.cli.advice import advice
from controllers.cli.arguments import ObjectType, api_option, output_option
from controllers.cli.client import ApiClient, ApiError, Json
from controllers.cli.output import print_data, print_table
from controllers.cli.receipts import HEADINGS, progress, straggler_rows
from ledger.ids import ObjectKey


@click.command()
@click.argument("object", type=ObjectType())
@api_option
@output_option
def explain(object: ObjectKey, api: str, output: str) -> None:
    """Tell what is known of an object, and who holds it back.

    Shows its receipt, remarks, what its source says of it, and, for every straggler, what can be done.

    OBJECT is KIND/NAMESPACE/NAME; kinds are WorkloadEntry (we) and ServiceEntry (se). Of an object that is deleted,
    the receipt of its deletion is told.

    \b
    Examples
      lastack explain we/shop/pay-1
      lastack explain ServiceEntry/shop/pay -o json
    """
    try:
        told = ApiClient(api).explain(object)
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    if output in ("json", "yaml"):
        print_data(told, output)
    else:
        _print(told)


def _print(told: Json) -> None:
    receipt: Json = told["receipt"]
    click.echo(told["object"])
    click.echo(f"  {_state(told)}")
    click.echo(f"  {receipt['outcome']}: {progress({**receipt, 'reasons': []})}")
    _list("Mind that" if receipt["outcome"] == "CONFIRMED" else "Why not confirmed", receipt["reasons"])
    _list("Remarks", told["remarks"])
    in_source = [f"{problem['place']}: {problem['message']}" for problem in told["problems"]]
    _list("In its source", [line for line in in_source if line not in receipt["reasons"]])
    stragglers: list[Any] = [*receipt["stragglers"], *receipt["released"]]
    if stragglers:
        click.echo("\nHeld back by")
        print_table(HEADINGS, straggler_rows(stragglers))
        _list("What to do", [f"{who}: {what}" for who, what in advice(stragglers)])


def _state(told: Json) -> str:
    if told["applied"]:
        rejected = any(problem["rejected"] for problem in told["problems"])
        kept = ", its last good form; the newest document is rejected" if rejected else ""
        return f"applied at generation {told['generation']}{kept}"
    if told["problems"]:
        return "not applied: its document is rejected"
    return "not there: deleted, or never known here"


def _list(heading: str, lines: list[str]) -> None:
    if lines:
        click.echo(f"\n{heading}")
        for line in lines:
            click.echo(f"  - {line}")
