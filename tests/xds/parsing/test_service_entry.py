import pytest

from tests.xds.parsing.samples import Doc, port, problems, read_service, service, warnings
from xds.objects import AllDraining, Endpoint, Location, Protocol, Resolution, ServiceEntry, ServicePort


def static(*endpoints: Doc, **spec: object) -> Doc:
    return service(resolution="STATIC", endpoints=list(endpoints), **spec)


def test_a_full_service_entry_is_read_field_by_field() -> None:
    document = service(
        {
            "name": "pay",
            "namespace": "shop",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "annotations": {"lastack.io/all-draining": "refuse", "other.example/x": "y"},
        },
        hosts=["Pay.Example.com", "*.pay.example.com"],
        addresses=["240.0.0.1", "10.1.2.3/16", "2001:DB8::/32"],
        ports=[
            {"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080},
            {"number": 9000, "name": "raw"},
        ],
        location="MESH_INTERNAL",
        resolution="STATIC",
        endpoints=[{"address": "10.0.0.1", "ports": {"http": 81}}, {"address": "2001:db8::1", "weight": 3}],
        exportTo=[".", "other"],
        subjectAltNames=["spiffe://x/y"],
    )
    assert read_service(document) == ServiceEntry(
        namespace="shop",
        name="pay",
        hosts=("pay.example.com", "*.pay.example.com"),
        ports=(ServicePort(80, "http", Protocol.HTTP, 8080), ServicePort(9000, "raw", Protocol.TCP)),
        addresses=("240.0.0.1", "10.1.0.0/16", "2001:db8::/32"),
        location=Location.MESH_INTERNAL,
        resolution=Resolution.STATIC,
        endpoints=(Endpoint("10.0.0.1", {"http": 81}), Endpoint("2001:db8::1", weight=3)),
        export_to=(".", "other"),
        subject_alt_names=("spiffe://x/y",),
        all_draining=AllDraining.REFUSE,
        created="2026-01-02T03:04:05Z",
    )
    assert warnings(document) == []


def test_a_host_and_a_port_are_all_that_a_service_entry_needs() -> None:
    assert read_service(service()) == ServiceEntry(
        "default", "s", ("pay.example.com",), (ServicePort(80, "http", Protocol.HTTP),)
    )


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_an_empty_list_means_absent(nothing: object) -> None:
    lists = dict.fromkeys(("addresses", "endpoints", "exportTo", "subjectAltNames"), nothing)
    assert read_service(service(**lists)) == read_service(service())


def test_a_selector_selects_by_its_labels() -> None:
    document = service(resolution="STATIC", workloadSelector={"labels": {"app": "pay"}})
    assert read_service(document).selector == {"app": "pay"}


@pytest.mark.parametrize("protocol", ["HTTP", "http", "Http2", "gRPC", "tcp", "TLS", "https"])
def test_a_protocol_may_be_in_any_case(protocol: str) -> None:
    assert read_service(service(**port(protocol=protocol))).ports[0].protocol == protocol.upper()


@pytest.mark.parametrize("protocol", [None, ""])
def test_a_port_without_protocol_is_tcp(protocol: object) -> None:
    assert read_service(service(**port(protocol=protocol))).ports[0].protocol is Protocol.TCP


@pytest.mark.parametrize("target", [None, 0, 80])
def test_a_target_port_is_kept_only_where_it_differs(target: object) -> None:
    assert read_service(service(**port(targetPort=target))).ports[0].target_port is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.0.0.1/32", "10.0.0.1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("10.9.8.7/8", "10.0.0.0/8"),
        ("2001:db8:0:0::ff/64", "2001:db8::/64"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_an_address_block_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert read_service(service(addresses=[written])).addresses == (kept,)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"hosts": None}, "spec.hosts: is missing: name at least one host, such as payments.example.com"),
        ({"hosts": []}, "spec.hosts: is missing: name at least one host, such as payments.example.com"),
        (
            {"hosts": "pay.example.com"},
            'spec.hosts: is a string ("pay.example.com"), not a list: write each item on a line of its own, after a d',
        ),
        ({"hosts": [1234]}, 'spec.hosts[0]: is a number (1234), not a string: quote it, "1234"'),
        ({"hosts": [""]}, "spec.hosts[0]: is empty: remove it, or fill it in"),
        ({"hosts": [None]}, "spec.hosts[0]: is null, not a string: write one"),
        ({"hosts": ["a", "*"]}, 'spec.hosts[1]: "*" would claim every host: write a wildcard within a domain, such as'),
        ({"hosts": ["*.*"]}, 'spec.hosts[0]: "*" would claim every host'),
        ({"hosts": ["*a.example"]}, 'spec.hosts[0]: "*a.example" has a wildcard within: write it once, first, and as'),
        ({"hosts": ["a.*.example"]}, "has a wildcard within"),
        ({"hosts": ["10.0.0.1"]}, "is an address or has a port, not a DNS name: addresses go to spec.addresses"),
        ({"hosts": ["a.example:80"]}, "is an address or has a port, not a DNS name"),
        ({"hosts": ["::1"]}, "is an address or has a port, not a DNS name"),
        ({"hosts": ["a_b"]}, 'spec.hosts[0]: "a_b" is not a DNS name: use letters, digits and hyphens'),
        ({"addresses": ["pay.example.com"]}, 'spec.addresses[0]: "pay.example.com" is not an IP address: write one su'),
        ({"addresses": ["10.0.0.0/33"]}, 'spec.addresses[0]: "10.0.0.0/33" is not a CIDR block: write a prefix length'),
        ({"addresses": ["10.0.0.0/"]}, "is not a CIDR block: write a prefix length from 0 to 32 after the slash"),
        ({"addresses": ["10.0.0.0/-1"]}, "is not a CIDR block"),
        ({"addresses": ["::/129"]}, "is not a CIDR block: write a prefix length from 0 to 128 after the slash"),
        ({"ports": None}, "spec.ports: is missing: give at least one port, with number, name and protocol"),
        ({"ports": []}, "spec.ports: is missing: give at least one port"),
        ({"ports": {"http": 80}}, "spec.ports: is a mapping, not a list"),
        ({"ports": [80]}, "spec.ports[0]: is a number (80), not a mapping: write its fields below it"),
        (port(number=None), "spec.ports[0].number: is missing: give the port's number, 1 to 65535"),
        (port(number="80"), 'spec.ports[0].number: is a string ("80"), not an integer: write 80, without quotes'),
        (port(number="99999"), "not an integer: write a whole number from 1 to 65535"),
        (port(number=0), "spec.ports[0].number: is 0: use a number from 1 to 65535"),
        (port(number=65536), "spec.ports[0].number: is 65536: use a number from 1 to 65535"),
        (port(name=None), "spec.ports[0].name: is missing: name the port, such as http"),
        (port(name=""), "spec.ports[0].name: is missing: name the port, such as http"),
        (port(name=80), 'spec.ports[0].name: is a number (80), not a string: quote it, "80"'),
        (port(name="a.b"), "spec.ports[0].name: \"a.b\" can't be a port's name: use letters, digits and hyphens"),
        (port(protocol="MONGO"), '"MONGO" is none of HTTP, HTTP2, GRPC, TCP, TLS, HTTPS: use one of them; TCP carries'),
        (port(protocol=1), 'spec.ports[0].protocol: is a number (1), not a string: quote it, "1"'),
        (port(targetPort=70000), "spec.ports[0].targetPort: is 70000: use a number from 0 to 65535"),
        ({"location": "mesh_external"}, 'spec.location: "mesh_external" is none of MESH_EXTERNAL, MESH_INTERNAL: use'),
        ({"location": 0}, 'spec.location: is a number (0), not a string: quote it, "0"'),
        ({"resolution": "DYNAMIC"}, 'spec.resolution: "DYNAMIC" is none of NONE, STATIC, DNS, DNS_ROUND_ROBIN: use'),
        ({"exportTo": ["Shop"]}, 'spec.exportTo[0]: "Shop" is no namespace: write one, or "." (the same), "*" (all)'),
        ({"exportTo": ["*", "shop"]}, 'spec.exportTo: "*" (all) and "~" (none) leave nothing to add: write one of'),
        ({"exportTo": [".", "~"]}, 'spec.exportTo: "*" (all) and "~" (none) leave nothing to add'),
        ({"subjectAltNames": [True]}, 'spec.subjectAltNames[0]: is a bool (true), not a string: quote it, "true"'),
        ({"workloadSelector": {}}, "spec.workloadSelector.labels: is empty, which would select every WorkloadEntry"),
        ({"workloadSelector": {"labels": {}}}, "spec.workloadSelector.labels: is empty"),
        ({"workloadSelector": {"labels": {"a": 1}}}, "spec.workloadSelector.labels.a: is a number (1), not a string"),
        ({"workloadSelector": {"labels": {"a": "*"}}}, "spec.workloadSelector.labels.a: holds a *, but labels are com"),
        ({"workloadSelector": ["app"]}, "spec.workloadSelector: is a list, not a mapping"),
        ({"endpoints": ["10.0.0.1"], "resolution": "STATIC"}, 'spec.endpoints[0]: is a string ("10.0.0.1"), not a map'),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_remedy(spec: dict[str, object], told: str) -> None:
    (problem,) = problems(service(**spec))
    assert told in problem


