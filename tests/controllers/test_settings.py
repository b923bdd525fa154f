"""Settings: four places in order, and errors that name the place."""

from pathlib import Path

import pytest

from controllers.addresses import Address
from controllers.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LASTACK_{name.upper()}", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "lastack.yaml"


def refused(**given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(given)
    return str(caught.value)


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings({})
    assert settings.ads == Address("127.0.0.1", 15010)
    assert settings.api == Address("127.0.0.1", 15014)
    assert (settings.settling, settings.stale, settings.ack_deadline, settings.drain_time) == (60, 15, 300, 5)
    assert settings.absent_deadline is None
    assert settings.source == []
    assert settings.identifier


def test_the_command_line_comes_before_the_environment_before_the_file_before_the_default(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("ads: 127.0.0.1:1\napi: 127.0.0.1:1\nstale: 1s\n")
    monkeypatch.setenv("LASTACK_ADS", "127.0.0.1:2")
    monkeypatch.setenv("LASTACK_API", "127.0.0.1:2")
    settings = load_settings({"config": str(config), "ads": "127.0.0.1:3"})
    assert settings.ads.port == 3
    assert settings.api.port == 2
    assert settings.stale == 1
    assert settings.drain_time == 5


def test_the_file_can_be_named_in_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("source: [files:/a, files:/b]\n")
    monkeypatch.setenv("LASTACK_CONFIG", str(config))
    assert load_settings({}).directories == [Path("/a"), Path("/b")]


def test_a_list_in_the_environment_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTACK_SOURCE", "files:/a, files:/b")
    assert load_settings({}).source == ["files:/a", "files:/b"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("500ms", 0.5), ("2m", 120), ("1h", 3600), ("1.5s", 1.5), ("7", 7), (7, 7)]
)
def test_durations_are_written_with_a_unit_or_in_seconds(text: object, seconds: float) -> None:
    assert load_settings({"settling": text}).settling == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1:30", "ten", "nan", "inf", "1e9h", True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    assert refused(settling=text).startswith("--settling: ")


def test_no_deadline_for_absent_proxies_is_written_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTACK_ABSENT_DEADLINE", "10m")
    assert load_settings({}).absent_deadline == 600
    assert load_settings({"absent_deadline": "none"}).absent_deadline is None


@pytest.mark.parametrize(("text", "size"), [("4MiB", 4194304), ("512kib", 524288), ("100", 100), (100, 100)])
def test_sizes_are_written_with_a_unit_or_in_bytes(text: object, size: int) -> None:
    assert load_settings({"max_message": text}).max_message == size


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
        (":80", ("0.0.0.0", 80)),
    ],
)
def test_addresses_are_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert load_settings({"ads": text}).ads == address


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", "::1", "::1:80", "host:port", "host:99999", "http://host:80", "a b:1"]
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    told = refused(ads=text)
    assert told.startswith("--ads: ")
    assert "HOST:PORT" in told


def test_an_unknown_key_of_the_file_is_an_error_with_the_nearest_one(config: Path) -> None:
    config.write_text("setling: 3\nads: 127.0.0.1:1\ntls-cert: x\n")
    assert refused(config=str(config)).splitlines() == [
        f"config {config}: 'setling' is not a setting: did you mean settling?",
        f"config {config}: 'tls-cert' is not a setting: did you mean tls_cert?",
    ]


@pytest.mark.parametrize(
    ("text", "told"), [("- a\n", "must be a mapping"), ("a: [\n", "is not valid YAML"), ("\udcff", "is not UTF-8")]
)
def test_a_file_that_is_no_mapping_is_refused(config: Path, text: str, told: str) -> None:
    config.write_bytes(text.encode(errors="surrogateescape"))
    assert told in refused(config=str(config))


def test_a_file_that_is_no_yaml_is_refused_with_the_line(config: Path) -> None:
    config.write_text("ads: 127.0.0.1:1\nstate_dir: a: b\n")
    assert refused(config=str(config)) == (f"config {config}:2: is not valid YAML: mapping values are not allowed here")


def test_an_empty_file_says_nothing(config: Path) -> None:
    config.write_text("# nothing yet\n")
    assert load_settings({"config": str(config)}).settling == 60


