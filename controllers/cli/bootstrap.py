"""`lastack bootstrap`."""

from pathlib import Path
from typing import Any

import click

from controllers.addresses import Address, is_ip
from controllers.cli.envoy_bootstrap import ProxyPlan, Tls, envoy_bootstrap
from controllers.cli.output import print_data

DEFAULT_ADS_PORT = 15010


class _AddressType(click.ParamType[Address]):
    name = "HOST[:PORT]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, Address):
            return value
        try:
            return Address.parse(value, DEFAULT_ADS_PORT)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--node-id", required=True, metavar="ID", help="The proxy's name; with mTLS its certificate covers it.")
@click.option(
    "--ads", type=_AddressType(), required=True, help=f"Where lastack serves proxies; port {DEFAULT_ADS_PORT} without."
)
@click.option("--sotw", is_flag=True, help="State of the world instead of delta.")
@click.option(
    "--admin-port",
    type=click.IntRange(0, 65535),
    default=9901,
    show_default=True,
    help="Port of Envoy's admin interface on 127.0.0.1; 0: of the system's choice.",
)
@click.option("--namespace", metavar="NS", help="The namespace whose exports the proxy sees.")
@click.option("--redirect", is_flag=True, help="The proxy's traffic is redirected to it (iptables), port 15001.")
@click.option("--bind-address", metavar="IP", help="What listeners bind; 0.0.0.0 without.")
@click.option("--cluster", default="lastack", show_default=True, metavar="NAME", help="The node's cluster.")
@click.option("--tls-ca", type=Path, metavar="PATH", help="Authority of lastack's certificate; turns on TLS.")
@click.option("--tls-cert", type=Path, metavar="PATH", help="The proxy's certificate, for mTLS.")
@click.option("--tls-key", type=Path, metavar="PATH", help="The key of --tls-cert.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def bootstrap(
    node_id: str,
    ads: Address,
    sotw: bool,
    admin_port: int,
    namespace: str | None,
    redirect: bool,
    bind_address: str | None,
    cluster: str,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    output: str,
) -> None:
    """Print the bootstrap of an Envoy that lastack serves. Envoy runs with it as it is printed.

    \b
    Examples
      lastack bootstrap --node-id edge-1 --ads 127.0.0.1 > envoy.yaml && envoy -c envoy.yaml
      lastack bootstrap --node-id cart-7 --ads lastack.mesh:15010 --namespace shop --redirect
      lastack bootstrap --node-id cart-7.mesh --ads lastack.mesh \\
          --tls-ca ca.pem --tls-cert cart-7.pem --tls-key cart-7.key -o json
    """
    if bind_address is not None and not is_ip(bind_address):
        raise click.BadParameter(f"{bind_address!r} is not an IP address", param_hint="--bind-address")
    if not ads.port:
        raise click.BadParameter("port 0 can't be connected to", param_hint="--ads")
    for name, text in (("--node-id", node_id), ("--cluster", cluster)):
        if not text.strip():
            raise click.BadParameter("is empty: Envoy needs one", param_hint=name)
    tls = _tls(tls_ca, tls_cert, tls_key)
    plan = ProxyPlan(node_id, ads, cluster, sotw, admin_port, namespace, redirect, bind_address, tls)
    print_data(envoy_bootstrap(plan), output)


def _tls(ca: Path | None, cert: Path | None, key: Path | None) -> Tls | None:
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: give both, or neither")
    if ca is None:
        if cert is not None:
            raise click.UsageError("--tls-cert needs --tls-ca: Envoy must know whom to trust with it")
        return None
    return Tls(ca, cert, key)