def test_ports_have_names_and_numbers_of_their_own() -> None:
    ports = [{"number": 80, "name": "a"}, {"number": 80, "name": "b"}, {"number": 81, "name": "a"}]
    assert problems(service(ports=ports)) == [
        "spec.ports[1].number: 80 is already the number of spec.ports[0]: give each port its own",
        'spec.ports[2].name: "a" is already the name of spec.ports[0]: give each port its own',
    ]


@pytest.mark.parametrize("resolution", ["STATIC", "DNS"])
def test_selector_and_endpoints_exclude_each_other(resolution: str) -> None:
    document = service(
        resolution=resolution, workloadSelector={"labels": {"a": "b"}}, endpoints=[{"address": "10.0.0.1"}]
    )
    assert problems(document) == [
        "spec.workloadSelector: endpoints are given too: keep the selector or the endpoints, not both"
    ]


def test_none_takes_no_endpoints() -> None:
    assert problems(service(endpoints=[{"address": "10.0.0.1"}])) == [
        "spec.endpoints: resolution NONE goes where the client meant to go: set STATIC or DNS, or remove them"
    ]


def test_static_takes_ip_addresses_and_sockets_only() -> None:
    assert problems(static({"address": "10.0.0.1"}, {"address": "node.example"})) == [
        'spec.endpoints[1].address: "node.example" is a name: give an IP address, or set resolution DNS'
    ]
    assert read_service(static({"address": "unix:///run/a.sock"})).endpoints[0].address == "unix:///run/a.sock"


