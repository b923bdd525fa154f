"""What is read of an AdmissionReview and of the Pod in it. Whatever else they hold is left alone."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class HttpGet(_Part):
    """A request that the kubelet makes. An empty host is the Pod itself."""

    path: str = ""
    host: str = ""
    port: int | str = 0
    scheme: str = "HTTP"


class Handler(_Part):
    """What the kubelet does at some point of a container's life; of the other ways than `httpGet` nothing is read."""

    http_get: HttpGet | None = None


class Lifecycle(_Part):
    """The points of a container's life at which something is done."""

    pre_stop: Handler | None = None


class Container(_Part):
    """A container that is no init container."""

    name: str
    lifecycle: Lifecycle | None = None


class ReadinessGate(_Part):
    """A condition that has to be True before the Pod is ready."""

    condition_type: str


class Spec(_Part):
    """What a Pod is to be."""

    containers: list[Container]
    host_network: bool | None = None
    readiness_gates: list[ReadinessGate] | None = None
    termination_grace_period_seconds: int | None = None


class Metadata(_Part):
    """What a Pod is called. The name is empty while the API server has not made it up yet (`generateName`)."""

    name: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None


class Pod(_Part):
    """A Pod as it is about to be created, with the API server's defaults filled in."""

    metadata: Metadata
    spec: Spec


class Resource(_Part):
    """Which kind of object a request is about."""

    group: str = ""
    version: str = ""
    resource: str = ""


class Request(_Part):
    """One question of the API server. `uid` is another one each time."""

    uid: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    resource: Resource
    sub_resource: str | None = None
    operation: str
    namespace: str = ""
    object: Any = None


class AdmissionReview(_Part):
    """What the API server sends."""

    api_version: Literal["admission.k8s.io/v1"]
    kind: Literal["AdmissionReview"]
    request: Request
