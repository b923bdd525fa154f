"""What a change costs, in calls: only what it touches is built again."""

from tests.ledger.scene import calls
from tests.xds.mesh import GRPC, TCP, Mesh, selecting, service
from xds.builders.filters import warm_up
from xds.types import LDS, RDS
from xds.view import View

VIEWS = (View(), View(namespace="another"))


def test_of_a_port_that_many_services_share_only_the_routes_of_the_one_that_changes_are_built() -> None:
    mesh = Mesh(*(selecting(f"service-{number}") for number in range(50)), views=VIEWS)
    counted = calls(mesh.apply, service("web"))
    assert counted["_virtual_host"] == 1  # and not one for each view
    for view in VIEWS:
        assert b"service-49.example" in mesh.get(RDS, "0.0.0.0_80", view).body


def test_the_first_proxy_does_not_wait_for_what_is_built_once() -> None:
    warm_up()
    mesh = Mesh(service("web", GRPC, TCP), selecting("api"), views=())
    assert not calls(mesh.snapshot.add_view, View())["complete_dataclass"]


def test_what_no_grpc_client_has_asked_for_is_not_built() -> None:
    mesh = Mesh(selecting("web"))
    assert not calls(mesh.apply, service("api"), service("web"))["encode_api_listener"]


def test_what_a_grpc_client_has_asked_for_is_not_built_while_nobody_changes_it() -> None:
    mesh = Mesh(selecting("web"))
    mesh.get(LDS, "web.example:80")
    assert not calls(mesh.apply, service("api"))["encode_api_listener"]


def test_what_was_built_for_a_port_goes_with_its_last_service() -> None:
    mesh = Mesh(selecting("web"))
    mesh.delete(selecting("web"))
    assert not mesh.snapshot._ports.numbers()


def test_views_that_have_the_same_share_it() -> None:
    mesh = Mesh(selecting("web"), service("db", TCP), views=VIEWS)
    for type_url, name in ((RDS, "0.0.0.0_80"), (LDS, "0.0.0.0_80"), (LDS, "0.0.0.0_5432")):
        assert mesh.get(type_url, name, VIEWS[0]) is mesh.get(type_url, name, VIEWS[1])