@pytest.mark.parametrize("resolution", ["DNS", "DNS_ROUND_ROBIN"])
def test_dns_takes_names_and_ip_addresses(resolution: str) -> None:
    for address in ("node.example", "10.0.0.1", "::1"):
        assert read_service(service(resolution=resolution, endpoints=[{"address": address}]))


@pytest.mark.parametrize("resolution", ["DNS", "DNS_ROUND_ROBIN"])
def test_dns_takes_no_sockets(resolution: str) -> None:
    (problem,) = problems(service(resolution=resolution, endpoints=[{"address": "unix:///run/a.sock"}]))
    assert problem.startswith(f"spec.endpoints[0].address: a Unix socket needs resolution STATIC, not {resolution}: ")


def test_dns_round_robin_takes_one_endpoint() -> None:
    endpoints = [{"address": "a.example"}, {"address": "b.example"}]
    assert problems(service(resolution="DNS_ROUND_ROBIN", endpoints=endpoints)) == [
        "spec.endpoints: DNS_ROUND_ROBIN resolves one name: keep one endpoint, or set resolution DNS"
    ]
    assert read_service(service(resolution="DNS", endpoints=endpoints))


@pytest.mark.parametrize("resolution", ["DNS", "DNS_ROUND_ROBIN"])
def test_a_wildcard_host_can_t_be_what_dns_resolves(resolution: str) -> None:
    hosts = ["a.example", "*.b.example"]
    assert problems(service(resolution=resolution, hosts=hosts)) == [
        "spec.hosts: a wildcard can't be resolved by DNS: give endpoints, or hosts in full"
    ]
    assert read_service(service(resolution=resolution, hosts=hosts, endpoints=[{"address": "c.example"}]))
    assert read_service(service(resolution=resolution, hosts=hosts, workloadSelector={"labels": {"a": "b"}}))
    assert read_service(service(resolution="NONE", hosts=hosts))


