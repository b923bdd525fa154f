"""What a Pod is given when it is created."""

from typing import Any

import pytest

from controllers.kubernetes.webhook.mutation import Mutation, mutate
from controllers.kubernetes.webhook.shapes import Pod
from tests.kubernetes.webhook.pods import POINT, UID, Document, applied, mutated, opted_in

GATE = {"conditionType": "lastack.io/published"}
OWN = {"exec": {"command": ["sleep", "5"]}}


def hook(path: str) -> Document:
    return {"httpGet": {"path": path, "host": "10.96.0.9", "port": 15016, "scheme": "HTTP"}}


def container(name: str, **lifecycle: Any) -> Document:
    return {"name": name, "image": name, **({"lifecycle": lifecycle} if lifecycle else {})}


def hooks_of(document: Document) -> list[Any]:
    return [each.get("lifecycle", {}).get("preStop") for each in document["spec"]["containers"]]


def test_a_pod_that_opts_in_gets_a_readiness_gate_and_a_hook() -> None:
    mutation = mutated(opted_in())
    after = applied(opted_in(), mutation)
    assert after["spec"]["readinessGates"] == [GATE]
    assert hooks_of(after) == [hook("/v1/drain/shop/web-0")]
    assert "finalizers" not in after["metadata"]
    assert "annotations" not in after["metadata"]
    assert mutation.warnings == ()


@pytest.mark.parametrize(
    ("own", "of_namespace", "takes_part"),
    [
        ("true", None, True),
        (None, "true", True),
        ("true", "false", True),
        ("false", "true", False),
        (None, "false", False),
        (None, None, False),
    ],
)
def test_the_pods_own_label_comes_before_its_namespaces(
    own: str | None, of_namespace: str | None, takes_part: bool
) -> None:
    document = opted_in()
    document["metadata"]["labels"] = {} if own is None else {"lastack.io/enroll": own}
    mutation = mutated(document, {} if of_namespace is None else {"lastack.io/enroll": of_namespace})
    assert bool(mutation.operations) is takes_part
    assert mutation.warnings == ()


def test_a_label_that_is_neither_true_nor_false_is_told_of() -> None:
    mutation = mutated(opted_in(labels={"lastack.io/enroll": "yes"}))
    assert mutation == Mutation(warnings=('lastack: label lastack.io/enroll is \'yes\': write "true" or "false"',))


def test_where_the_namespace_is_not_known_the_pods_own_label_counts_and_it_is_told() -> None:
    mutation = mutate(Pod.model_validate(opted_in()), "shop", None, UID, POINT)
    assert len(mutation.operations) == 2
    assert "namespace shop is not known yet" in mutation.warnings[0]
    unlabelled = opted_in()
    del unlabelled["metadata"]["labels"]
    assert mutate(Pod.model_validate(unlabelled), "shop", None, UID, POINT) == Mutation()


def test_a_finalizer_is_given_only_where_it_is_asked_for() -> None:
    asking = opted_in(annotations={"lastack.io/finalizer": "true"})
    assert applied(asking, mutated(asking))["metadata"]["finalizers"] == ["lastack.io/drain"]
    others = opted_in(annotations={"lastack.io/finalizer": "true"}, finalizers=["example.com/other"])
    assert applied(others, mutated(others))["metadata"]["finalizers"] == ["example.com/other", "lastack.io/drain"]
    declining = opted_in(annotations={"lastack.io/finalizer": "false"})
    assert "finalizers" not in applied(declining, mutated(declining))["metadata"]


def test_other_readiness_gates_stay() -> None:
    document = opted_in()
    document["spec"]["readinessGates"] = [{"conditionType": "example.com/other"}]
    after = applied(document, mutated(document))
    assert after["spec"]["readinessGates"] == [{"conditionType": "example.com/other"}, GATE]


def test_every_container_gets_the_hook_but_the_one_that_has_its_own() -> None:
    document = opted_in(
        "web-0",
        container("bare"),
        container("started", postStart=OWN),
        container("own", preStop=OWN),
        container("calls", preStop={"httpGet": {"path": "/bye", "port": 80}}),
    )
    document["spec"]["initContainers"] = [{**container("sidecar"), "restartPolicy": "Always"}]
    mutation = mutated(document)
    after = applied(document, mutation)
    ours = hook("/v1/drain/shop/web-0")
    assert hooks_of(after) == [ours, ours, OWN, {"httpGet": {"path": "/bye", "port": 80}}]
    assert after["spec"]["containers"][1]["lifecycle"]["postStart"] == OWN
    assert after["spec"]["initContainers"] == document["spec"]["initContainers"]
    told = "have that begin with GET http://10.96.0.9:15016/v1/drain/NAMESPACE/POD-NAME, or remove it"
    kept = "keeps its own preStop hook"
    assert mutation.warnings == (f"lastack: container own {kept}: {told}", f"lastack: container calls {kept}: {told}")


