"""A kubeconfig: from a Secret, and from files."""

import json
from pathlib import Path
from typing import Any

import pytest

from controllers.kubernetes.login import LoginError, by_context, by_document
from tests.kubernetes.kubeconfig import kubeconfig


def of_secret(user: dict[str, Any] | None = None, **cluster: Any) -> bytes:
    return json.dumps(kubeconfig({"c": {"server": "http://127.0.0.1:1", **cluster}}, user)).encode()


WITHOUT_AUTHORITY = {"server": "https://127.0.0.1:1", "certificate-authority": "/no/ca"}


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


async def test_the_files_that_kubeconfig_names_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").write_bytes(of_secret())
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{tmp_path / 'kubeconfig'}")
    for context in ("", "c"):
        assert (await by_context(context)()).host == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "context", "message"),
    [
        (None, "", "there is no kubeconfig PLACE, nor a Pod's own cluster: .*; name yours by KUBECONFIG"),
        (None, "x", "there is no kubeconfig PLACE; name yours by KUBECONFIG"),
        (b"{}", "", "kubeconfig PLACE: its current context can't be used: "),
        (b"[1", "", "kubeconfig PLACE: its current context can't be used: while parsing a flow sequence"),
        (b"[]", "", "kubeconfig PLACE: its current context can't be used: "),
        (b'{"contexts": 3}', "", "kubeconfig PLACE: its current context can't be used: "),
        (of_secret(), "y", "kubeconfig PLACE: its context y can't be used: .* name y "),
        (of_secret(None, **WITHOUT_AUTHORITY), "c", "kubeconfig PLACE: its context c can't be used: .* /no/ca"),
    ],
)
async def test_files_that_can_t_be_used_are_named_with_what_is_wrong(
    text: bytes | None, context: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kubeconfig"
    if text is not None:
        place.write_bytes(text)
    monkeypatch.setenv("KUBECONFIG", str(place))
    with pytest.raises(LoginError, match=message.replace("PLACE", str(place))) as raised:
        await by_context(context)()
    assert "\n" not in str(raised.value)


async def test_without_kubeconfig_it_is_the_file_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(LoginError, match=f"there is no kubeconfig {tmp_path}/.kube/config, "):
        await by_context("")()
