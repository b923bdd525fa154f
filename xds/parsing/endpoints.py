"""Reads one instance: the spec of a WorkloadEntry or an inline endpoint of a ServiceEntry (same fields)."""

import re
from collections.abc import Collection

from xds.objects import DRAINING_LABEL, Endpoint
from xds.parsing.addresses import UNIX, endpoint_address
from xds.parsing.fields import Fields, checked_integer
from xds.parsing.metadata import OWN_PREFIX
from xds.parsing.problems import Invalid, child, quoted

PORT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""Names of ports, as Istio takes them."""

HIGHEST_PORT = 65535

HIGHEST_WEIGHT = 2**31 - 1
"""The weights of a locality may add up to 2^32 - 1 at most (Envoy, `LbEndpoint.load_balancing_weight`). This bound
keeps any two instances within that; whoever builds a locality must see to the sum of more."""

_NAMES_TOLD = 8

_KNOWN = frozenset(("address", "ports", "labels", "locality", "network", "weight", "serviceAccount"))
_SEEMS_FALSE = ("", "0", "f", "n", "no", "off")


def read_endpoint(fields: Fields, port_names: Collection[str] | None = None) -> Endpoint | None:
    """The instance that `fields` describes; None if it has no usable address (which is then reported).

    `port_names` are those of the service that the endpoint is part of, None where it isn't known.
    """
    fields.report_unknown(_KNOWN)
    address = _address(fields)
    ports = _ports(fields, port_names)
    if ports and address is not None and address.startswith(UNIX):
        fields.error("ports", "a Unix socket has no ports: remove them, or give an IP address")
    labels = fields.text_map("labels")
    _check_own_labels(fields, labels)
    locality = _locality(fields)
    network = fields.text("network")
    weight = fields.integer("weight", 0, HIGHEST_WEIGHT)
    service_account = fields.text("serviceAccount")
    if address is None:
        return None
    return Endpoint(address, ports, labels, locality, network, weight or 1, service_account)


def _address(fields: Fields) -> str | None:
    if fields.lacks_text("address"):
        fields.error("address", "is missing: give an IP address, a DNS name or unix:///absolute/path")
        return None
    text = fields.text("address")
    try:
        return endpoint_address(text) if text else None
    except Invalid as invalid:
        fields.error("address", str(invalid))
        return None


def _ports(fields: Fields, port_names: Collection[str] | None) -> dict[str, int]:
    inner = fields.mapping("ports")
    found: dict[str, int] = {}
    if inner is None:
        return found
    for name, value in inner.values.items():
        if not inner.good_key(name):
            continue
        if not PORT_NAME.fullmatch(name):
            inner.error(name, f"{quoted(name)} can't be a port's name: use letters, digits and hyphens, at most 63")
        elif port_names is not None and name not in port_names:
            some = ", ".join(sorted(port_names)) if len(port_names) <= _NAMES_TOLD else "those under spec.ports"
            inner.error(name, f"the service has no port of this name: name one of {some}")
        else:
            number = checked_integer(value, 1, HIGHEST_PORT, inner, name)
            if number is not None:
                found[name] = number
    return found


def _check_own_labels(fields: Fields, labels: dict[str, str]) -> None:
    """Warns of labels of ours that don't do what they seem to: a misspelt one leaves an instance undrained."""
    for name, value in labels.items():
        if not name.startswith(OWN_PREFIX):
            continue
        path = child(fields.at("labels"), name)
        if name != DRAINING_LABEL:
            fields.found.warn(path, f"is not a label that lastack knows: did you mean {DRAINING_LABEL}?")
        elif value.lower() in _SEEMS_FALSE:
            fields.found.warn(path, f'{quoted(value)} counts as draining: write "false", or remove the label')


def _locality(fields: Fields) -> str:
    locality = fields.text("locality")
    if locality:
        parts = locality.split("/")
        if len(parts) > 3 or not all(parts):
            fields.error("locality", f"{quoted(locality)} is not a locality: write region[/zone[/subzone]]")
            return ""
    return locality
