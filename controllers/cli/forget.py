"""`lastack forget`."""

import click

from controllers.cli.arguments import ProxyType, api_option
from controllers.cli.client import ApiClient, ApiError


@click.command()
@click.argument("node", type=ProxyType())
@api_option
def forget(node: str, api: str) -> None:
    """Declare an absent proxy gone.

    It holds back no receipt any more then. Do so only if the proxy's process has ended: an Envoy that has merely lost
    its connection goes on with the configuration it has, and may still use what a receipt then calls removed.

    \b
    Examples
      lastack forget edge-17
      lastack forget spiffe://mesh/ns/shop/sa/cart/pod-1 --api 10.0.0.5:15014
    """
    try:
        ApiClient(api).forget(node)
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{node} is forgotten: it holds back no receipt any more")
