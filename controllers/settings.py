"""The settings of `lastack serve`, from four places: command line, environment, configuration file, defaults."""

import difflib
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from controllers.addresses import Address
from controllers.kubernetes_settings import KUBERNETES, check_kubernetes
from xds.durations import parse_duration

PREFIX = "LASTACK_"
"""Begins the names of environment variables: `LASTACK_ADS` is the setting `ads`."""

FILES = "files:"
"""Begins a source that is a directory of YAML files."""

_SIZE = re.compile(r"(\d+)\s*(B|KIB|MIB|)", re.IGNORECASE)
_LEASE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?")
_FACTORS = {"": 1, "B": 1, "KIB": 1024, "MIB": 1024 * 1024}


class SettingsError(Exception):
    """Settings that can't be used. Terminal. Its text has a line for each, with the place it comes from."""


def _size(value: object) -> object:
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, str) and match is None:
        raise ValueError(f"{value!r} is not a size: write 4MiB, 512KiB or a number of bytes")
    return int(match[1]) * _FACTORS[match[2].upper()] if match else value


def _unless_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in ("none", "") else value


def _duration(value: Any) -> float | None:
    if isinstance(value, bool):
        raise ValueError("a bool is not a duration: write 30s, 500ms, 2m or 1h")
    return None if value is None else parse_duration(value)


def _address(value: object) -> object:
    return Address.parse(value) if isinstance(value, str) else value


def _maybe_address(value: object) -> object:
    return _address(_unless_none(value))


def _list(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_duration)]
MaybeSeconds = Annotated[float | None, BeforeValidator(_duration), BeforeValidator(_unless_none)]
Bytes = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Listening = Annotated[Address, NoDecode, BeforeValidator(_address)]
MaybeListening = Annotated[Address | None, NoDecode, BeforeValidator(_maybe_address)]
MaybeText = Annotated[str | None, BeforeValidator(_unless_none)]
MaybePath = Annotated[Path | None, BeforeValidator(_unless_none)]


