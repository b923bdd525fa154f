"""A cluster as its users see it: by requests to its API server, which is a double or a real one."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.rate import RateLimit
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.store import Document

KUBECONFIG = "LASTACK_TEST_KUBECONFIG"
"""Environment variable: the kubeconfig of a real cluster. Without it, the double is used."""

CRDS = Path(__file__).parent / "crds.yaml"

PATIENCE = 20.0

_ISTIO = "networking.istio.io/v1"

_GROUPS = {
    "serviceentries": _ISTIO,
    "workloadentries": _ISTIO,
    "workloadgroups": _ISTIO,
    "leases": "coordination.k8s.io/v1",
    "mutatingwebhookconfigurations": "admissionregistration.k8s.io/v1",
    "customresourcedefinitions": "apiextensions.k8s.io/v1",
}
_KINDS = {
    "serviceentries": "ServiceEntry",
    "workloadentries": "WorkloadEntry",
    "workloadgroups": "WorkloadGroup",
    "leases": "Lease",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    "customresourcedefinitions": "CustomResourceDefinition",
    "namespaces": "Namespace",
    "pods": "Pod",
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "events": "Event",
    "serviceaccounts": "ServiceAccount",
}
_DEFINED = ("serviceentries", "workloadentries", "workloadgroups")
_CLUSTER_WIDE = ("namespaces", "mutatingwebhookconfigurations", "customresourcedefinitions")


def path_of(plural: str, namespace: str, name: str = "") -> str:
    """Of an object, or, without a name, of the list."""
    group = _GROUPS.get(plural)
    prefix = "/api/v1" if group is None else f"/apis/{group}"
    within = "" if plural in _CLUSTER_WIDE else f"/namespaces/{namespace}"
    return f"{prefix}{within}/{plural}" + (f"/{name}" if name else "")


class Lab:
    """One namespace of a cluster, which is made for one test.

    Args:
        configuration: where the API server is.
        double: the API server, if it is one.
    """

    def __init__(self, configuration: Configuration, double: ApiServer | None) -> None:
        self.configuration = configuration
        self.double = double
        self.namespace = f"lastack-{uuid.uuid4().hex[:10]}"
        self.selector = f"lastack.io/test={self.namespace}"
        self.api = self.connection("lab")

    def connection(self, name: str) -> Api:
        """Another connection to the API server, for what is tested."""
        return Api(self.configuration, name, RateLimit(1000, 1000))

    async def connect(self, context: str) -> Api:
        """As `Api.connect`, for a source."""
        return self.connection(context)

    async def get(self, plural: str, name: str) -> Document | None:
        """An object as it is now; None if there is none of that name."""
        try:
            return dict(await self.api.get(path_of(plural, self.namespace, name)))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, plural: str) -> list[Document]:
        found: list[Document] = (await self.api.get(path_of(plural, self.namespace))).get("items") or []
        return found

    async def apply(self, plural: str, document: Document) -> Document:
        """Makes an object, or changes it by a merge patch; then its status, if `document` has one."""
        body = {
            "apiVersion": _GROUPS.get(plural, "v1"),
            "kind": _KINDS[plural],
            **document,
            "metadata": {"namespace": self.namespace, **document["metadata"]},
        }
        if plural in _CLUSTER_WIDE:
            del body["metadata"]["namespace"]
        name = document["metadata"]["name"]
        path = path_of(plural, self.namespace, name)
        without = {field: value for field, value in body.items() if field != "status"}
        try:
            done = await self.api.create(path_of(plural, self.namespace), without)
        except ApiError as error:
            if error.status != 409:
                raise
            done = await self.api.patch(path, without)
        if "status" in document:
            done = await self.api.patch(f"{path}/status", {"status": document["status"]})
        return dict(done)

    async def delete(self, plural: str, name: str, **options: Any) -> None:
        """options: of `DeleteOptions`, such as `gracePeriodSeconds`."""
        await self.api._write("DELETE", path_of(plural, self.namespace, name), options)

    async def until(self, condition: Callable[[], Awaitable[Any]], what: str) -> Any:
        """What the condition returns as soon as that is true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := await condition()):  # noqa: ASYNC110, the server is another process
                    await asyncio.sleep(0.02)
                return found
        except TimeoutError:
            raise AssertionError(f"after {PATIENCE:g} s it is still not so that {what}") from None

    async def until_gone(self, plural: str, name: str) -> None:
        async def is_gone() -> bool:
            return await self.get(plural, name) is None

        await self.until(is_gone, f"{plural} {name} is gone")

    async def clean(self) -> None:
        """Removes all that was made: no controller of the cluster may be there to do it."""
        for plural in ("pods", "workloadentries", "serviceentries", "workloadgroups", "leases", "configmaps"):
            for found in await self.list(plural):
                path = path_of(plural, self.namespace, found["metadata"]["name"])
                try:
                    if found["metadata"].get("finalizers"):
                        await self.api.patch(path, {"metadata": {"finalizers": None}})
                    await self.api._write("DELETE", path, {"gracePeriodSeconds": 0})
                except ApiError as error:
                    if error.status != 404:
                        raise
        path = path_of("namespaces", "", self.namespace)
        ending = await self.api._write("DELETE", path, {})
        await self.api._write("PUT", f"{path}/finalize", {**ending, "spec": {"finalizers": []}})


@asynccontextmanager
async def opened() -> AsyncIterator[Lab]:
    """A lab in the cluster that the environment names, or in a double."""
    kubeconfig = os.environ.get(KUBECONFIG)
    if kubeconfig is None:
        double = ApiServer()
        await double.start()
        lab = Lab(Configuration(host=double.url), double)
        try:
            yield await _begun(lab)
        finally:
            await lab.api.close()
            await double.stop()
        return
    configuration = Configuration()
    await load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    lab = await _begun(Lab(configuration, None))
    try:
        yield lab
    finally:
        await lab.clean()
        await lab.api.close()


async def _begun(lab: Lab) -> Lab:
    if lab.double is None:
        await _install(lab)
    label, _, value = lab.selector.partition("=")
    await lab.apply("namespaces", {"metadata": {"name": lab.namespace, "labels": {label: value}}})
    if lab.double is None:  # else Pods are refused where no controller makes it
        account = {"metadata": {"name": "default"}, "automountServiceAccountToken": False}
        await lab.apply("serviceaccounts", account)
    return lab


async def _install(lab: Lab) -> None:
    """The definitions, if the cluster has none."""
    definitions = path_of("customresourcedefinitions", "")
    for definition in yaml.safe_load_all(CRDS.read_text()):
        try:
            await lab.api.create(definitions, definition)
        except ApiError as error:
            if error.status != 409:
                raise

    async def is_served() -> bool:
        try:
            return all([await lab.api.get(f"/apis/{_ISTIO}/{plural}") for plural in _DEFINED])
        except ApiError:
            return False

    await lab.until(is_served, "the definitions are served")
