"""Reads the spec of a ServiceEntry. Rules that tie fields together follow Istio's validation unless named."""

from collections.abc import Callable

from xds.objects import Endpoint, Location, Protocol, Resolution, ServiceEntry, ServicePort
from xds.parsing.addresses import UNIX, host, ip_or_block, is_ip
from xds.parsing.endpoints import HIGHEST_PORT, PORT_NAME, read_endpoint
from xds.parsing.fields import Fields, one_of
from xds.parsing.metadata import Metadata, is_namespace
from xds.parsing.problems import Invalid, child, quoted

_KNOWN = frozenset(
    (
        "hosts",
        "addresses",
        "ports",
        "location",
        "resolution",
        "endpoints",
        "workloadSelector",
        "exportTo",
        "subjectAltNames",
    )
)
_KNOWN_OF_PORT = frozenset(("number", "name", "protocol", "targetPort"))
_KNOWN_OF_SELECTOR = frozenset(("labels",))
_ALONE = ("*", "~")


def read_service(spec: Fields, metadata: Metadata) -> ServiceEntry:
    """The service that `spec` describes. Where something was reported it holds whatever could be read: don't use it."""
    spec.report_unknown(_KNOWN)
    hosts = _canonical(spec, "hosts", host)
    if spec.lacks("hosts"):
        spec.error("hosts", "is missing: name at least one host, such as payments.example.com")
    addresses = _canonical(spec, "addresses", ip_or_block)
    ports, port_names = _ports(spec)
    location = spec.choice("location", Location.MESH_EXTERNAL)
    resolution = spec.choice("resolution", Resolution.NONE)
    endpoints = [(inner, read_endpoint(inner, port_names)) for inner in spec.mappings("endpoints")]
    selector = _selector(spec)
    export_to = _canonical(spec, "exportTo", _visibility) or ("*",)
    if len(export_to) > 1 and any(entry in _ALONE for entry in export_to):
        spec.error("exportTo", '"*" (all) and "~" (none) leave nothing to add: write one of them alone, or namespaces')
    names = _canonical(spec, "subjectAltNames", str)
    if spec.has("workloadSelector") and not spec.lacks("endpoints"):
        spec.error("workloadSelector", "endpoints are given too: keep the selector or the endpoints, not both")
    if resolution is not None:
        _check_resolution(spec, resolution, hosts, addresses)
        if resolution is Resolution.DNS_ROUND_ROBIN and len(endpoints) > 1:
            spec.error("endpoints", "DNS_ROUND_ROBIN resolves one name: keep one endpoint, or set resolution DNS")
        for inner, endpoint in endpoints:
            if endpoint is not None:
                _check_endpoint(inner, endpoint, resolution, len(ports))
    _, namespace, name = metadata.key or ("", "", "")
    return ServiceEntry(
        namespace=namespace,
        name=name,
        hosts=hosts,
        ports=ports,
        addresses=addresses,
        location=location or Location.MESH_EXTERNAL,
        resolution=resolution or Resolution.NONE,
        endpoints=tuple(endpoint for _, endpoint in endpoints if endpoint is not None),
        selector=selector,
        export_to=export_to,
        subject_alt_names=names,
        all_draining=metadata.all_draining,
        created=metadata.created,
    )


def _canonical(spec: Fields, key: str, canonical: Callable[[str], str]) -> tuple[str, ...]:
    """A list of strings in canonical form. One given twice does no harm: it is kept once, with a warning."""
    seen: dict[str, str] = {}
    for path, text in spec.texts(key):
        try:
            value = canonical(text)
        except Invalid as invalid:
            spec.found.error(path, str(invalid))
            continue
        if value in seen:
            spec.found.warn(path, f"{quoted(value)} is the same as {seen[value]}: remove one of them")
        else:
            seen[value] = path
    return tuple(seen)


def _visibility(entry: str) -> str:
    if entry in ("*", ".", "~") or is_namespace(entry):
        return entry
    raise Invalid(f'{quoted(entry)} is no namespace: write one, or "." (the same), "*" (all) or "~" (none)')