def test_a_missing_file_is_told(config: Path) -> None:
    assert refused(config=str(config)) == f"config {config}: No such file or directory"


def test_each_wrong_value_is_told_with_the_place_it_comes_from(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("ads: nowhere\n")
    monkeypatch.setenv("LASTACK_API", "nowhere")
    told = refused(config=str(config), source=["dir"], stale="1h").splitlines()
    assert [line.partition(":")[0] for line in told] == ["--source", "ads in the configuration file", "LASTACK_API"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tls_cert": "a"}, "tls_cert is given without tls_key"),
        ({"tls_key": "a"}, "tls_key is given without tls_cert"),
        ({"tls_client_ca": "a"}, "tls_client_ca is given without tls_cert and tls_key"),
        ({"stale": "10m"}, "stale (600 s) is longer than ack_deadline (300 s)"),
        ({"source": ["files:/a", "files:/a"]}, "a source is named twice"),
        ({"source": ["files:"]}, "write files:DIR"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, object], told: str) -> None:
    assert told in refused(**given)


WEBHOOK = {
    "webhook": "0.0.0.0:15017",
    "pods": True,
    "drain_address": "10.96.0.9:15016",
    "source": ["kubernetes"],
    "webhook_service": "lastack/lastack-webhook",
    "webhook_configuration": "lastack",
}


def test_the_webhook_has_its_certificate_from_files_or_from_itself() -> None:
    settings = load_settings(WEBHOOK)
    assert settings.webhook == Address("0.0.0.0", 15017)
    assert settings.drain_address == Address("10.96.0.9", 15016)
    files = {"webhook_service": None, "webhook_configuration": None, "webhook_cert": "/c", "webhook_key": "/k"}
    assert load_settings(WEBHOOK | files).webhook_cert == Path("/c")
    assert load_settings({}).webhook is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"webhook": None}, "webhook_service is given without webhook: say where it is to listen"),
        ({"webhook_configuration": None}, "given are webhook_service"),
        ({"webhook_cert": "/c", "webhook_key": "/k"}, "webhook needs webhook_cert and webhook_key, or webhook_service"),
        ({"webhook_service": None, "webhook_configuration": None}, "given are none of them"),
        ({"webhook_service": None, "webhook_configuration": None, "webhook_cert": "/c"}, "given are webhook_cert"),
        ({"webhook_service": "lastack-webhook"}, "is not a Service: write NAMESPACE/NAME"),
        ({"drain_address": None}, "webhook is given without drain_address: say what preStop hooks are to call"),
        ({"drain_address": "0.0.0.0:15016"}, "drain_address 0.0.0.0:15016 can't be called"),
        ({"drain_address": "10.96.0.9:0"}, "drain_address 10.96.0.9:0 can't be called"),
        ({"source": ["files:/a"]}, "pods is given without a source that is a cluster"),
        ({"pods": False}, "webhook is given without pods"),
        ({"webhook": "here"}, "--webhook: 'here' is not an address"),
    ],
)
def test_what_belongs_to_the_webhook_has_to_be_given_with_it(changed: dict[str, object], told: str) -> None:
    assert told in refused(**(WEBHOOK | changed))


# The Lease


def test_a_lease_is_named_by_namespace_and_name() -> None:
    settings = load_settings({"source": ["kubernetes"], "lease": "lastack/serving", "lease_duration": "30s"})
    assert (settings.lease, settings.lease_duration) == ("lastack/serving", 30)
    for wrong in ("serving", "a/b/c", "Lastack/serving", "/serving"):
        assert "write NAMESPACE/NAME" in refused(source=["kubernetes"], lease=wrong)


def test_a_lease_needs_a_cluster_and_nothing_else() -> None:
    for source in ([], ["files:/a"], ["kubernetes", "files:/a"]):
        assert "lease needs Kubernetes as the only kind of source" in refused(source=source, lease="lastack/serving")


def test_a_lease_lasts_whole_seconds() -> None:
    for wrong in ("1s", "2500ms", "0s"):
        assert "it must be whole seconds, and 2 at least" in refused(lease_duration=wrong)
