"""ClusterLoadAssignments as Envoy reads them."""

import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, HealthStatus, Locality, Pipe
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.config.endpoint.v3 import Endpoint as ReferenceEndpoint

from tests.xds.builders.reference import about, assignment, socket
from tests.xds.mesh import GRPC, HTTP, Mesh, cluster_of, selecting, service, workload
from xds.builders.assignments import MAX_UINT32, encode_assignment
from xds.objects import Endpoint, ServicePort, WorkloadEntry
from xds.parsing.addresses import is_ip
from xds.types import EDS

WEB = selecting("web")


def of(mesh: Mesh, port: ServicePort = HTTP) -> ClusterLoadAssignment:
    return assignment(mesh.get(EDS, cluster_of(WEB, port)).body)


def endpoint(
    name: str,
    address: Address,
    weight: int = 1,
    health: HealthStatus = HealthStatus.UNKNOWN,
    **more: str,
) -> LbEndpoint:
    return LbEndpoint(
        endpoint=ReferenceEndpoint(address=address),
        health_status=health,
        metadata=about(object=name, **more),
        load_balancing_weight=weight,
    )


def test_an_assignment_says_all_that_is_to_be_said_of_its_endpoints() -> None:
    everything = Endpoint(
        "10.0.0.7", {"http": 8080}, {"app": "web"}, "eu/a/rack-1", "net-1", 5, "spiffe://mesh/ns/default/sa/web"
    )
    mesh = Mesh(WEB, WorkloadEntry("default", "w", everything))
    assert of(mesh) == ClusterLoadAssignment(
        cluster_name=cluster_of(WEB),
        endpoints=[
            LocalityLbEndpoints(
                locality=Locality(region="eu", zone="a", sub_zone="rack-1"),
                lb_endpoints=[
                    endpoint(
                        "WorkloadEntry/default/w",
                        socket("10.0.0.7", 8080),
                        weight=5,
                        network="net-1",
                        service_account="spiffe://mesh/ns/default/sa/web",
                    )
                ],
                load_balancing_weight=5,
            )
        ],
    )


def test_an_endpoint_of_which_nothing_is_said_still_has_a_locality_and_a_weight() -> None:  # rule 32
    mesh = Mesh(WEB, workload("w"))
    assert of(mesh).endpoints == [
        LocalityLbEndpoints(
            locality=Locality(),
            lb_endpoints=[endpoint("WorkloadEntry/default/w", socket("10.0.0.1", 80))],
            load_balancing_weight=1,
        )
    ]


def test_a_service_without_endpoints_has_an_empty_assignment() -> None:  # rule 25
    assert of(Mesh(WEB)) == ClusterLoadAssignment(cluster_name=cluster_of(WEB))
    assert assignment(encode_assignment("gone", None)) == ClusterLoadAssignment(cluster_name="gone")


def test_an_endpoint_that_drains_is_draining_and_never_unhealthy() -> None:
    mesh = Mesh(WEB, workload("w", draining=True), workload("v", "10.0.0.2"))
    assert [one.health_status for one in of(mesh).endpoints[0].lb_endpoints] == [
        HealthStatus.UNKNOWN,
        HealthStatus.DRAINING,
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1", socket("10.0.0.1", 80)),
        ("2001:db8::1", socket("2001:db8::1", 80)),
        ("unix:///run/web.sock", Address(pipe=Pipe(path="/run/web.sock"))),
    ],
)
def test_an_address_is_an_ip_address_or_a_socket(address: str, expected: Address) -> None:
    (group,) = of(Mesh(WEB, workload("w", address))).endpoints
    assert [one.endpoint.address for one in group.lb_endpoints if one.endpoint is not None] == [expected]


def test_endpoints_are_grouped_by_locality_in_order_and_each_group_weighs_what_they_weigh() -> None:
    mesh = Mesh(
        WEB,
        workload("d", "10.0.0.4", locality="us", weight=7),
        workload("c", "10.0.0.3", locality="eu/b"),
        workload("b", "10.0.0.2", locality="eu/a", weight=2),
        workload("a", "10.0.0.1", locality="eu/a", weight=3),
    )
    found = [
        (group.locality, group.load_balancing_weight, [addresses(one) for one in group.lb_endpoints])
        for group in of(mesh).endpoints
    ]
    assert found == [
        (Locality(region="eu", zone="a"), 5, ["10.0.0.1", "10.0.0.2"]),
        (Locality(region="eu", zone="b"), 1, ["10.0.0.3"]),
        (Locality(region="us"), 7, ["10.0.0.4"]),
    ]


def addresses(one: LbEndpoint) -> str:
    assert one.endpoint is not None
    assert one.endpoint.address is not None
    assert one.endpoint.address.socket_address is not None
    return one.endpoint.address.socket_address.address


def test_a_locality_never_weighs_more_than_envoy_takes() -> None:
    most = 2**31 - 1
    mesh = Mesh(WEB, *(workload(f"w{n}", f"10.0.0.{n}", weight=most) for n in range(3)))
    (group,) = of(mesh).endpoints
    assert group.load_balancing_weight == MAX_UINT32 == 2**32 - 1
    assert [one.load_balancing_weight for one in group.lb_endpoints] == [most] * 3


def test_of_two_objects_with_one_address_one_is_in_the_assignment() -> None:  # rule 32
    mesh = Mesh(WEB, workload("b"), workload("a"))
    (group,) = of(mesh).endpoints
    assert group.lb_endpoints == [endpoint("WorkloadEntry/default/a", socket("10.0.0.1", 80))]
    mesh.delete(workload("a"))
    (group,) = of(mesh).endpoints
    assert group.lb_endpoints == [endpoint("WorkloadEntry/default/b", socket("10.0.0.1", 80))]


def test_each_port_has_an_assignment_with_its_own_ports_in_it() -> None:
    mesh = Mesh(selecting("web", HTTP, GRPC), workload("w", ports={"grpc": 7000}))
    for port, number in ((HTTP, 80), (GRPC, 7000)):
        (group,) = of(mesh, port).endpoints
        assert group.lb_endpoints == [endpoint("WorkloadEntry/default/w", socket("10.0.0.1", number))]


def test_inline_endpoints_are_named_by_their_service() -> None:
    entry = service("web", endpoints=[Endpoint("10.0.0.1"), Endpoint("10.0.0.2")])
    (group,) = of(Mesh(entry)).endpoints
    assert group.lb_endpoints == [
        endpoint("ServiceEntry/default/web", socket("10.0.0.1", 80)),
        endpoint("ServiceEntry/default/web", socket("10.0.0.2", 80)),
    ]


def test_a_large_assignment_is_put_together_as_one_encoded_as_a_whole() -> None:
    mesh = Mesh(WEB, *(workload(f"w{n:04}", f"10.0.{n // 250}.{n % 250}", locality=f"z{n % 7}") for n in range(500)))
    found = of(mesh)
    assert sum(len(group.lb_endpoints) for group in found.endpoints) == 500
    assert [group.locality.region for group in found.endpoints if group.locality] == [f"z{n}" for n in range(7)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", True),
        ("::1", True),
        ("w.example", False),
        ("unix:///run/web", False),
        ("10.0.0.256", False),
        ("", False),
    ],
)
def test_an_ip_address_is_told_from_a_name(text: str, expected: bool) -> None:
    assert is_ip(text) is expected
