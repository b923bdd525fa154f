"""Arguments and options that several commands have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from controllers.cli.client import DEFAULT_PORT, ApiClient, ApiError
from controllers.status.questions import BadArgument, key_of, kind_of
from ledger.ids import ObjectKey
from xds.durations import parse_duration

DEFAULT_API = f"127.0.0.1:{DEFAULT_PORT}"

_COMPLETE_SECONDS = 2.0
_COMPLETIONS = 200

_F = TypeVar("_F", bound=Callable[..., Any])


class ObjectType(click.ParamType[ObjectKey]):
    """`KIND/NAMESPACE/NAME`, completed from the API."""

    name = "KIND/NAMESPACE/NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ObjectKey:
        if isinstance(value, ObjectKey):
            return value
        try:
            return key_of(value)
        except BadArgument as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        kind, slash, rest = incomplete.partition("/")
        try:
            prefix = f"{kind_of(kind)}/{rest}" if slash else incomplete
            found = _api_of(ctx).objects(prefix, _COMPLETIONS)
        except (BadArgument, ApiError):
            return []
        keys = [str(each["object"]) for each in found]
        return [CompletionItem(f"{kind}/{key.partition('/')[2]}" if slash else key) for key in keys]


class ProxyType(click.ParamType[str]):
    """A proxy's node id, completed from the API."""

    name = "NODE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = _api_of(ctx).proxies()
        except ApiError:
            return []
        matching = [proxy for proxy in found if str(proxy["id"]).startswith(incomplete)]
        return [CompletionItem(proxy["id"], help=proxy["presence"]) for proxy in matching[:_COMPLETIONS]]


class DurationType(click.ParamType[float]):
    """Seconds, written `30s`, `500ms`, `2m` or `1h`."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def api_option(command: _F) -> _F:
    """`--api`, also from LASTACK_API."""
    option = click.option(
        "--api",
        metavar="HOST:PORT",
        envvar="LASTACK_API",
        default=DEFAULT_API,
        show_default=True,
        show_envvar=True,
        help="Where the control plane's API is; a URL is taken too.",
    )
    return option(command)


def output_option(command: _F) -> _F:
    """`-o`: what the answer looks like."""
    option = click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "wide", "json", "yaml"]),
        default="table",
        show_default=True,
        help="What the answer looks like.",
    )
    return option(command)


def _api_of(ctx: click.Context) -> ApiClient:
    return ApiClient(str(ctx.params.get("api") or DEFAULT_API), seconds=_COMPLETE_SECONDS)
