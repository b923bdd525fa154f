import pytest

from tests.xds.parsing.samples import problems, read_workload, warnings, workload
from xds.objects import Endpoint, WorkloadEntry


def test_a_full_workload_entry_is_read_field_by_field() -> None:
    document = workload(
        {"name": "pay-1", "namespace": "shop", "creationTimestamp": "2026-01-02T03:04:05Z"},
        address="10.0.0.1",
        ports={"http": 8080, "grpc": 9090},
        labels={"app": "pay", "app.example.com/rev": ""},
        locality="eu/eu-1/a",
        network="vpc-1",
        weight=7,
        serviceAccount="payments",
    )
    assert read_workload(document) == WorkloadEntry(
        "shop",
        "pay-1",
        Endpoint(
            address="10.0.0.1",
            ports={"http": 8080, "grpc": 9090},
            labels={"app": "pay", "app.example.com/rev": ""},
            locality="eu/eu-1/a",
            network="vpc-1",
            weight=7,
            service_account="payments",
        ),
        "2026-01-02T03:04:05Z",
    )
    assert warnings(document) == []


def test_an_address_is_all_that_a_workload_entry_needs() -> None:
    assert read_workload(workload()) == WorkloadEntry("default", "a", Endpoint("10.0.0.1"))


def test_null_means_absent() -> None:
    nothing = dict.fromkeys(("ports", "labels", "locality", "network", "weight", "serviceAccount"))
    assert read_workload(workload(**nothing)) == read_workload(workload())


@pytest.mark.parametrize("weight", [None, 0, 1])
def test_a_missing_or_zero_weight_is_one(weight: int | None) -> None:
    assert read_workload(workload(weight=weight)).endpoint.weight == 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:DB8:0::0:1", "2001:db8::1"),
        ("Node-1.Example.COM", "node-1.example.com"),
        ("localhost", "localhost"),
        ("1password.example", "1password.example"),
        ("unix:///run/App.sock", "unix:///run/App.sock"),
    ],
)
def test_an_address_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert read_workload(workload(address=written)).endpoint.address == kept


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (None, "is missing: give an IP address, a DNS name or unix:///absolute/path"),
        ("", "is missing: give an IP address, a DNS name or unix:///absolute/path"),
        (10, 'is a number (10), not a string: quote it, "10"'),
        (["10.0.0.1"], "is a list, not a string: write one"),
        ("10.0.0.256", "is not an IP address: write one such as 10.0.0.1, without leading zeros or port"),
        ("010.0.0.1", "without leading zeros"),
        ("10.0.0.1:80", "is not an IP address: write one such as 10.0.0.1 or 2001:db8::1, without brackets or port"),
        ("[::1]", "without brackets or port"),
        ("fe80::1%eth0", "has a zone, which only one machine knows: write the address without it"),
        ("::ffff:10.0.0.1", "is an IPv4 address in IPv6 form: write 10.0.0.1"),
        ("10.0.0.0/8", "is not a DNS name"),
        (" 10.0.0.1", "is not an IP address"),
        ("a_b.example", "is not a DNS name: use letters, digits and hyphens in labels of up to 63 characters"),
        ("-a.example", "is not a DNS name"),
        ("a..example", "is not a DNS name"),
        ("a.example.", "has a final dot: write the name without it"),
        ("x" * 64, "is not a DNS name"),
        (".".join(["abcdefg"] * 32), "is not a DNS name"),
        ("bücher.example", "is not ASCII: write the name in its xn-- form"),
        ("*.example.com", "is a wildcard, which is no place to connect to: write a full DNS name"),
        ("unix://run/app.sock", "is not absolute: write three slashes, such as unix:///run/app.sock"),
        ("unix://@app", "is not absolute"),
        ("unix:///run/", "names a directory: write the path of the socket itself"),
        ("unix:///" + "p" * 107, "is too long for a socket: at most 107 bytes after unix://"),
        ("a\nb", "with characters that can't be printed: remove them"),
        ("\ud800", "with characters that can't be printed: remove them"),
    ],
)
def test_an_unusable_address_is_refused_with_its_remedy(address: object, told: str) -> None:
    (problem,) = problems(workload(address=address))
    assert problem.startswith("spec.address: ")
    assert told in problem
    assert problem.isprintable()


