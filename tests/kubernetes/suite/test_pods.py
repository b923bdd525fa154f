"""Pods that opt in: enrolled when they are ready, published, and drained before they are let go."""

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.pods.names import AT_BOUND, DRAINED, GROUP, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from tests.kubernetes.documents import service, workload, workload_key
from tests.kubernetes.store import Document
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import ONE, TWO, begun, condition, controlled, entry, gated, let_go
from tests.kubernetes.suite.pods import running
from xds.objects import DRAINING_LABEL, LONGEST_REQUEST, RELEASE_AFTER


async def test_a_pod_whose_containers_are_ready_has_an_entry_and_is_published(lab: Lab) -> None:
    async with controlled(lab) as control:
        await begun(lab)
        made = await entry(lab)
        assert made["spec"] == {"address": ONE, "labels": {"app": "web"}}
        assert made["metadata"]["finalizers"] == [FINALIZER]
        await condition(lab, PUBLISHED)
        assert control.addresses()["p"] == ONE
        await control.at_rest()
        (told,) = [event for event in await lab.list("events") if event["reason"] == "Published"]
        assert told["involvedObject"]["name"] == "p"


async def test_it_is_not_published_before_the_proxy_has_its_endpoint(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        document = await lab.get("pods", "p")
        assert document is not None
        assert not Pod(document).condition(PUBLISHED)
        control.take()
        await condition(lab, PUBLISHED)


async def test_a_pod_that_is_not_ready_yet_has_none_and_one_that_ceases_to_be_drains(lab: Lab) -> None:
    async with controlled(lab) as control:
        await begun(lab, "first", TWO)
        await lab.apply("pods", {**gated("p"), "status": running(ONE, ready=False)})
        await entry(lab, "first")
        assert await lab.get("workloadentries", "p") is None
        await lab.apply("pods", {**gated("p"), "status": running(ONE)})
        await condition(lab, PUBLISHED)
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'p')}/status", {"status": running(ONE, ready=False)})

        async def is_marked(marked: bool) -> bool:
            return (DRAINING_LABEL in (await entry(lab))["spec"]["labels"]) is marked

        await lab.until(lambda: is_marked(True), "it drains")
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'p')}/status", {"status": running(ONE)})
        await lab.until(lambda: is_marked(False), "it takes requests again")
        assert control.addresses()["p"] == ONE


