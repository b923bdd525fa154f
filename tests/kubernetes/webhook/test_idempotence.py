"""Whatever Pod is created: what it has been given is not given again, and nothing of its own is lost."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controllers.kubernetes.webhook.mutation import mutate
from controllers.kubernetes.webhook.shapes import Pod
from tests.kubernetes.webhook.pods import POINT, Document, applied

SOME = {"httpGet": {"path": "/v1/drain/shop/other", "host": "10.0.0.1", "port": 1, "scheme": "HTTP"}}
HOOKS = st.sampled_from([None, {"exec": {"command": ["true"]}}, {"httpGet": {"path": "/bye", "port": "http"}}, SOME])
LIFECYCLES: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {}, optional={"preStop": HOOKS, "postStart": st.just({"exec": {}})}
)
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": st.text("abc", min_size=1)}, optional={"lifecycle": st.none() | LIFECYCLES}),
    max_size=3,
)
ENROLLED = st.dictionaries(st.just("lastack.io/enroll"), st.sampled_from(["true", "true", "false", "odd"]))
ANNOTATIONS = st.dictionaries(
    st.sampled_from(["lastack.io/finalizer", "lastack.io/drain-token", "lastack.io/longest-request", "a/b~c"]),
    st.sampled_from(["true", "10s", "a/b", ""]),
)
FINALIZERS = st.lists(st.sampled_from(["lastack.io/drain", "a/b"]), unique=True)
GATES = st.lists(st.sampled_from([{"conditionType": "lastack.io/published"}, {"conditionType": "a/b"}]), max_size=2)
LEVELS = st.sampled_from(["privileged", "restricted"])
NAMESPACES = st.none() | st.fixed_dictionaries(
    {}, optional={"lastack.io/enroll": st.just("true"), "pod-security.kubernetes.io/enforce": LEVELS}
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["web-0", ""]),
        "labels": st.none() | ENROLLED,
        "annotations": st.none() | ANNOTATIONS,
        "finalizers": st.none() | FINALIZERS,
    },
)
SPECS = st.fixed_dictionaries(
    {"containers": CONTAINERS},
    optional={"readinessGates": st.none() | GATES, "hostNetwork": st.booleans(), "volumes": st.just([{"name": "v"}])},
)
PODS: st.SearchStrategy[Document] = st.fixed_dictionaries({"metadata": METADATA, "spec": SPECS})


@given(PODS, NAMESPACES)
def test_a_second_pass_adds_nothing(document: Document, namespace: dict[str, str] | None) -> None:
    first = mutate(Pod.model_validate(document), "shop", namespace, "first", POINT)
    after = applied(document, first)
    second = mutate(Pod.model_validate(after), "shop", namespace, "second", POINT)
    assert second.operations == ()
    assert second.warnings == first.warnings


@given(PODS, NAMESPACES)
def test_nothing_of_the_pods_own_is_lost(document: Document, namespace: dict[str, str] | None) -> None:
    after = applied(document, mutate(Pod.model_validate(document), "shop", namespace, "token", POINT))
    assert _without_ours(after) == _without_ours(document)


def _without_ours(document: Document) -> Any:
    metadata, spec = document["metadata"], document["spec"]
    return (
        metadata.get("name"),
        metadata.get("labels"),
        {
            name: value
            for name, value in (metadata.get("annotations") or {}).items()
            if name != "lastack.io/drain-token"
        },
        [each for each in metadata.get("finalizers") or [] if each != "lastack.io/drain"],
        [each for each in spec.get("readinessGates") or [] if each["conditionType"] != "lastack.io/published"],
        [_container(each) for each in spec["containers"]],
        spec.get("volumes"),
        spec.get("hostNetwork"),
    )


def _container(container: Document) -> Any:
    lifecycle = container.get("lifecycle") or {}
    before = lifecycle.get("preStop")
    ours = before is not None and before.get("httpGet", {}).get("path", "").startswith("/v1/drain/")
    return container["name"], lifecycle.get("postStart"), None if ours else before
