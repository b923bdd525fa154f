"""By which authorities an API server knows the webhook. It holds no socket and no clock."""

import base64
from typing import Any

from controllers.kubernetes.objects import Object


def with_bundle(configuration: Object, bundle: bytes) -> dict[str, Any] | None:
    """The merge patch after which all webhooks of a MutatingWebhookConfiguration have it; None: they do.

    bundle: authorities in PEM form. The patch names the version that it is for, since it replaces the whole list.
    """
    encoded = base64.b64encode(bundle).decode()
    webhooks = configuration.get("webhooks") or []
    if all((webhook.get("clientConfig") or {}).get("caBundle") == encoded for webhook in webhooks):
        return None
    changed = [
        {**webhook, "clientConfig": {**(webhook.get("clientConfig") or {}), "caBundle": encoded}}
        for webhook in webhooks
    ]
    return {"metadata": {"resourceVersion": configuration["metadata"]["resourceVersion"]}, "webhooks": changed}