def test_a_pod_without_a_name_yet_is_asked_for_by_a_token() -> None:
    document = opted_in(None)
    after = applied(document, mutated(document))
    assert hooks_of(after) == [hook(f"/v1/drain/shop/by-token/{UID}")]
    assert after["metadata"]["annotations"] == {"lastack.io/drain-token": UID}


def test_a_token_is_put_beside_other_annotations() -> None:
    document = opted_in(None, annotations={"a/b": "c"})
    after = applied(document, mutated(document))
    assert after["metadata"]["annotations"] == {"a/b": "c", "lastack.io/drain-token": UID}


@pytest.mark.parametrize("odd", ["", "a/b", "..", "ü", "a?b"])
def test_a_token_that_is_no_part_of_a_path_is_replaced(odd: str) -> None:
    document = opted_in(None, annotations={"lastack.io/drain-token": odd})
    after = applied(document, mutated(document))
    assert hooks_of(after) == [hook(f"/v1/drain/shop/by-token/{UID}")]
    assert after["metadata"]["annotations"] == {"lastack.io/drain-token": UID}


def test_without_a_hook_there_is_no_token() -> None:
    document = opted_in(None, container("own", preStop=OWN))
    assert "annotations" not in applied(document, mutated(document))["metadata"]


def test_another_question_about_the_same_pod_has_the_same_answer() -> None:
    document = opted_in(None)
    after = applied(document, mutated(document))
    assert mutated(after, token="another") == Mutation()


def test_a_hook_that_was_copied_from_another_pod_is_put_right() -> None:
    original = opted_in(None)
    copied = applied(original, mutated(original))
    del copied["metadata"]["generateName"]
    copied["metadata"]["name"] = "copy"
    after = applied(copied, mutated(copied, token="another"))
    assert hooks_of(after) == [hook("/v1/drain/shop/copy")]
    assert after["metadata"]["annotations"] == {}
    after["metadata"]["name"] = "copy-of-copy"
    assert hooks_of(applied(after, mutated(after))) == [hook("/v1/drain/shop/copy-of-copy")]


def test_a_pod_on_its_nodes_network_is_left_alone_and_it_is_told() -> None:
    document = opted_in()
    document["spec"]["hostNetwork"] = True
    mutation = mutated(document)
    assert mutation.operations == ()
    assert "network" in mutation.warnings[0]


def test_the_image_of_a_static_pod_is_left_alone() -> None:
    assert mutated(opted_in(annotations={"kubernetes.io/config.mirror": "abc"})) == Mutation()


@pytest.mark.parametrize(
    ("grace", "longest", "told"), [(16, None, True), (17, None, False), (None, None, False), (60, "59s", True)]
)
def test_a_grace_period_that_the_longest_request_takes_up_is_told_of(
    grace: int | None, longest: str | None, told: bool
) -> None:
    document = opted_in(annotations={} if longest is None else {"lastack.io/longest-request": longest})
    document["spec"]["terminationGracePeriodSeconds"] = grace
    mutation = mutated(document)
    assert any("terminationGracePeriodSeconds" in warning for warning in mutation.warnings) is told
    assert mutation.operations


def test_a_longest_request_that_is_no_duration_is_told_of() -> None:
    (warning,) = mutated(opted_in(annotations={"lastack.io/longest-request": "soon"})).warnings
    assert "lastack.io/longest-request is no duration, so 15 s holds" in warning


@pytest.mark.parametrize(
    ("level", "version", "hooked"),
    [
        ("baseline", None, False),
        ("restricted", "latest", False),
        ("baseline", "v1.34", False),
        ("baseline", "v1.33", True),
        ("privileged", None, True),
    ],
)
def test_where_pod_security_forbids_the_hook_the_pod_is_created_without_it(
    level: str, version: str | None, hooked: bool
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": level}
    if version is not None:
        labels["pod-security.kubernetes.io/enforce-version"] = version
    mutation = mutated(opted_in(), labels)
    after = applied(opted_in(), mutation)
    assert hooks_of(after) == [hook("/v1/drain/shop/web-0") if hooked else None]
    assert after["spec"]["readinessGates"] == [GATE]
    assert any("enforce-version=v1.33" in warning for warning in mutation.warnings) is not hooked


def test_warnings_are_as_short_as_the_api_server_wants_them() -> None:
    longest = opted_in(
        "web-0", container("c" * 63, preStop=OWN), annotations={"lastack.io/longest-request": "x" * 1000}
    )
    longest["spec"]["terminationGracePeriodSeconds"] = 1
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    pod = Pod.model_validate(longest)
    warnings = [
        *mutate(pod, "n" * 63, {}, UID, POINT).warnings,
        *mutate(pod, "n" * 63, None, UID, POINT).warnings,
        *mutate(pod, "n" * 63, restricted, UID, POINT).warnings,
    ]
    assert max(map(len, warnings)) <= 256