class Settings(BaseSettings):
    """Every setting. Durations are in seconds here; people may write `30s`, `500ms`, `2m` or `1h`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True)

    config: MaybePath = Field(None, description="A YAML file with any of these settings.")
    source: Annotated[list[str], NoDecode, BeforeValidator(_list)] = Field(
        default_factory=list,
        description="Where objects come from: files:DIR, a directory of YAML files; kubernetes:CONTEXT, a cluster; "
        "kubernetes, the one that it runs in, or the kubeconfig's current one. Repeatable.",
    )
    namespace_selector: str = Field(
        "", description="Label selector of the Kubernetes namespaces that are taken in; without it, all are."
    )
    ads: Listening = Field(Address("127.0.0.1", 15010), description="HOST:PORT at which proxies are served (gRPC).")
    api: Listening = Field(
        Address("127.0.0.1", 15014),
        description="HOST:PORT of the status API (HTTP). Whoever reaches it may read everything, and forget proxies.",
    )
    state_dir: MaybePath = Field(
        None, description="Directory that outlives the process: who was connected is remembered there."
    )
    lease: str = Field(
        "",
        description="NAMESPACE/NAME of a Lease in the first source's cluster: of all processes that name it one "
        "serves, and the others stand by. Who was connected is then remembered beside it, instead of in state_dir.",
    )
    lease_duration: Seconds = Field(
        15.0, description="Others take the lease after it was not renewed for so long; the same for all, whole seconds."
    )
    longest_request: Seconds = Field(
        15.0,
        description="How long a request to an instance may take that is deleted with the finalizer lastack.io/drain, "
        "unless its annotation lastack.io/longest-request says.",
    )
    remote_secrets: str = Field(
        "",
        description="Namespace of the first cluster whose Secrets with the label istio/multiCluster=true hold "
        "kubeconfigs of more clusters; they may come and go.",
    )
    allow_unreachable: Annotated[list[str], NoDecode, BeforeValidator(_list)] = Field(
        default_factory=list,
        description="Clusters, by context or by key in a Secret, that are not waited for where they can't be reached; "
        "only receipts of their own objects are UNKNOWN then. Repeatable.",
    )
    pods: bool = Field(
        False,
        description="Whether Pods that opt in by the label lastack.io/enroll, theirs or their namespace's, are given "
        "WorkloadEntries, published and drained.",
    )
    drain: Annotated[Address | None, NoDecode, BeforeValidator(_maybe_address)] = Field(
        None, description="HOST:PORT at which preStop hooks of Pods wait for their drain (HTTP); it needs pods."
    )
    status_conditions: bool = Field(
        True,
        description="Whether ServiceEntries and WorkloadEntries of a cluster are given conditions: Accepted, "
        "Published.",
    )
    tls_cert: MaybePath = Field(None, description="PEM file with the certificate that proxies are shown.")
    tls_key: MaybePath = Field(None, description="PEM file with the key of tls_cert.")
    tls_client_ca: MaybePath = Field(
        None, description="PEM file with the authority of the proxies' certificates; turns on mTLS."
    )
    webhook: MaybeListening = Field(
        None, description="HOST:PORT of the admission webhook (HTTPS), which gives Pods that opt in what they need."
    )
    webhook_cert: MaybePath = Field(
        None, description="PEM file with the webhook's certificate, as cert-manager mounts it; read again on change."
    )
    webhook_key: MaybePath = Field(None, description="PEM file with the key of webhook_cert.")
    webhook_service: MaybeText = Field(
        None, description="Service of the webhook: without webhook_cert, it makes certificates for that one itself."
    )
    webhook_configuration: MaybeText = Field(
        None, description="MutatingWebhookConfiguration in which the authority of self-made certificates is announced."
    )
    drain_address: MaybeListening = Field(
        None, description="HOST:PORT that the preStop hooks of Pods call: an address of lastack that nodes reach."
    )
    settling: Seconds = Field(
        60.0,
        description="How long receipts are UNKNOWN after a start that does not know who was connected before; "
        "longer than Envoy's reconnect backoff of at most 30 s.",
    )
    absent_deadline: MaybeSeconds = Field(
        None, description="After which an absent proxy turns receipts RELEASED_UNCONFIRMED; none: never."
    )
    stale: Seconds = Field(15.0, description="How long a response may go unanswered before it counts as overdue.")
    ack_deadline: Seconds = Field(
        300.0, description="How long a response may go unanswered before the stream is ended."
    )
    drain_time: Seconds = Field(5.0, description="Over which streams are ended, one after another, on SIGTERM.")
    vanish_grace: Seconds = Field(
        0.2, description="How long a file must be seen without an object before the object counts as deleted."
    )
    identifier: str = Field(
        default_factory=socket.gethostname, min_length=1, description="Names this control plane to the proxies."
    )
    max_message: Bytes = Field(4 * 1024 * 1024, description="Largest request taken from a proxy.")
    max_streams: int = Field(20_000, gt=0, description="Streams in all.")
    max_streams_per_connection: int = Field(100, gt=0, description="Streams on one connection.")
    keepalive: Seconds = Field(10.0, gt=0, description="How often a silent connection is pinged.")
    keepalive_timeout: Seconds = Field(2.0, gt=0, description="After which an unanswered ping ends the connection.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json lines, or console to be read; auto: console on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("source")
    @classmethod
    def _known_sources(cls, sources: list[str]) -> list[str]:
        for source in sources:
            kind, _, where = source.partition(":")
            if kind not in ("files", KUBERNETES) or (":" in source and not where) or source == "files":
                raise ValueError(f"{source!r} is not a source: write files:DIR, kubernetes or kubernetes:CONTEXT")
        if len(set(sources)) < len(sources):
            raise ValueError("a source is named twice: name each once")
        return sources

    @field_validator("lease")
    @classmethod
    def _names_a_lease(cls, lease: str) -> str:
        if lease and not _LEASE.fullmatch(lease):
            raise ValueError(f"{lease!r} is not a lease: write NAMESPACE/NAME, as of a Kubernetes object")
        return lease

    @model_validator(mode="after")
    def _belong_together(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            given, missing = ("tls_cert", "tls_key") if self.tls_key is None else ("tls_key", "tls_cert")
            raise ValueError(f"{given} is given without {missing}: give both, or neither")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca is given without tls_cert and tls_key: mTLS needs all three")
        check_kubernetes(self)
        if self.stale > self.ack_deadline:
            raise ValueError(f"stale ({self.stale:g} s) is longer than ack_deadline ({self.ack_deadline:g} s)")
        return self

    @property
    def directories(self) -> list[Path]:
        """The directories of the file sources."""
        return [Path(source.removeprefix(FILES)) for source in self.source if source.startswith(FILES)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _ConfigFile(settings_cls)


class _ConfigFile(PydanticBaseSettingsSource):
    """The file that the setting `config` names, on the command line or in the environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # the file is read as a whole

    def __call__(self) -> dict[str, Any]:
        path = _unless_none(self.current_state.get("config"))
        return {} if path is None else _read(Path(str(path)), set(self.settings_cls.model_fields) - {"config"})


def _read(path: Path, known: set[str]) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise SettingsError(f"config {path}: {why}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"config {path}{_told(error)}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"config {path}: must be a mapping of settings, such as ads: 0.0.0.0:15010")
    unknown = [_unknown(str(key), known) for key in found if key not in known]
    if unknown:
        raise SettingsError("\n".join(f"config {path}: {line}" for line in unknown))
    return found


def _told(error: yaml.YAMLError) -> str:
    """In one line, as errors in files of objects are told."""
    why = " ".join(str(error).split())
    mark = None
    if isinstance(error, yaml.MarkedYAMLError):
        why = ", ".join(part for part in (error.problem, error.context) if part)
        mark = error.problem_mark or error.context_mark
    place = "" if mark is None else f":{mark.line + 1}"
    return f"{place}: is not valid YAML: {why}"


def _unknown(key: str, known: set[str]) -> str:
    near = difflib.get_close_matches(key.lower().replace("-", "_"), sorted(known), n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"{key!r} is not a setting: {remedy}"


def load_settings(given: Mapping[str, Any]) -> Settings:
    """The settings: `given` (the command line's) before the environment, the configuration file and the defaults.

    Raises:
        SettingsError: if some value can't be used.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            message = problem["msg"].removeprefix("Value error, ")
            name = str(problem["loc"][0]) if problem["loc"] else ""
            lines.append(f"{_place(name, given)}: {message}" if name else message)
        raise SettingsError("\n".join(dict.fromkeys(lines))) from error


def _place(name: str, given: Mapping[str, Any]) -> str:
    if name in given:
        return f"--{name.replace('_', '-')}"
    variable = PREFIX + name.upper()
    names = {present.upper(): present for present in os.environ}
    return names.get(variable, f"{name} in the configuration file")
