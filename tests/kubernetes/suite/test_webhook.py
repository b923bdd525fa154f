"""The API server asks the webhook about new Pods, and believes its certificates throughout their life."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from controllers.addresses import Address, bind
from controllers.kubernetes.api import ApiError
from controllers.kubernetes.webhook.rotation import OVERLAP_SECONDS
from controllers.kubernetes.webhook.serving_tls import ServingTls
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.pods import pod
from tests.kubernetes.suite.webhooks import SECRET, Asked, asked, hooks_of, is_gated

DAY = 86400.0


@pytest.fixture
async def webhook(lab: Lab) -> AsyncIterator[Asked]:
    async with asked(lab) as made:
        yield made


async def answering(webhook: Asked, failure_policy: str = "Ignore") -> None:
    await webhook.register(failure_policy)
    await webhook.start()
    await webhook.until_asked()


async def test_a_pod_that_opts_in_is_stored_with_its_gate_and_its_hook(webhook: Asked) -> None:
    await answering(webhook)
    stored, warnings = await webhook.create(pod("p"))
    assert is_gated(stored)
    path = f"/v1/drain/{webhook.lab.namespace}/p"
    assert hooks_of(stored) == [{"host": "10.96.0.9", "port": 15016, "scheme": "HTTP", "path": path}]
    assert "finalizers" not in stored["metadata"]
    assert warnings == []


async def test_a_pod_that_asks_for_the_finalizer_has_it(webhook: Asked) -> None:
    await answering(webhook)
    stored, _ = await webhook.create(pod("p", annotations={"lastack.io/finalizer": "true"}))
    assert stored["metadata"]["finalizers"] == ["lastack.io/drain"]


async def test_a_pod_whose_name_is_made_up_is_found_by_its_token(webhook: Asked) -> None:
    await answering(webhook)
    documents = [pod(""), pod("")]
    tokens = set()
    for document in documents:
        del document["metadata"]["name"]
        document["metadata"]["generateName"] = "web-"
        stored, _ = await webhook.create(document)
        token = stored["metadata"]["annotations"]["lastack.io/drain-token"]
        assert hooks_of(stored)[0]["path"] == f"/v1/drain/{webhook.lab.namespace}/by-token/{token}"
        tokens.add(token)
    assert len(tokens) == 2


async def test_a_container_that_has_a_hook_keeps_it_and_it_is_told(webhook: Asked) -> None:
    await answering(webhook)
    document = pod("p")
    document["spec"]["containers"][0]["lifecycle"] = {"preStop": {"httpGet": {"path": "/bye", "port": 80}}}
    stored, warnings = await webhook.create(document)
    assert hooks_of(stored)[0]["path"] == "/bye"
    assert len(warnings) == 1
    assert "container main keeps its own preStop hook" in warnings[0]


async def test_a_container_that_another_webhook_adds_later_gets_the_hook_too(webhook: Asked) -> None:
    await webhook.register("Fail", injected=True)
    await webhook.start()
    await webhook.certificates.look()
    await webhook.until_asked()
    document = pod("")
    del document["metadata"]["name"]
    document["metadata"]["generateName"] = "web-"
    stored, _ = await webhook.create(document)
    assert [container["name"] for container in stored["spec"]["containers"]] == ["main", "injected"]
    token = stored["metadata"]["annotations"]["lastack.io/drain-token"]
    path = f"/v1/drain/{webhook.lab.namespace}/by-token/{token}"
    assert [hook["path"] for hook in hooks_of(stored)] == [path, path]


async def test_a_webhook_that_does_not_answer_holds_up_a_pod_for_its_timeout_only(webhook: Asked) -> None:
    with bind(Address("127.0.0.1", 0)) as silent:
        silent.listen()
        await webhook.register("Ignore", url=f"https://127.0.0.1:{silent.getsockname()[1]}/mutate", timeout=1)
        names = (f"p-{number}" for number in range(1000))

        async def is_held_up() -> bool:
            begun = asyncio.get_running_loop().time()
            stored, _ = await webhook.create(pod(next(names)))
            assert not is_gated(stored)
            return asyncio.get_running_loop().time() >= begun + 0.9

        await webhook.lab.until(is_held_up, "the webhook is asked")


async def test_the_namespace_opts_in_for_pods_that_say_nothing(webhook: Asked) -> None:
    lab = webhook.lab
    await webhook.register("Ignore")
    await webhook.start()
    name = path_of("namespaces", "", lab.namespace)
    await lab.api.patch(name, {"metadata": {"labels": {"lastack.io/enroll": "true"}}})
    await webhook.until_asked("namespaces.lastack.io")
    declining, _ = await webhook.create(pod("declining", labels={"lastack.io/enroll": "false"}))
    assert not is_gated(declining)


async def test_a_pod_is_not_refused_where_pod_security_forbids_the_hook(webhook: Asked) -> None:
    lab = webhook.lab
    await webhook.register("Ignore")
    await webhook.start()
    level = {"pod-security.kubernetes.io/enforce": "baseline"}
    await lab.api.patch(path_of("namespaces", "", lab.namespace), {"metadata": {"labels": level}})

    async def is_known() -> bool:
        return "pod-security.kubernetes.io/enforce" in (webhook.labels() or {})

    await lab.until(is_known, "the webhook knows the level")
    await webhook.until_asked()
    stored, warnings = await webhook.create(pod("p"))
    assert is_gated(stored)
    assert hooks_of(stored) == [None]
    assert "enforce-version=v1.33" in warnings[0]


async def test_while_the_webhook_is_down_pods_are_created_without_it_if_it_fails_open(webhook: Asked) -> None:
    await answering(webhook, "Ignore")
    await webhook.stop()
    stored, _ = await webhook.create(pod("p"))
    assert not is_gated(stored)
    assert hooks_of(stored) == [None]


async def test_while_the_webhook_is_down_no_pod_that_opts_in_is_created_if_it_fails_closed(webhook: Asked) -> None:
    await answering(webhook, "Fail")
    await webhook.stop()
    with pytest.raises(ApiError, match=r"failed calling webhook \"pods.lastack.io\"") as refused:
        await webhook.create(pod("p"))
    assert refused.value.status == 500
    await webhook.create(pod("declining", labels={"lastack.io/enroll": "false"}))


async def test_a_certificate_is_replaced_and_every_pod_is_still_seen(webhook: Asked) -> None:
    today = webhook.now
    webhook.now = today - 61 * DAY
    await answering(webhook, "Fail")
    first, (begun,) = webhook.tls.pair, await webhook.bundles()
    webhook.now = today
    await webhook.certificates.look()
    assert webhook.tls.pair == first, "nobody knows the next one yet"
    (both,) = await webhook.bundles()
    assert both.startswith(begun)
    assert both.count(b"BEGIN CERTIFICATE") == 2
    await webhook.create(pod("prepared"))
    if webhook.lab.double is None:
        await asyncio.sleep(1.0)  # it is seen within a second, and an hour is given
    webhook.now = today + OVERLAP_SECONDS
    await webhook.certificates.look()
    assert webhook.tls.pair not in (None, first)
    assert await webhook.bundles() == {both}
    stored, _ = await webhook.create(pod("switched"))
    assert is_gated(stored)


async def test_replicas_that_begin_at_once_agree(webhook: Asked) -> None:
    await webhook.register("Ignore")
    every = [ServingTls() for _ in range(4)]
    replicas = [webhook.replica(tls) for tls in every]
    await asyncio.gather(*(replica.look() for replica in replicas))
    pairs = {tls.pair for tls in every}
    assert len(pairs) == 1
    assert None not in pairs
    (bundle,) = await webhook.bundles()
    assert bundle.count(b"BEGIN CERTIFICATE") == 1
    secret = await webhook.lab.get("secrets", SECRET)
    assert secret is not None
    assert secret["type"] == "kubernetes.io/tls"


async def test_what_somebody_else_has_changed_is_put_right_at_the_next_look(webhook: Asked) -> None:
    await answering(webhook)
    announced = await webhook.bundles()
    await webhook.register("Ignore")  # a merge patch replaces the list, and its bundles
    assert await webhook.bundles() == {b""}
    await webhook.certificates.look()
    assert await webhook.bundles() == announced
    await webhook.lab.api._write("DELETE", path_of("secrets", webhook.lab.namespace, SECRET), {})
    before = webhook.tls.pair
    await webhook.certificates.look()
    assert webhook.tls.pair != before
    await webhook.until_asked()
