"""Whether documents that belong together name each other rightly. No API server looks at this: nothing works then."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.deploy.documents import Document, name_of, of_kind

_SERVING = "lastack.io/serving"
"""A label that the Pod that serves gives itself."""


def dangling(documents: Sequence[Document]) -> Iterator[str]:
    """What is named and is not there: each with the object that names it."""
    seen: set[str] = set()
    for document in documents:
        name = name_of(document)
        if name in seen:
            yield f"{name}: is there twice"
        seen.add(name)
    for workload in of_kind(documents, "Deployment", "StatefulSet"):
        yield from (f"{name_of(workload)}: {text}" for text in _of_pod(workload, documents))
    for binding in of_kind(documents, "RoleBinding", "ClusterRoleBinding"):
        yield from (f"{name_of(binding)}: {text}" for text in _of_binding(binding, documents))
    for service in of_kind(documents, "Service"):
        yield from (f"{name_of(service)}: {text}" for text in _of_service(service, documents))
    for policy in of_kind(documents, "NetworkPolicy", "PodDisruptionBudget"):
        yield from (f"{name_of(policy)}: {text}" for text in _of_policy(policy, documents))
    for monitor in of_kind(documents, "ServiceMonitor"):
        yield from (f"{name_of(monitor)}: {text}" for text in _of_monitor(monitor, documents))
    for configuration in of_kind(documents, "MutatingWebhookConfiguration"):
        yield from (f"{name_of(configuration)}: {text}" for text in _of_webhooks(configuration, documents))
    for certificate in of_kind(documents, "Certificate"):
        yield from (f"{name_of(certificate)}: {text}" for text in _of_certificate(certificate, documents))
    for issuer in of_kind(documents, "Issuer"):
        yield from (f"{name_of(issuer)}: {text}" for text in _of_issuer(issuer, documents))


def _of_pod(workload: Document, documents: Sequence[Document]) -> Iterator[str]:
    spec, template = workload["spec"], workload["spec"]["template"]
    namespace, pod = workload["metadata"]["namespace"], template["spec"]
    if not _matches(spec["selector"], template["metadata"]["labels"]):
        yield "selects none of its own Pods"
    account = pod.get("serviceAccountName")
    if account and not _there(documents, "ServiceAccount", namespace, account):
        yield f"there is no ServiceAccount {account}"
    volumes = {volume["name"] for volume in pod.get("volumes", ())}
    mounted = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", ())}
    yield from (f"there is no volume {name} to be mounted" for name in mounted - volumes)
    yield from (f"nobody mounts the volume {name}" for name in volumes - mounted)
    for volume in pod.get("volumes", ()):
        name = volume.get("configMap", {}).get("name")
        if name and not _there(documents, "ConfigMap", namespace, name):
            yield f"there is no ConfigMap {name}"
    for container in pod["containers"]:
        ports = {port["name"] for port in container.get("ports", ())}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            named = container.get(probe, {}).get("httpGet", {}).get("port")
            if isinstance(named, str) and named not in ports:
                yield f"there is no port {named} for its {probe}"


def _of_binding(binding: Document, documents: Sequence[Document]) -> Iterator[str]:
    role, namespace = binding["roleRef"], binding["metadata"].get("namespace")
    if not _there(documents, role["kind"], namespace if role["kind"] == "Role" else None, role["name"]):
        yield f"there is no {role['kind']} {role['name']}"
    for subject in binding["subjects"]:
        if not _there(documents, subject["kind"], subject["namespace"], subject["name"]):
            yield f"there is no {subject['kind']} {subject['namespace']}/{subject['name']}"


def _of_service(service: Document, documents: Sequence[Document]) -> Iterator[str]:
    wanted = {key: value for key, value in service["spec"]["selector"].items() if key != _SERVING}
    pods = list(_pods({"matchLabels": wanted}, service["metadata"]["namespace"], documents))
    if not pods:
        yield "selects no Pods"
    for port in service["spec"]["ports"]:
        if pods and port["targetPort"] not in _ports(pods):
            yield f"no Pod has the port {port['targetPort']}"


def _of_policy(policy: Document, documents: Sequence[Document]) -> Iterator[str]:
    selector = policy["spec"].get("podSelector") or policy["spec"].get("selector")
    pods = list(_pods(selector, policy["metadata"]["namespace"], documents))
    if not pods:
        yield "selects no Pods"
    for rule in policy["spec"].get("ingress", ()):
        for port in rule["ports"]:
            if pods and port["port"] not in _ports(pods):
                yield f"no Pod has the port {port['port']}"


def _of_monitor(monitor: Document, documents: Sequence[Document]) -> Iterator[str]:
    found = [
        service
        for service in of_kind(documents, "Service")
        if _matches(monitor["spec"]["selector"], service["metadata"]["labels"])
    ]
    if len(found) != 1:
        yield f"selects {len(found)} Services"
    ports = {port["name"] for service in found for port in service["spec"]["ports"]}
    for endpoint in monitor["spec"]["endpoints"]:
        if endpoint["port"] not in ports:
            yield f"no Service has the port {endpoint['port']}"


def _of_webhooks(configuration: Document, documents: Sequence[Document]) -> Iterator[str]:
    source = configuration["metadata"].get("annotations", {}).get("cert-manager.io/inject-ca-from")
    if source is not None and not _there(documents, "Certificate", *source.split("/")):
        yield f"there is no Certificate {source}"
    for webhook in configuration["webhooks"]:
        asked = webhook["clientConfig"]["service"]
        service = _find(documents, "Service", asked["namespace"], asked["name"])
        if service is None:
            yield f"there is no Service {asked['namespace']}/{asked['name']}"
        elif asked["port"] not in {port["port"] for port in service["spec"]["ports"]}:
            yield f"{name_of(service)} has no port {asked['port']}"


def _of_certificate(certificate: Document, documents: Sequence[Document]) -> Iterator[str]:
    issuer = certificate["spec"]["issuerRef"]
    known = issuer["kind"] != "Issuer" or issuer["group"] != "cert-manager.io"  # else somebody else's
    if not known and not _there(documents, "Issuer", certificate["metadata"]["namespace"], issuer["name"]):
        yield f"there is no Issuer {issuer['name']}"


def _of_issuer(issuer: Document, documents: Sequence[Document]) -> Iterator[str]:
    kept = {certificate["spec"]["secretName"] for certificate in of_kind(documents, "Certificate")}
    wanted = issuer["spec"].get("ca", {}).get("secretName")
    if wanted is not None and wanted not in kept:
        yield f"no Certificate is kept in Secret {wanted}"


def _pods(selector: Any, namespace: str, documents: Sequence[Document]) -> Iterator[Document]:
    for workload in of_kind(documents, "Deployment", "StatefulSet"):
        template: Document = workload["spec"]["template"]
        if workload["metadata"]["namespace"] == namespace and _matches(selector, template["metadata"]["labels"]):
            yield template


def _ports(pods: Sequence[Document]) -> set[str]:
    return {port["name"] for pod in pods for container in pod["spec"]["containers"] for port in container["ports"]}


def _matches(selector: Any, labels: dict[str, str]) -> bool:
    """By labels alone: more is not used for this."""
    wanted: dict[str, str] = selector["matchLabels"]
    return bool(wanted) and wanted.items() <= labels.items()


def _there(documents: Sequence[Document], kind: str, namespace: str | None, name: str) -> bool:
    return _find(documents, kind, namespace, name) is not None


def _find(documents: Sequence[Document], kind: str, namespace: str | None, name: str) -> Document | None:
    for document in of_kind(documents, kind):
        metadata = document["metadata"]
        if metadata["name"] == name and metadata.get("namespace") == namespace:
            return document
    return None