async def test_a_pod_that_is_deleted_is_drained_when_the_proxy_has_let_go_and_not_before(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        control.take()
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")

        async def is_marked() -> bool:
            return DRAINING_LABEL in (await entry(lab))["spec"]["labels"]

        await lab.until(is_marked, "it drains")
        await control.source.catch_up(workload_key("p", lab.namespace))
        assert await lab.get("workloadentries", "p") is not None
        control.take()
        await lab.until_gone("workloadentries", "p")
        document = await lab.get("pods", "p")
        assert document is not None
        assert not Pod(document).condition(DRAINED)
        await control.until(lambda: "p" not in control.addresses(), "that it is gone is taken in")
        control.take()
        assert (await condition(lab, DRAINED))["reason"] == "Confirmed"


async def test_a_pod_that_is_deleted_while_it_waits_to_be_published_leaves_at_once(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        await lab.delete("pods", "p")

        async def is_deleted() -> bool:
            return "deletionTimestamp" in (await entry(lab))["metadata"]

        await lab.until(is_deleted, "its entry leaves")


async def test_what_holds_an_entry_is_told_soon(lab: Lab) -> None:
    async with controlled(lab):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        only = workload("only", ONE, namespace=lab.namespace)
        only["metadata"]["finalizers"] = [FINALIZER]
        await lab.apply("workloadentries", only)
        await lab.delete("workloadentries", "only")

        async def held() -> list[str]:
            return [event["message"] for event in await lab.list("events") if event["reason"] == "Held"]

        (message,) = await lab.until(held, "it is told")
        assert "is draining" in message


async def test_a_pod_s_finalizer_goes_when_it_is_drained(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab, finalizers=[FINALIZER])
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")
        await let_go(lab)
        assert (await condition(lab, DRAINED))["reason"] == "Confirmed"
        assert await lab.get("workloadentries", "p") is None
        await lab.delete("pods", "p", gracePeriodSeconds=0)
        await lab.until_gone("pods", "p")


async def test_a_pod_that_is_forced_away_is_not_waited_for_and_that_is_on_record(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab, finalizers=[FINALIZER])
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        control.take()
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p", gracePeriodSeconds=0)
        await lab.until_gone("pods", "p")
        await control.at_rest()
        assert "ReleasedUnconfirmed" in [event["reason"] for event in await lab.list("events")]


async def test_a_pod_that_was_forced_away_takes_its_entry_along(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab)
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p", gracePeriodSeconds=0)
        await lab.until_gone("workloadentries", "p")


async def test_what_was_forced_away_while_nobody_looked_is_found(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab)
        await condition(lab, PUBLISHED)
    await lab.delete("pods", "p", gracePeriodSeconds=0)
    async with controlled(lab):
        await lab.until_gone("workloadentries", "p")


async def test_a_pod_of_the_same_name_gets_an_entry_of_its_own(lab: Lab) -> None:
    async with controlled(lab) as control:
        await begun(lab)
        await condition(lab, PUBLISHED)
        first = (await entry(lab))["metadata"]["uid"]
        await lab.delete("pods", "p", gracePeriodSeconds=0)
        await lab.apply("pods", {**gated("p"), "status": running(TWO)})
        await condition(lab, PUBLISHED)
        assert (await entry(lab))["metadata"]["uid"] != first
        assert control.addresses()["p"] == TWO


async def test_a_pod_deleted_twice_is_drained_once(lab: Lab) -> None:
    async with controlled(lab):
        await begun(lab)
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p", gracePeriodSeconds=30)
        await lab.delete("pods", "p", gracePeriodSeconds=20)
        assert (await condition(lab, DRAINED))["reason"] == "Confirmed"


async def test_at_the_end_of_its_grace_period_a_pod_proceeds_and_that_is_on_record(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab, grace=4)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        control.take()
        await condition(lab, PUBLISHED)
        assert (await entry(lab))["metadata"]["annotations"] == {RELEASE_AFTER: "1s"}
        await lab.delete("pods", "p")
        assert (await condition(lab, DRAINED, "False"))["reason"] == "ReleasedUnconfirmed"
        await lab.until_gone("workloadentries", "p")
        await control.at_rest()
        reasons = [event["reason"] for event in await lab.list("events") if event["type"] == "Warning"]
        assert "ReleasedUnconfirmed" in reasons


async def test_a_forced_release_is_no_confirmation_although_all_know_then_that_it_is_gone(lab: Lab) -> None:
    """The only instance is held, since Envoy would use it all the same. Once it is gone its requests may go on."""
    async with controlled(lab):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        only = gated("p", grace=5, annotations={LONGEST_REQUEST: "30s"})
        await lab.apply("pods", {**only, "status": running(ONE)})
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")
        await lab.until_gone("workloadentries", "p")
        assert (await condition(lab, DRAINED, "False"))["reason"] == "ReleasedUnconfirmed"


async def test_or_it_is_held_until_it_is_confirmed(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab, grace=3, finalizers=[FINALIZER], annotations={AT_BOUND: "hold"})
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        control.take()
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")
        assert (await condition(lab, DRAINED, "False"))["reason"] == "Held"
        await lab.delete("pods", "p", gracePeriodSeconds=0)  # as its kubelet does
        assert await lab.get("pods", "p") is not None
        assert await lab.get("workloadentries", "p") is not None
        control.runtime.discovery.after_pump.append(control._take_soon)
        control.take()
        await lab.until_gone("pods", "p")


async def test_a_workload_group_says_how_the_entry_is_made(lab: Lab) -> None:
    group = {
        "metadata": {"name": "g"},
        "spec": {
            "metadata": {"labels": {"team": "blue"}},
            "template": {"ports": {"http": 8080}, "locality": "r/z", "weight": 3},
        },
    }
    async with controlled(lab):
        await begun(lab, annotations={GROUP: "g"})
        events: list[Document] = await lab.until(lambda: lab.list("events"), "it is told that there is no such group")
        assert "'g'" in events[0]["message"]
        await lab.apply("workloadgroups", group)
        spec = (await entry(lab))["spec"]
        assert spec == {
            "address": ONE,
            "ports": {"http": 8080},
            "locality": "r/z",
            "weight": 3,
            "labels": {"app": "web", "team": "blue"},
        }


async def test_an_entry_edited_by_hand_is_put_right_and_one_marked_by_hand_is_left(lab: Lab) -> None:
    async with controlled(lab) as control:
        await begun(lab)
        await condition(lab, PUBLISHED)
        path = path_of("workloadentries", lab.namespace, "p")
        await lab.api.patch(path, {"spec": {"address": "10.9.9.9", "labels": {DRAINING_LABEL: "true"}}})

        async def is_right() -> bool:
            return bool((await entry(lab))["spec"]["address"] == ONE)

        await lab.until(is_right, "it is put right")
        await control.until(lambda: control.addresses()["p"] == ONE, "it is taken in")
        assert (await entry(lab))["spec"]["labels"][DRAINING_LABEL] == "true"


async def test_an_entry_of_somebody_else_is_not_touched(lab: Lab) -> None:
    async with controlled(lab):
        await lab.apply("workloadentries", workload("p", TWO, namespace=lab.namespace))
        await begun(lab)
        events: list[Document] = await lab.until(lambda: lab.list("events"), "it is told")
        assert "was not made for a Pod" in events[0]["message"]
        assert (await entry(lab))["spec"]["address"] == TWO
