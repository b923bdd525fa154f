"""`lastack serve`."""

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from controllers.addresses import Address
from controllers.settings import PREFIX, Settings, SettingsError, load_settings

_F = TypeVar("_F", bound=Callable[..., Any])


def _every_setting(command: _F) -> _F:
    """An option for each setting; what is not given on the command line is looked for elsewhere, by the settings."""
    for name, field in reversed(Settings.model_fields.items()):
        many = field.annotation == list[str]
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            multiple=many,
            default=None,
            metavar=_metavar(name, field),
            help=f"{field.description}{_default(name, field)}",
        )
        command = option(command)
    return command


_BY_SUFFIX = {
    "cert": "PATH",
    "key": "PATH",
    "ca": "PATH",
    "config": "PATH",
    "dir": "DIR",
    "service": "NAMESPACE/NAME",
    "configuration": "NAME",
    "unreachable": "NAME",
    "secrets": "NAMESPACE",
}


def _metavar(name: str, field: FieldInfo) -> str:
    words = [word for word in get_args(field.annotation) if isinstance(word, str)]
    if words:
        return "|".join(words)
    for suffix, metavar in _BY_SUFFIX.items():
        if name.endswith(suffix):
            return metavar
    if field.annotation is int:
        return "SIZE" if name == "max_message" else "N"
    if field.annotation is bool:
        return "true|false"
    if field.annotation in (Address, Address | None):
        return "HOST:PORT"
    if name == "source":
        return "files:DIR|kubernetes[:CONTEXT]"
    if name == "lease":
        return "NAMESPACE/NAME"
    return "TEXT" if field.annotation is str else "DURATION"


def _default(name: str, field: FieldInfo) -> str:
    default = field.default
    if name == "identifier":
        return "  [default: the host's name]"
    if default in (None, "") or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return f"  [default: {str(default).lower()}]"
    if isinstance(default, float):
        return f"  [default: {default:g}s]"
    if name == "max_message":
        return f"  [default: {default // 1024**2}MiB]"
    return f"  [default: {default}]"


@click.command(
    epilog=f"Each setting can also be given as {PREFIX}NAME in the environment ({PREFIX}STATE_DIR=/var/lib/lastack), "
    "or as name: value (state_dir: /var/lib/lastack) in the file that --config names; the command line comes first, "
    "then the environment, then the file. Durations are written 30s, 500ms, 2m or 1h."
)
@_every_setting
def serve(**given: Any) -> None:
    """Run the control plane, until SIGTERM or SIGINT.

    Proxies are served once every source is read. /readyz of the API says when that is, and the log where it listens.
    On SIGTERM streams are ended one after another; a second signal ends the process at once.

    \b
    Examples
      lastack serve --source files:entries --state-dir state
      lastack serve --config lastack.yaml --log-level debug
      lastack serve --source kubernetes:production
      LASTACK_SOURCE=files:/etc/lastack/entries LASTACK_ADS=0.0.0.0:15010 lastack serve
    """
    # Its own lines in another format, about what is told in one clear line anyway.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        settings = load_settings({name: value for name, value in given.items() if value not in (None, ())})
        if not settings.source:
            raise SettingsError("there is no source: say where objects come from, as with --source files:DIR")
    except SettingsError as error:
        for line in str(error).splitlines():
            click.echo(f"Error: {line}", err=True)
        sys.exit(2)
    from controllers.process import run

    sys.exit(run(settings))
