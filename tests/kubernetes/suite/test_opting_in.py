"""Who opts in, and who has opted out; namespaces that go, and controllers that are two."""

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.pods.names import DRAINED, PUBLISHED
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import TWO, begun, condition, controlled, gated, let_go
from tests.kubernetes.suite.pods import running


async def test_a_namespace_that_is_deleted_is_drained_before_it_goes(lab: Lab) -> None:
    """Its controller deletes what is in it, and waits for finalizers. Nothing can be made in it meanwhile."""
    async with controlled(lab):
        await begun(lab, finalizers=[FINALIZER])
        await condition(lab, PUBLISHED)
        await lab.apply("pods", {**gated("late"), "status": running(TWO, ready=False)})
        await lab.api._write("DELETE", path_of("namespaces", "", lab.namespace), {})
        late = f"{path_of('pods', lab.namespace, 'late')}/status"
        await lab.api.patch(late, {"status": running(TWO)})
        await lab.delete("workloadentries", "p")
        for name in ("p", "late"):
            await lab.delete("pods", name)
            await condition(lab, DRAINED, name=name)
        await let_go(lab)
        assert await lab.get("workloadentries", "p") is None
        assert await lab.get("workloadentries", "late") is None


async def test_two_controllers_do_what_one_does(lab: Lab) -> None:
    async with controlled(lab) as one, controlled(lab) as another:
        await begun(lab, finalizers=[FINALIZER])
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")
        await let_go(lab)
        assert (await condition(lab, DRAINED))["reason"] == "Confirmed"
        assert await lab.get("workloadentries", "p") is None
        made = [request for control in (one, another) for request in control.requests if request.startswith("POST")]
        assert len([request for request in made if "/workloadentries" in request]) <= 2


async def test_who_opts_out_leaves(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab)
        await condition(lab, PUBLISHED)
        out = {"metadata": {"labels": {"lastack.io/enroll": "false"}}}
        await lab.api.patch(path_of("pods", lab.namespace, "p"), out)
        await lab.until_gone("workloadentries", "p")


async def test_a_namespace_opts_in_for_its_pods(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab, enrolled=False)
        await lab.apply("namespaces", {"metadata": {"name": lab.namespace, "labels": {"lastack.io/enroll": "true"}}})
        await condition(lab, PUBLISHED)