@pytest.mark.parametrize("resolution", ["DNS", "DNS_ROUND_ROBIN"])
def test_an_address_block_goes_with_none_and_static_only(resolution: str) -> None:
    assert problems(service(resolution=resolution, addresses=["10.0.0.0/8"])) == [
        f"spec.addresses: a CIDR block goes with NONE or STATIC, not {resolution}: give single addresses"
    ]
    assert read_service(service(resolution=resolution, addresses=["10.0.0.0/32"]))


def test_a_socket_serves_a_service_of_one_port() -> None:
    two = [{"number": 80, "name": "a"}, {"number": 81, "name": "b"}]
    assert problems(static({"address": "unix:///run/a.sock"}, ports=two)) == [
        "spec.endpoints[0].address: a Unix socket serves one port only: leave one, or give an IP address"
    ]


def test_an_endpoint_names_ports_of_its_service() -> None:
    assert problems(static({"address": "10.0.0.1", "ports": {"http": 80, "htp": 81}})) == [
        "spec.endpoints[0].ports.htp: the service has no port of this name: name one of http"
    ]


def test_an_endpoint_s_ports_are_not_blamed_for_an_unreadable_port_of_the_service() -> None:
    ports = [{"number": 80, "name": 80}, {"number": 81, "name": "b"}]
    (problem,) = problems(static({"address": "10.0.0.1", "ports": {"a": 80}}, ports=ports))
    assert problem.startswith("spec.ports[0].name: ")


@pytest.mark.parametrize("wrong", ["x", 1])
def test_one_wrong_resolution_is_one_problem(wrong: object) -> None:
    (problem,) = problems(service(resolution=wrong, endpoints=[{"address": "unix:///a"}, {"address": "b.example"}]))
    assert problem.startswith("spec.resolution: ")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"host": ["a"]}, "spec.host: is not a known field and is ignored: did you mean hosts?"),
        (port(foo=1), "spec.ports[0].foo: is not a known field and is ignored: remove it, or check its spelling and"),
        (
            {"resolution": "STATIC", "endpoints": [{"address": "10.0.0.1", "wieght": 1}]},
            "spec.endpoints[0].wieght: is not a known field and is ignored: did you mean weight?",
        ),
        (
            {"resolution": "STATIC", "workloadSelector": {"labels": {"a": "b"}, "matchLabels": {}}},
            "spec.workloadSelector.matchLabels: is not a known field and is ignored: remove it, or check its spelling",
        ),
        (
            {"workloadSelector": {"labels": {"a": "b"}}},
            "spec.workloadSelector: resolution NONE goes where the client meant to go: set STATIC to use the selection",
        ),
        (
            {"resolution": "STATIC"},
            "spec.resolution: STATIC without endpoints or workloadSelector has nowhere to go: add one of them",
        ),
        ({"hosts": ["a.example", "A.example"]}, 'spec.hosts[1]: "a.example" is the same as spec.hosts[0]: remove one'),
        ({"addresses": ["10.0.0.1", "10.0.0.1/32"]}, 'spec.addresses[1]: "10.0.0.1" is the same as spec.addresses[0]'),
        ({"exportTo": ["*", "*"]}, 'spec.exportTo[1]: "*" is the same as spec.exportTo[0]: remove one of them'),
    ],
)
def test_what_is_probably_not_meant_gives_a_warning(spec: dict[str, object], told: str) -> None:
    (warning,) = warnings(service(**spec))
    assert warning.startswith(told)


def test_what_is_given_twice_is_kept_once() -> None:
    assert read_service(service(hosts=["a", "A", "b"])).hosts == ("a", "b")


@pytest.mark.parametrize("policy", ["serve", "refuse"])
def test_the_policy_for_all_draining_is_an_annotation(policy: str) -> None:
    document = service({"annotations": {"lastack.io/all-draining": policy}})
    assert read_service(document).all_draining == policy


def test_an_unknown_policy_for_all_draining_is_refused() -> None:
    document = service({"annotations": {"lastack.io/all-draining": "Serve"}})
    assert problems(document) == [
        'metadata.annotations[lastack.io/all-draining]: "Serve" is none of serve, refuse: use one of them, in this '
        "spelling"
    ]
