"""What a Pod that opts in is given when it is created. It holds no socket and no clock.

A readiness gate, so that it counts as ready only when every proxy has it; a preStop hook, so that its containers are
ended only when no proxy sends them requests; and where it asks for it, a finalizer. What it has already is not given
again: the API server may ask twice (`reinvocationPolicy`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from controllers.addresses import Address
from controllers.kubernetes.drain import MARGIN_SECONDS
from controllers.kubernetes.pods.names import DRAIN_TOKEN, ENROLL, FINALIZER, POD_FINALIZER_WANTED, PUBLISHED
from controllers.kubernetes.webhook.pod_security import ENFORCE_VERSION, LAST_VERSION_WITHOUT, forbids_hosts_in_hooks
from controllers.kubernetes.webhook.shapes import Container, HttpGet, Pod
from xds.durations import parse_duration
from xds.objects import LONGEST_REQUEST

DRAIN_PATH = "/v1/drain/"
"""Begins the path of every hook that is ours."""

Operation = dict[str, Any]
"""One of a JSON patch (RFC 6902)."""

_MIRROR = "kubernetes.io/config.mirror"
"""Annotation of the image of a static Pod, which its kubelet runs whatever the API server says."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
"""What can be a part of a path as it is."""

_DEFAULT_GRACE = 30


@dataclass(frozen=True, slots=True)
class DrainPoint:
    """Where hooks call. longest_request: in seconds, where the Pod does not say."""

    address: Address
    longest_request: float


@dataclass(frozen=True, slots=True)
class Mutation:
    """A JSON patch, and what whoever creates the Pod is told."""

    operations: tuple[Operation, ...] = ()
    warnings: tuple[str, ...] = ()


def mutate(
    pod: Pod,
    namespace: str,
    namespace_labels: Mapping[str, str] | None,
    token: str,
    point: DrainPoint,
    namespace_opts_in: bool = False,
) -> Mutation:
    """What is to be changed in a Pod.

    Args:
        namespace_labels: None: the namespace is not known; then only the Pod's own label counts.
        token: by which the hook asks for the Pod if that has no name yet; one that nobody else has or can guess,
            of letters, digits and dashes.
        namespace_opts_in: the API server says so, which may know it earlier than we do.
    """
    labels, annotations = pod.metadata.labels or {}, pod.metadata.annotations or {}
    wish = labels.get(ENROLL, "true" if namespace_opts_in else (namespace_labels or {}).get(ENROLL))
    if wish != "true" or _MIRROR in annotations:
        odd = wish not in (None, "true", "false")
        return Mutation(warnings=(f'lastack: label {ENROLL} is {wish!r}: write "true" or "false"',) if odd else ())
    if pod.spec.host_network:
        why = "a Pod on its node's network has no address of its own, so it gets no readiness gate and no hook"
        return Mutation(warnings=(f"lastack: {why}: set hostNetwork to false, or {ENROLL} to false",))
    warnings = []
    if namespace_labels is None:
        warnings.append(
            f"lastack: namespace {namespace} is not known yet; unless --namespace-selector selects it, the Pod never "
            "becomes ready"
        )
    hooks, told = _hooks(pod, namespace, namespace_labels or {}, token, point)
    return Mutation((*_gate(pod), *_finalizer(pod), *hooks), (*warnings, *told))


def _gate(pod: Pod) -> list[Operation]:
    gates, gate = pod.spec.readiness_gates, {"conditionType": PUBLISHED}
    if gates is None:
        return [_add("/spec/readinessGates", [gate])]
    if any(present.condition_type == PUBLISHED for present in gates):
        return []
    return [_add("/spec/readinessGates/-", gate)]


def _finalizer(pod: Pod) -> list[Operation]:
    finalizers = pod.metadata.finalizers
    if (pod.metadata.annotations or {}).get(POD_FINALIZER_WANTED) != "true" or FINALIZER in (finalizers or ()):
        return []
    if finalizers is None:
        return [_add("/metadata/finalizers", [FINALIZER])]
    return [_add("/metadata/finalizers/-", FINALIZER)]


