"""Resources as Envoy's own definitions (`envoy-data-plane`) read them."""

from dataclasses import fields
from datetime import timedelta
from typing import TypeVar

import betterproto2
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import Address, Metadata, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration
from envoy_data_plane.google.protobuf import Any, ListValue, Struct, Value

M = TypeVar("M", bound=betterproto2.Message)

NO_TIMEOUT = timedelta(0)


def cluster(body: bytes) -> Cluster:
    return _read(Cluster, body)


def assignment(body: bytes) -> ClusterLoadAssignment:
    return _read(ClusterLoadAssignment, body)


def listener(body: bytes) -> Listener:
    return _read(Listener, body)


def routes(body: bytes) -> RouteConfiguration:
    return _read(RouteConfiguration, body)


def unpack(typed: Any | None, message: type[M], type_url: str) -> M:
    """What is in an `Any`, which must be of that type."""
    assert typed is not None
    assert typed.type_url == f"type.googleapis.com/{type_url}"
    return _read(message, typed.value)


def socket(address: str, port: int) -> Address:
    return Address(socket_address=SocketAddress(address=address, port_value=port))


def about(**values: str | list[str]) -> Metadata:
    """The metadata that everything of ours carries."""
    found = {name: _value(value) for name, value in values.items()}
    return Metadata(filter_metadata={"lastack.io": Struct(fields=found)})


def _value(value: str | list[str]) -> Value:
    if isinstance(value, str):
        return Value(string_value=value)
    return Value(list_value=ListValue(values=[Value(string_value=one) for one in value]))


def _read(message: type[M], body: bytes) -> M:
    found = message.parse(body)
    assert not list(_unknown(found)), "Envoy does not know these fields"
    return found


def _unknown(value: object) -> list[bytes]:
    """The fields, at any depth, that the reference does not know."""
    if isinstance(value, betterproto2.Message):
        inner = [one for field in fields(value) for one in _unknown(getattr(value, field.name))]  # type: ignore[arg-type]
        return inner + ([value._unknown_fields] if value._unknown_fields else [])
    if isinstance(value, dict):
        return [one for each in value.values() for one in _unknown(each)]
    if isinstance(value, list):
        return [one for each in value for one in _unknown(each)]
    return []
