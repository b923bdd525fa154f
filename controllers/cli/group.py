"""`lastack`: the group of commands, each imported when it is called."""

from importlib import import_module
from importlib.util import find_spec

import click

_COMMANDS = {
    "serve": "controllers.cli.serve",
    "wait": "controllers.cli.wait",
    "proxies": "controllers.cli.proxies",
    "explain": "controllers.cli.explain",
    "forget": "controllers.cli.forget",
    "check": "controllers.cli.check",
    "bootstrap": "controllers.cli.bootstrap",
    "demo": "controllers.demo.command",
}
"""Name -> the module that holds the command, under the same name; in the order of the help text."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, module in _COMMANDS.items() if _is_there(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None or not _is_there(module):
            return None
        command = getattr(import_module(module), cmd_name)
        assert isinstance(command, click.Command)
        return command


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it is missing
        return False


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Completion: eval "$(_LASTACK_COMPLETE=bash_source lastack)", or zsh_source, or fish_source.',
)
@click.version_option(package_name="lastack", message="%(prog)s %(version)s")
def main() -> None:
    """lastack: an xDS control plane that knows when every proxy has let go.

    \b
    lastack serve --source files:entries     run the control plane
    lastack wait we/shop/pay-1               wait until a change has reached every proxy
    lastack proxies                          see what each proxy holds
    """