def _hooks(
    pod: Pod, namespace: str, namespace_labels: Mapping[str, str], token: str, point: DrainPoint
) -> tuple[list[Operation], list[str]]:
    """A hook for each container: the kubelet runs them all at once, and ends each container after its own."""
    annotations = pod.metadata.annotations or {}
    call = f"GET http://{point.address}{DRAIN_PATH}NAMESPACE/POD-NAME"
    if forbids_hosts_in_hooks(namespace_labels):
        why = "Pod Security here forbids hooks that call a host, so there is none"
        pinned = f"{ENFORCE_VERSION}={LAST_VERSION_WITHOUT}"
        return [], [f"lastack: {why}: label the namespace {pinned}, or have your own hook {call}"]
    name, present = pod.metadata.name, annotations.get(DRAIN_TOKEN, "")
    token = present if _TOKEN.fullmatch(present) else token
    path = f"{DRAIN_PATH}{namespace}/" + (name or f"by-token/{token}")
    hook = HttpGet(path=path, host=point.address.host, port=point.address.port)
    operations, warnings, ours = [], [], False
    for index, container in enumerate(pod.spec.containers):
        if _has_own_hook(container):
            kept = f"container {container.name} keeps its own preStop hook"
            warnings.append(f"lastack: {kept}: have that begin with {call}, or remove it")
            continue
        ours = True
        operations += _hook(container, f"/spec/containers/{index}", hook)
    operations += _token(annotations, token if ours and not name else None)
    return operations, warnings + _too_short(pod, annotations, point)


def _hook(container: Container, place: str, hook: HttpGet) -> list[Operation]:
    """One that is ours and differs is of another Pod, from which this one was copied, or of another time."""
    handler = {"httpGet": hook.model_dump(by_alias=True)}
    if container.lifecycle is None:
        return [_add(f"{place}/lifecycle", {"preStop": handler})]
    present = container.lifecycle.pre_stop
    if present is not None and present.http_get == hook:
        return []
    return [_add(f"{place}/lifecycle/preStop", handler)]  # in place of one that is there


def _has_own_hook(container: Container) -> bool:
    present = container.lifecycle.pre_stop if container.lifecycle is not None else None
    return present is not None and (present.http_get is None or not present.http_get.path.startswith(DRAIN_PATH))


def _token(annotations: Mapping[str, str], token: str | None) -> list[Operation]:
    """`token`: None: there is to be none; the one of the Pod that this one was copied from would find both."""
    if annotations.get(DRAIN_TOKEN) == token:
        return []
    place = f"/metadata/annotations/{_escaped(DRAIN_TOKEN)}"
    if token is None:
        return [{"op": "remove", "path": place}]
    return [_add(place, token)] if annotations else [_add("/metadata/annotations", {DRAIN_TOKEN: token})]


def _too_short(pod: Pod, annotations: Mapping[str, str], point: DrainPoint) -> list[str]:
    warnings, longest = [], point.longest_request
    try:
        longest = parse_duration(annotations.get(LONGEST_REQUEST, longest))
    except ValueError:
        given = f"annotation {LONGEST_REQUEST} is no duration, so {longest:g} s holds"
        warnings.append(f"lastack: {given}: write 30s, 500ms, 2m or 1h")
    grace, needed = pod.spec.termination_grace_period_seconds, ceil(longest + MARGIN_SECONDS)
    grace = _DEFAULT_GRACE if grace is None else grace
    if grace <= needed:  # the proxies have to learn of it first, which takes time too
        short = f"terminationGracePeriodSeconds {grace} leaves no time for the longest request ({longest:g} s)"
        warnings.append(f"lastack: {short}: set it to {2 * needed} or more")
    return warnings


def _add(path: str, value: object) -> Operation:
    return {"op": "add", "path": path, "value": value}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