def test_a_socket_path_may_be_as_long_as_linux_takes() -> None:
    assert read_workload(workload(address="unix:///" + "p" * 106))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"ports": {"http": "80"}}, 'spec.ports.http: is a string ("80"), not an integer: write 80, without quotes'),
        (
            {"ports": {"http": "yes"}},
            'spec.ports.http: is a string ("yes"), not an integer: write a whole number from 1 to 65535',
        ),
        (
            {"ports": {"http": True}},
            "spec.ports.http: is a bool (true), not an integer: write a whole number from 1 to 65535",
        ),
        (
            {"ports": {"http": 80.5}},
            "spec.ports.http: is a number (80.5), not an integer: write a whole number from 1 to 65535",
        ),
        ({"ports": {"http": None}}, "spec.ports.http: is null, not an integer: write a whole number from 1 to 65535"),
        ({"ports": {"http": 0}}, "spec.ports.http: is 0: use a number from 1 to 65535"),
        ({"ports": {"http": 65536}}, "spec.ports.http: is 65536: use a number from 1 to 65535"),
        (
            {"ports": {"http": 10**5000}},
            "spec.ports.http: is of more than 38 digits: use a number from 1 to 65535",
        ),
        (
            {"ports": {"@": 80}},
            "spec.ports[@]: \"@\" can't be a port's name: use letters, digits and hyphens, at most 63",
        ),
        ({"ports": {80: 80}}, "spec.ports: has a key that is a number (80), not a string: quote it"),
        ({"ports": [80]}, "spec.ports: is a list, not a mapping: write its fields below it"),
        ({"labels": {"app": True}}, 'spec.labels.app: is a bool (true), not a string: quote it, "true"'),
        ({"labels": {"app": 1.1}}, 'spec.labels.app: is a number (1.1), not a string: quote it, "1.1"'),
        ({"labels": {"app": 1234}}, 'spec.labels.app: is a number (1234), not a string: quote it, "1234"'),
        ({"labels": {"a.b/c": None}}, 'spec.labels[a.b/c]: is null, not a string: write one ("" is empty)'),
        ({"labels": {"app": {"x": "y"}}}, "spec.labels.app: is a mapping, not a string: write one"),
        ({"labels": {"app": "a\tb"}}, "with characters that can't be printed: remove them"),
        ({"labels": {"": "x"}}, "spec.labels: has an empty key: remove or name it"),
        ({"labels": {True: "x"}}, "spec.labels: has a key that is a bool (true), not a string: quote it"),
        ({"labels": {"a\0": "x"}}, 'spec.labels: the key "a\\x00" holds characters that can\'t be printed'),
        ({"labels": "app"}, 'spec.labels: is a string ("app"), not a mapping: write its fields below it'),
        ({"locality": "a/b/c/d"}, 'spec.locality: "a/b/c/d" is not a locality: write region[/zone[/subzone]]'),
        ({"locality": "a//c"}, 'spec.locality: "a//c" is not a locality: write region[/zone[/subzone]]'),
        ({"locality": "a/"}, "is not a locality"),
        ({"locality": 1}, 'spec.locality: is a number (1), not a string: quote it, "1"'),
        ({"network": False}, 'spec.network: is a bool (false), not a string: quote it, "false"'),
        ({"serviceAccount": 1}, 'spec.serviceAccount: is a number (1), not a string: quote it, "1"'),
        ({"weight": -1}, "spec.weight: is -1: use a number from 0 to 2147483647"),
        ({"weight": 2**31}, "spec.weight: is 2147483648: use a number from 0 to 2147483647"),
        ({"weight": "10"}, 'spec.weight: is a string ("10"), not an integer: write 10, without quotes'),
        ({"weight": True}, "spec.weight: is a bool (true), not an integer"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_remedy(spec: dict[str, object], told: str) -> None:
    (problem,) = problems(workload(**spec))
    assert told in problem


def test_a_unix_socket_has_no_ports() -> None:
    assert problems(workload(address="unix:///run/a.sock", ports={"http": 80})) == [
        "spec.ports: a Unix socket has no ports: remove them, or give an IP address"
    ]


def test_all_problems_are_told_at_once() -> None:
    told = problems(workload({"name": "A"}, address="?", weight="x", labels={"a": 1, "b": True}))
    assert [line.partition(":")[0] for line in told] == [
        "metadata.name",
        "spec.address",
        "spec.labels.a",
        "spec.labels.b",
        "spec.weight",
    ]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"adress": "x"}, "spec.adress: is not a known field and is ignored: did you mean address?"),
        ({"service_account": "x"}, "spec.service_account: is not a known field and is ignored: did you mean serviceAc"),
        ({"zz.z": 1}, "spec[zz.z]: is not a known field and is ignored: remove it, or check its spelling"),
        ({"labels": {"lastack.io/drain": "1"}}, "spec.labels[lastack.io/drain]: is not a label that lastack knows"),
        (
            {"labels": {"lastack.io/draining": "no"}},
            'spec.labels[lastack.io/draining]: "no" counts as draining: write "false", or remove the label',
        ),
    ],
)
def test_what_is_probably_not_meant_gives_a_warning(spec: dict[str, object], told: str) -> None:
    (warning,) = warnings(workload(**spec))
    assert warning.startswith(told)


@pytest.mark.parametrize("value", ["true", "false", "False", "2026-01-31"])
def test_a_draining_label_is_read_without_a_warning(value: str) -> None:
    document = workload(labels={"lastack.io/draining": value})
    assert warnings(document) == []
    assert read_workload(document).endpoint.is_draining is (value.lower() != "false")
