"""A kubeconfig from a Secret."""

import json
from typing import Any

import pytest

from controllers.kubernetes.login import LoginError, by_document
from tests.kubernetes.kubeconfig import kubeconfig


def of_secret(user: dict[str, Any] | None = None, **cluster: Any) -> bytes:
    return json.dumps(kubeconfig({"c": {"server": "http://127.0.0.1:1", **cluster}}, user)).encode()


async def test_it_tells_where_the_cluster_is_and_who_we_are() -> None:
    configuration = await by_document(of_secret())()
    assert configuration.host == "http://127.0.0.1:1"
    assert "secret" in str(await configuration.auth_settings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (of_secret({"exec": {"command": "sh"}}), "has exec, which is not followed"),
        (of_secret({"auth-provider": {"name": "oidc"}}), "has auth-provider"),
        (of_secret({"tokenFile": "/etc/passwd"}), "has tokenFile"),
        (of_secret({"client-certificate": "/etc/c"}), "has client-certificate"),
        (of_secret(None, **{"certificate-authority": "/etc/ca"}), "has certificate-authority"),
        (b"[]", "it is no mapping"),
        (b"{", "it is no usable kubeconfig"),
        (b"{}", "it is no usable kubeconfig"),
        (b'{"users": [1], "clusters": 3}', "it is no usable kubeconfig"),
    ],
)
async def test_one_that_can_t_be_followed_says_why(text: bytes, message: str) -> None:
    with pytest.raises(LoginError, match=message):
        await by_document(text)()
