"""The values: what the schema takes and refuses, and that what becomes of them are settings of lastack."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from controllers.settings import Settings, load_settings
from tests.deploy.documents import of_kind, read_files
from tests.deploy.places import CHART, DEPLOY, RENDERED, ROOT, VALUES
from tests.deploy.rendering import ALL, HA, kept

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

BY_THE_CHART = {
    "lease",
    "lease_duration",
    "status_conditions",
    "pods",
    "drain",
    "drain_address",
    "webhook",
    "webhook_cert",
    "webhook_key",
    "webhook_service",
    "webhook_configuration",
    "remote_secrets",
    "allow_unreachable",
    "source",
    "namespace_selector",
    "ads",
    "api",
    "state_dir",
    "tls_cert",
    "tls_key",
    "tls_client_ca",
}
"""Settings that follow from other values."""

NOT_FOR_A_CLUSTER = {"config", "identifier", "vanish_grace"}
"""Settings that stand elsewhere (the arguments, the Pod's name), or are for files."""


def refused(values: object) -> list[str]:
    return [error.message for error in Draft7Validator(SCHEMA).iter_errors(values)]


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", [CHART / "values.yaml", HA, CHART / "values-plain.yaml", *sorted(VALUES.iterdir())])
def test_values_that_are_meant_are_taken(path: Path) -> None:
    assert refused(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) == []


@pytest.mark.parametrize(
    "text",
    [
        "replica: 2",
        "replicas: two",
        "replicas: -1",
        "ha: true",
        "ha: {enabled: yes please}",
        "ha: {leaseDuration: 15 seconds}",
        "ha: {leaseDuration: 1s}",
        "ha: {leaseDuration: 2.5}",
        "image: {digest: sha256:abc}",
        "webhook: {failurePolicy: ignore}",
        "webhook: {certManager: {enable: true}}",
        "webhook: {certManager: {issuerRef: {kind: ClusterIssuer}}}",
        "drain: {clusterIP: lastack-drain}",
        "drain: {clusterIP: 10.96.15.16:15016}",
        "tls: {clientCA: true}",
        "tls: {clientCA: true, secretName: ''}",
        "settings: {ads: '0.0.0.0:1'}",
        "settings: {drain-time: 5s}",
        "settings: {stale: soon}",
        "settings: {max_streams: 0}",
        "settings: {max_message: 4MB}",
        "networkPolicy: {api: {from: [{}]}}",
        "networkPolicy: {api: {from: [{ipBlock: 10.0.0.0/8}]}}",
        "networkPolicy: {apis: {from: []}}",
        "serviceMonitor: {interval: 30}",
        "namespaceSelector: mesh=on",
        "namespaceSelector: {matchExpressions: [{key: env, operator: In}]}",
        "namespaceSelector: {matchExpressions: [{key: env, operator: Exists, values: [a]}]}",
        "namespaceSelector: {matchExpressions: [{key: env, operator: exists}]}",
        "topologySpread: [{topologyKey: kubernetes.io/hostname}]",
        "podLabels: {on: true}",
        "podLabels: {lastack.io/serving: 'true'}",
        "podLabels: {app.kubernetes.io/name: mine}",
        f"fullnameOverride: {'n' * 51}",
        "state: {persistence: {size: large}}",
        "bindAddress: 127.0.0.1",
        "remoteSecrets: {namespace: Istio}",
    ],
)
def test_values_that_can_not_be_meant_are_refused(text: str) -> None:
    assert len(refused(yaml.safe_load(text))) == 1


def test_every_value_has_a_default_and_a_rule() -> None:
    """What the schema knows and values.yaml does not show nobody finds."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    _same_keys(values, SCHEMA, "")


def _same_keys(values: dict[str, Any], schema: dict[str, Any], place: str) -> None:
    schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    properties = schema.get("properties", {})
    if not properties or not values or place in (".settings", ".resources"):
        return
    assert values.keys() == properties.keys() - {"global"}, place
    for key, value in values.items():
        if isinstance(value, dict):
            _same_keys(value, properties[key], f"{place}.{key}")


def test_every_setting_can_be_given_or_follows_from_a_value() -> None:
    given = set(SCHEMA["properties"]["settings"]["properties"])
    assert not given & BY_THE_CHART
    assert set(Settings.model_fields) - BY_THE_CHART - NOT_FOR_A_CLUSTER == given


@pytest.mark.parametrize("paths", [pytest.param(kept(rendering), id=rendering.name) for rendering in ALL])
def test_the_configuration_file_is_one_that_lastack_takes(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = of_kind(read_files(paths), "ConfigMap")
    settings = yaml.safe_load(found["data"]["lastack.yaml"])
    config = tmp_path / "lastack.yaml"
    config.write_text(yaml.safe_dump(settings))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LASTACK_{name.upper()}", raising=False)
    assert load_settings({"config": config}).source == ["kubernetes"]


def test_all_that_the_values_say_arrives() -> None:
    (found,) = of_kind(read_files([RENDERED / "everything.yaml"]), "ConfigMap")
    settings = yaml.safe_load(found["data"]["lastack.yaml"])
    values = yaml.safe_load((VALUES / "everything.yaml").read_text(encoding="utf-8"))
    assert settings["namespace_selector"] == "lastack.io/enroll=true,mesh=on,tier=web,env notin (test,try),tenant,!old"
    assert values["settings"].items() <= settings.items()
    assert values["settings"].keys() == SCHEMA["properties"]["settings"]["properties"].keys()


def test_chart_package_and_image_have_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert f"lastack:{version} ." in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
