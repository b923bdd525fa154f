"""The custom resources that the chart and the examples make, as far as they use them.

What is not here is refused, also where their definitions allow it: whoever uses more adds it. ServiceEntries and
WorkloadEntries are read by lastack itself (`lastack check`).
"""

from typing import Any, Literal

from kubernetes.client.models import V1LabelSelector, V1ObjectMeta
from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Object(_Strict):
    apiVersion: str
    kind: str
    metadata: V1ObjectMeta


class _Endpoint(_Strict):
    port: str
    path: str
    interval: str


class _ServiceMonitorSpec(_Strict):
    selector: V1LabelSelector
    endpoints: list[_Endpoint]


class ServiceMonitor(_Object):
    """monitoring.coreos.com/v1."""

    spec: _ServiceMonitorSpec


class _CaIssuer(_Strict):
    secretName: str


class _IssuerSpec(_Strict):
    selfSigned: dict[str, Any] | None = None
    ca: _CaIssuer | None = None


class Issuer(_Object):
    """cert-manager.io/v1."""

    spec: _IssuerSpec


class _IssuerRef(_Strict):
    name: str
    kind: Literal["Issuer", "ClusterIssuer"]
    group: str


class _PrivateKey(_Strict):
    algorithm: Literal["RSA", "ECDSA", "Ed25519"]
    size: int
    rotationPolicy: Literal["Always", "Never"]


class _CertificateSpec(_Strict):
    secretName: str
    isCA: bool | None = None
    commonName: str | None = None
    dnsNames: list[str] | None = None
    duration: str | None = None
    privateKey: _PrivateKey
    usages: list[str]
    issuerRef: _IssuerRef


class Certificate(_Object):
    """cert-manager.io/v1."""

    spec: _CertificateSpec


class _GroupMetadata(_Strict):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _GroupTemplate(_Strict):
    ports: dict[str, int] = {}
    weight: int | None = None
    network: str | None = None
    locality: str | None = None


class _WorkloadGroupSpec(_Strict):
    metadata: _GroupMetadata
    template: _GroupTemplate


class WorkloadGroup(_Object):
    """networking.istio.io/v1."""

    spec: _WorkloadGroupSpec


CUSTOM: dict[tuple[str, str], type[BaseModel]] = {
    ("cert-manager.io/v1", "Certificate"): Certificate,
    ("cert-manager.io/v1", "Issuer"): Issuer,
    ("monitoring.coreos.com/v1", "ServiceMonitor"): ServiceMonitor,
    ("networking.istio.io/v1", "WorkloadGroup"): WorkloadGroup,
}
