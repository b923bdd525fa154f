"""Services that share a port: whose part is the same for all views, and whose is not."""

from itertools import permutations

import pytest

from tests.xds.mesh import HTTP, TCP, TLS, VIEW, Mesh, service
from xds.objects import Protocol, ServiceEntry, ServicePort
from xds.types import LDS, RDS
from xds.view import View

NAME = "0.0.0.0_80"
PLAIN_TCP = ServicePort(80, "tcp", Protocol.TCP)
WEB = service("web", created="2020-01-01T00:00:00Z")
RIVAL = service("rival", hosts=("rival.example", "web.example"), created="2021-01-01T00:00:00Z")
SECRET = service("secret", namespace="another", hosts=("web.example",), export_to=(".",))
ANOTHER = View(namespace="another")


def of(*entries: ServiceEntry) -> Mesh:
    return Mesh(*entries, views=(VIEW, ANOTHER))


def everything(mesh: Mesh) -> dict[tuple[View, str], bytes]:
    snapshot = mesh.snapshot
    return {
        (view, name): mesh.get(type_url, name, view).body
        for view in (VIEW, ANOTHER)
        for type_url in (LDS, RDS)
        for name in snapshot.names(view, type_url)
    }


@pytest.mark.parametrize("gone", [RIVAL, SECRET, service("db", PLAIN_TCP)], ids=["rival", "secret", "catch-all"])
def test_when_a_rival_has_gone_all_is_as_if_it_had_never_been(gone: ServiceEntry) -> None:
    mesh = of(WEB, gone, service("api"))
    assert everything(mesh) != everything(of(WEB, service("api")))
    mesh.delete(gone)
    assert everything(mesh) == everything(of(WEB, service("api")))


def test_the_order_in_which_services_come_says_nothing() -> None:
    entries = (WEB, RIVAL, SECRET, service("db", PLAIN_TCP), service("tls", TLS))
    assert len({tuple(sorted(everything(of(*order)).items(), key=repr)) for order in permutations(entries)}) == 1


def test_a_domain_that_two_claim_goes_to_the_older_one() -> None:
    mesh = of(RIVAL, WEB)
    routes = mesh.get(RDS, NAME).body
    assert routes.count(b"web.example:80") == 1
    assert b"rival.example:80" in routes


def test_a_service_of_its_own_namespace_comes_first_there_and_is_not_seen_elsewhere() -> None:
    mesh = of(WEB, SECRET)
    assert b"|secret|" not in mesh.get(RDS, NAME, VIEW).body.replace(b"/", b"|")
    assert mesh.get(RDS, NAME, VIEW).body != mesh.get(RDS, NAME, ANOTHER).body
    assert mesh.get(RDS, NAME, VIEW).body == of(WEB).get(RDS, NAME, VIEW).body


def test_a_service_that_leaves_a_port_leaves_the_others_there() -> None:
    mesh = of(service("web", HTTP, TCP), service("api"))
    mesh.apply(service("web", TCP))
    routes = mesh.get(RDS, NAME).body
    assert b"api.example" in routes
    assert b"web.example" not in routes
