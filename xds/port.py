"""Ports: what their services put into listeners and RouteConfigurations, encoded once for all views.

Thousands of services may share a port, and a change of one should cost neither the others nor every view anew.
"""

from typing import NamedTuple
from weakref import WeakValueDictionary

from ledger.ids import ObjectKey, ResourceName, TypeUrl
from xds.builders.listeners import (
    REDIRECT_PORT,
    chains_of_service,
    claims_on_listener,
    encode_port_listener,
    http_chain,
    rest_of_service,
)
from xds.builders.routes import VirtualHosts, claims_on_routes, encode_port_routes, hosts_of_service, passthrough_host
from xds.index.chunks import Chunks
from xds.naming import port_listener_name
from xds.objects import ServiceEntry, ServicePort
from xds.resource import Resource
from xds.types import LDS, RDS
from xds.view import View


class _Service(NamedTuple):
    """A service on the port. claims: what only one service can have there; with `is_rest`, also the default chain."""

    entry: ServiceEntry
    port: ServicePort
    claims: frozenset[str]
    is_rest: bool


class Port:
    """The services of one port.

    One that all views see, and that claims nothing that another one claims too, is plain: its part is the same for all.
    The others are apart: which of them there are, and which of them gets what it claims, every view settles for itself.
    TCP services without addresses are always apart, and HTTP services beside one: they compete for the default chain.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._name = port_listener_name(number)
        self._services: dict[ObjectKey, _Service] = {}
        self._claimants: dict[str, set[ObjectKey]] = {}
        self._rests: set[ObjectKey] = set()
        self._apart: dict[ObjectKey, _Service] = {}
        # Of the plain ones:
        self._http: set[ObjectKey] = set()
        self._tls: set[ObjectKey] = set()
        self._hosts: Chunks[ObjectKey] = Chunks()
        self._chains: Chunks[ObjectKey] = Chunks()
        self._virtual_hosts = VirtualHosts()
        self._made: WeakValueDictionary[tuple[TypeUrl, bytes, bytes], Resource] = WeakValueDictionary()

    def __bool__(self) -> bool:
        return bool(self._services)

    def put(self, key: ObjectKey, entry: ServiceEntry | None) -> None:
        """The service is on the port in this form; with None, no longer."""
        had_rests = bool(self._rests)
        affected = self._take_out(key)
        if entry is not None:
            affected |= self._take_in(key, entry)
        if had_rests != bool(self._rests):
            affected.update(key for key, service in self._services.items() if service.port.protocol.is_http)
        for one in affected:
            self._sort(one)
        self._virtual_hosts.forget(key)
        self._made.clear()

    # What a view has

    def listener(self, view: View) -> Resource | None:
        """The port's listener; None if the view has none."""
        # Envoy rejects a second listener at one address, and there the redirected connections arrive.
        taken_by_redirection = view.redirect and self._number == REDIRECT_PORT
        seen = self._seen(view)
        if taken_by_redirection or not (self._http or self._chains or seen):
            return None
        taken: set[str] = set()
        chains: list[bytes] = []
        rest = http_chain(self._name) if self._http else None
        tells_by_name = bool(self._tls)
        for service in seen:
            found = chains_of_service(service.entry, service.port, taken)
            chains += found
            tells_by_name = tells_by_name or (service.port.protocol.is_tls and bool(found))
            rest = rest or rest_of_service(service.entry, service.port)
        head = encode_port_listener(self._number, view, rest, tells_by_name)
        return self._make(LDS, head, self._chains, b"".join(chains))

    def routes(self, view: View) -> Resource | None:
        """The RouteConfiguration of the port's HTTP services; None if the view has none."""
        seen = [service for service in self._seen(view) if service.port.protocol.is_http]
        if not (self._http or seen):
            return None
        taken: set[str] = set()
        hosts: list[bytes] = []
        for service in seen:
            hosts += hosts_of_service(service.entry, self._number, taken, self._virtual_hosts)
        if view.redirect:
            hosts.append(passthrough_host())
        return self._make(RDS, encode_port_routes(self._name), self._hosts, b"".join(hosts))

    def _seen(self, view: View) -> list[_Service]:
        """Those apart, in the order in which claims are settled."""
        seen = [service for service in self._apart.values() if view.sees(service.entry)]
        return sorted(seen, key=lambda service: view.claim_rank(service.entry))

    def _make(self, type_url: TypeUrl, head: bytes, common: Chunks[ObjectKey], own: bytes) -> Resource:
        """One object for all views that have the same, for as long as any has it."""
        made = self._made.get((type_url, head, own))
        if made is None:
            made = Resource(ResourceName(type_url, self._name), b"".join((head, common.joined(), own)))
            self._made[type_url, head, own] = made
        return made

    # Who is plain

    def _take_out(self, key: ObjectKey) -> set[ObjectKey]:
        """Returns whose claims are contested by one less; itself too."""
        affected = {key}
        old = self._services.pop(key, None)
        for claim in old.claims if old is not None else ():
            claimants = self._claimants[claim]
            affected |= claimants
            claimants.discard(key)
            if not claimants:
                del self._claimants[claim]
        self._rests.discard(key)
        return affected

    def _take_in(self, key: ObjectKey, entry: ServiceEntry) -> set[ObjectKey]:
        """Returns whose claims are contested by it."""
        port = next(port for port in entry.ports if port.number == self._number)
        is_http = port.protocol.is_http
        claims = claims_on_routes(entry) if is_http else claims_on_listener(entry, port)
        is_rest = not is_http and rest_of_service(entry, port) is not None
        self._services[key] = _Service(entry, port, frozenset(claims), is_rest)
        if is_rest:
            self._rests.add(key)
        affected: set[ObjectKey] = set()
        for claim in claims:
            claimants = self._claimants.setdefault(claim, set())
            affected |= claimants
            claimants.add(key)
        return affected

    def _sort(self, key: ObjectKey) -> None:
        """Puts a service where it belongs, if it is there at all."""
        service = self._services.get(key)
        for keys in (self._http, self._tls):
            keys.discard(key)
        for chunks in (self._hosts, self._chains):
            chunks.drop(key)
        self._apart.pop(key, None)
        if service is None:
            return
        if not self._is_plain(service):
            self._apart[key] = service
        elif service.port.protocol.is_http:
            self._http.add(key)
            self._hosts.put(key, b"".join(hosts_of_service(service.entry, self._number, set(), self._virtual_hosts)))
        else:
            if service.port.protocol.is_tls:
                self._tls.add(key)
            self._chains.put(key, b"".join(chains_of_service(service.entry, service.port, set())))

    def _is_plain(self, service: _Service) -> bool:
        if "*" not in service.entry.export_to or service.is_rest:
            return False
        if self._rests and service.port.protocol.is_http:
            return False
        return all(len(self._claimants[claim]) == 1 for claim in service.claims)


class Ports:
    """All ports that any service has, by number."""

    def __init__(self) -> None:
        self._ports: dict[int, Port] = {}

    def change(self, old: ServiceEntry | None, new: ServiceEntry | None) -> None:
        """A service has another form; None where it was not there, or is not any more."""
        before, after = _numbers(old), _numbers(new)
        for number in before - after:
            assert old is not None
            self._ports[number].put(old.key, None)
            if not self._ports[number]:
                del self._ports[number]
        for number in after:
            assert new is not None
            self._ports.setdefault(number, Port(number)).put(new.key, new)

    def get(self, number: int) -> Port | None:
        """A port; None if no service has it."""
        return self._ports.get(number)

    def numbers(self) -> list[int]:
        """Every port that a service has."""
        return sorted(self._ports)


def _numbers(entry: ServiceEntry | None) -> set[int]:
    return {port.number for port in entry.ports} if entry is not None else set()
