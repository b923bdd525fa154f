"""`lastack bootstrap`: what is printed is taken by Envoy itself."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from controllers.cli import main
from tests.controllers.certificates import Authority
from xds.view import View

ENVOY = Path(sys.executable).parent / "envoy"

SWITCHES = list(product((False, True), repeat=3))
TLS = ("none", "server", "mutual")
ADDRESSES = ("127.0.0.1:15010", "[::1]:15010", "lastack.mesh")


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["bootstrap", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def document(*arguments: str) -> Any:
    return yaml.safe_load(printed("--node-id", "edge-1", "--ads", "10.0.0.1", *arguments))


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["bootstrap", *arguments])
    assert result.exit_code == 2
    return result.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("ads", ADDRESSES)
@pytest.mark.parametrize("tls", TLS)
@pytest.mark.parametrize(("sotw", "redirect", "described"), SWITCHES)
def test_envoy_takes_what_is_printed(
    authority: Authority, tmp_path: Path, sotw: bool, redirect: bool, described: bool, tls: str, ads: str
) -> None:
    arguments = ["--node-id", "edge-1", "--ads", ads]
    arguments += ["--sotw"] if sotw else []
    arguments += ["--redirect"] if redirect else []
    arguments += (
        ["--namespace", "shop", "--bind-address", "::", "--cluster", "edge", "--admin-port", "0"] if described else []
    )
    if tls != "none":
        arguments += ["--tls-ca", str(authority.path)]
    if tls == "mutual":
        proxy = authority.issue("edge-1")
        arguments += ["--tls-cert", str(proxy.cert), "--tls-key", str(proxy.key)]
    form = "json" if redirect else "yaml"
    config = tmp_path / f"envoy.{form}"
    config.write_text(printed(*arguments, "-o", form))
    validated = subprocess.run(
        [ENVOY, "--mode", "validate", "-c", config], capture_output=True, text=True, check=False, timeout=60
    )
    assert validated.returncode == 0, validated.stderr
    assert "deprecated" not in validated.stderr.lower()
    assert "unknown field" not in validated.stderr.lower()


def test_the_node_says_what_the_view_reads() -> None:
    node = document("--namespace", "shop", "--redirect", "--bind-address", "10.0.0.9")["node"]
    assert View.of_node(node["id"], node["metadata"]) == View("shop", True, "10.0.0.9")


def test_without_flags_the_view_is_the_default_one() -> None:
    node = document()["node"]
    assert View.of_node(node["id"], node.get("metadata", {})) == View()


def test_delta_is_the_default_and_the_node_is_sent_once_per_stream() -> None:
    ads = document()["dynamic_resources"]["ads_config"]
    assert ads["api_type"] == "DELTA_GRPC"
    assert ads["set_node_on_first_message_only"] is True
    assert document("--sotw")["dynamic_resources"]["ads_config"]["api_type"] == "GRPC"


def test_a_name_is_resolved_and_an_address_is_not() -> None:
    def kind(ads: str) -> str:
        made = yaml.safe_load(printed("--node-id", "a", "--ads", ads))
        return str(made["static_resources"]["clusters"][0]["type"])

    assert kind("lastack.mesh:1") == "STRICT_DNS"
    assert kind("10.0.0.1:1") == "STATIC"
    assert kind("::1") == "STATIC"


def test_with_tls_the_control_planes_name_is_checked() -> None:
    made = yaml.safe_load(printed("--node-id", "a", "--ads", "lastack.mesh", "--tls-ca", "/ca.pem"))
    tls = made["static_resources"]["clusters"][0]["transport_socket"]["typed_config"]
    names = tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    assert names == [{"san_type": "DNS", "matcher": {"exact": "lastack.mesh"}}]
    assert tls["sni"] == "lastack.mesh"


def test_yaml_and_json_say_the_same() -> None:
    arguments = ["--node-id", "a", "--ads", "10.0.0.1"]
    assert json.loads(printed(*arguments, "-o", "json")) == yaml.safe_load(printed(*arguments))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--ads", "a"], "--node-id"),
        (["--node-id", "a"], "--ads"),
        (["--node-id", " ", "--ads", "a"], "is empty"),
        (["--node-id", "a", "--ads", "a:b:c"], "HOST:PORT"),
        (["--node-id", "a", "--ads", "a:0"], "port 0"),
        (["--node-id", "a", "--ads", "a", "--bind-address", "lo"], "not an IP address"),
        (["--node-id", "a", "--ads", "a", "--tls-cert", "c"], "belong together"),
        (["--node-id", "a", "--ads", "a", "--tls-cert", "c", "--tls-key", "k"], "needs --tls-ca"),
    ],
)
def test_what_envoy_could_not_use_is_refused(arguments: list[str], told: str) -> None:
    assert told in refused(*arguments)
