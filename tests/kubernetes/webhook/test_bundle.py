"""The authorities in a MutatingWebhookConfiguration."""

from controllers.kubernetes.webhook.bundle import with_bundle

SERVICE = {"name": "lastack-webhook", "namespace": "lastack"}


def configuration(*bundles: str | None) -> dict[str, object]:
    webhooks = [
        {"name": str(index), "clientConfig": {"service": SERVICE, **({"caBundle": bundle} if bundle else {})}}
        for index, bundle in enumerate(bundles)
    ]
    return {"metadata": {"name": "lastack", "resourceVersion": "7"}, "webhooks": webhooks}


def test_every_webhook_is_given_the_bundle_and_keeps_the_rest() -> None:
    patch = with_bundle(configuration(None, "YWxs", "b3RoZXI="), b"all")
    assert patch is not None
    assert patch["metadata"] == {"resourceVersion": "7"}
    assert [webhook["name"] for webhook in patch["webhooks"]] == ["0", "1", "2"]
    assert all(webhook["clientConfig"] == {"service": SERVICE, "caBundle": "YWxs"} for webhook in patch["webhooks"])


def test_nothing_is_written_where_all_have_it() -> None:
    assert with_bundle(configuration("YWxs", "YWxs"), b"all") is None
    assert with_bundle({"metadata": {"resourceVersion": "7"}}, b"all") is None
