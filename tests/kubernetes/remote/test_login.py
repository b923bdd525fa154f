"""A kubeconfig from a Secret."""

import json
from typing import Any

import pytest

from controllers.kubernetes.login import LoginError, by_document


def kubeconfig(user: dict[str, Any] | None = None, **cluster: Any) -> bytes:
    named = {"cluster": {"server": "http://127.0.0.1:1", **cluster}, "name": "c"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [named],
        "users": [{"name": "u", "user": user or {"token": "secret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return json.dumps(document).encode()


async def test_it_tells_where_the_cluster_is_and_who_we_are() -> None:
    configuration = await by_document(kubeconfig())()
    assert configuration.host == "http://127.0.0.1:1"
    assert "secret" in str(await configuration.auth_settings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (kubeconfig({"exec": {"command": "sh"}}), "has exec, which is not followed"),
        (kubeconfig({"auth-provider": {"name": "oidc"}}), "has auth-provider"),
        (kubeconfig({"tokenFile": "/etc/passwd"}), "has tokenFile"),
        (kubeconfig({"client-certificate": "/etc/c"}), "has client-certificate"),
        (kubeconfig(None, **{"certificate-authority": "/etc/ca"}), "has certificate-authority"),
        (b"[]", "it is no mapping"),
        (b"{", "it is no usable kubeconfig"),
        (b"{}", "it is no usable kubeconfig"),
        (b'{"users": [1], "clusters": 3}', "it is no usable kubeconfig"),
    ],
)
async def test_one_that_can_t_be_followed_says_why(text: bytes, message: str) -> None:
    with pytest.raises(LoginError, match=message):
        await by_document(text)()