def _ports(spec: Fields) -> tuple[tuple[ServicePort, ...], set[str] | None]:
    """The usable ports, and the names of all; None for the names if one of them could not be read."""
    items = spec.mappings("ports")
    if spec.lacks("ports"):
        spec.error("ports", "is missing: give at least one port, with number, name and protocol")
    found = []
    numbers: dict[int, str] = {}
    names: dict[str, str] = {}
    for port in items:
        port.report_unknown(_KNOWN_OF_PORT)
        number = port.integer("number", 1, HIGHEST_PORT)
        if number is None:
            if not port.has("number"):
                port.error("number", f"is missing: give the port's number, 1 to {HIGHEST_PORT}")
        elif number in numbers:
            port.error("number", f"{number} is already the number of {numbers[number]}: give each port its own")
        else:
            numbers[number] = port.path
        name = _port_name(port)
        if name and name in names:
            port.error("name", f"{quoted(name)} is already the name of {names[name]}: give each port its own")
        elif name:
            names[name] = port.path
        protocol = _protocol(port)
        target = port.integer("targetPort", 0, HIGHEST_PORT)
        if number is not None and name and protocol is not None:
            # 0 is how protobuf spells absent; a target equal to the number says nothing.
            found.append(ServicePort(number, name, protocol, target if target and target != number else None))
    return tuple(found), set(names) if names and len(found) == len(items) else None


def _port_name(port: Fields) -> str:
    name = port.text("name")
    if name:
        if PORT_NAME.fullmatch(name):
            return name
        port.error("name", f"{quoted(name)} can't be a port's name: use letters, digits and hyphens, at most 63")
    elif port.lacks_text("name"):
        port.error("name", "is missing: name the port, such as http")
    return ""


def _protocol(port: Fields) -> Protocol | None:
    """The port's protocol, in any case. One that isn't given is TCP.

    Istio would look into the connection to tell HTTP from the rest. lastack builds no such listener; TCP is the choice
    that carries every protocol unharmed, at the price of routing by connection rather than by request.
    """
    text = port.text("protocol")
    if not text:
        return Protocol.TCP if port.lacks_text("protocol") else None
    try:
        return Protocol(text.upper())
    except ValueError:
        port.error("protocol", f"{quoted(text)} is none of {one_of(Protocol)}: use one of them; TCP carries anything")
        return None


def _selector(spec: Fields) -> dict[str, str] | None:
    selector = spec.mapping("workloadSelector")
    if selector is None:
        return None
    selector.report_unknown(_KNOWN_OF_SELECTOR)
    labels = selector.text_map("labels")
    if selector.lacks("labels"):
        selector.error("labels", "is empty, which would select every WorkloadEntry of the namespace: name a label")
    for name, value in labels.items():
        if "*" in name or "*" in value:
            path = child(selector.at("labels"), name)
            selector.found.error(path, "holds a *, but labels are compared as they are: write the label in full")
    return labels


def _check_resolution(spec: Fields, resolution: Resolution, hosts: tuple[str, ...], addresses: tuple[str, ...]) -> None:
    has_endpoints = not spec.lacks("endpoints")
    has_selector = spec.has("workloadSelector")
    if resolution is Resolution.NONE:
        if has_endpoints:
            spec.error(
                "endpoints", "resolution NONE goes where the client meant to go: set STATIC or DNS, or remove them"
            )
        elif has_selector:
            path = spec.at("workloadSelector")
            spec.found.warn(path, "resolution NONE goes where the client meant to go: set STATIC to use the selection")
        return
    if not has_endpoints and not has_selector:
        if resolution is Resolution.STATIC:
            path = spec.at("resolution")
            spec.found.warn(path, "STATIC without endpoints or workloadSelector has nowhere to go: add one of them")
        elif any(name.startswith("*.") for name in hosts):
            spec.error("hosts", "a wildcard can't be resolved by DNS: give endpoints, or hosts in full")
    if resolution.is_dns and any("/" in address for address in addresses):
        spec.error("addresses", f"a CIDR block goes with NONE or STATIC, not {resolution}: give single addresses")


def _check_endpoint(fields: Fields, endpoint: Endpoint, resolution: Resolution, ports: int) -> None:
    if endpoint.address.startswith(UNIX):
        if resolution.is_dns:
            fields.error("address", f"a Unix socket needs resolution STATIC, not {resolution}: set it, or give a name")
        elif ports > 1:
            fields.error("address", "a Unix socket serves one port only: leave one, or give an IP address")
    elif resolution is Resolution.STATIC and not is_ip(endpoint.address):
        fields.error("address", f"{quoted(endpoint.address)} is a name: give an IP address, or set resolution DNS")
