"""Reads what lastack uses of an object's metadata: its name, generation, creation time and own annotations."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from ledger.ids import Generation, ObjectKey
from xds.durations import parse_duration
from xds.objects import (
    ALL_DRAINING_ANNOTATION,
    LONGEST_REQUEST,
    NOT_READY,
    RELEASE_AFTER,
    SERVICE_ENTRY,
    WORKLOAD_ENTRY,
    AllDraining,
)
from xds.parsing.fields import Fields
from xds.parsing.problems import child, quoted

_OF_WORKLOADS = (LONGEST_REQUEST, RELEASE_AFTER, NOT_READY)

DEFAULT_NAMESPACE = "default"
OWN_PREFIX = "lastack.io/"

# RFC 1123 as Kubernetes reads it: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAMESPACE = re.compile(_LABEL)
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAMESPACE = 63
_LONGEST_NAME = 253

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_HIGHEST_GENERATION = 2**63 - 1


class Metadata(NamedTuple):
    """`key` is None if it could not be read. `created` is RFC 3339 in UTC to the second, or empty."""

    key: ObjectKey | None
    generation: Generation | None
    created: str
    all_draining: AllDraining


def is_namespace(text: str) -> bool:
    """Whether `text` can name a namespace (an RFC 1123 label)."""
    return len(text) <= _LONGEST_NAMESPACE and _NAMESPACE.fullmatch(text) is not None


def read_metadata(document: Fields, kind: str) -> Metadata:
    """The metadata of an object of `kind`."""
    metadata = document.mapping("metadata")
    if metadata is None:
        if not document.has("metadata"):
            document.error("metadata", "is missing: give the object a name")
        return Metadata(None, None, "", AllDraining.SERVE)
    name = _name(metadata)
    namespace = _namespace(metadata)
    generation = metadata.integer("generation", 1, _HIGHEST_GENERATION)
    return Metadata(
        ObjectKey(kind, namespace, name) if name and namespace else None,
        None if generation is None else Generation(generation),
        _created(metadata),
        _all_draining(metadata, kind),
    )


def _name(metadata: Fields) -> str:
    name = metadata.text("name")
    if name and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
        return name
    if name:
        metadata.error(
            "name",
            f"{quoted(name)} can't name an object: use lower-case letters, digits, hyphens and dots, begin and end "
            f"with a letter or digit, at most {_LONGEST_NAME} characters",
        )
    elif metadata.lacks_text("name"):
        metadata.error("name", "is missing: give the object a name")
    return ""


def _namespace(metadata: Fields) -> str:
    if metadata.lacks_text("namespace"):
        return DEFAULT_NAMESPACE
    namespace = metadata.text("namespace")
    if namespace and not is_namespace(namespace):
        metadata.error(
            "namespace",
            f"{quoted(namespace)} can't be a namespace: use lower-case letters, digits and hyphens, begin and end "
            f"with a letter or digit, at most {_LONGEST_NAMESPACE} characters",
        )
        return ""
    return namespace


def _created(metadata: Fields) -> str:
    """`creationTimestamp` in one spelling, so that times compare as strings; fractions of a second are dropped."""
    text = metadata.text("creationTimestamp")
    if not text:
        return ""
    if _TIME.fullmatch(text):
        try:
            time = datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            return time.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    metadata.error("creationTimestamp", f"{quoted(text)} is no time: write it like 2026-01-31T12:00:00Z, or remove it")
    return ""


def _all_draining(metadata: Fields, kind: str) -> AllDraining:
    """The service's policy; and warnings where a key of ours stands in a place that is not read."""
    labels = metadata.values.get("labels")
    for key in labels if isinstance(labels, Mapping) else ():
        if isinstance(key, str) and key.startswith(OWN_PREFIX):
            path = child(metadata.at("labels"), key)
            metadata.found.warn(path, "lastack reads labels below spec only, since these change no generation: move it")
    annotations = metadata.mapping("annotations")
    policy: AllDraining | None = None
    for key in annotations.values if annotations is not None else ():
        if annotations is None or not isinstance(key, str) or not key.startswith(OWN_PREFIX):
            continue
        if key in _OF_WORKLOADS:
            _check_workload_annotation(annotations, key, kind)
        elif key != ALL_DRAINING_ANNOTATION:
            annotations.found.warn(annotations.at(key), "is not an annotation that lastack knows: check its spelling")
        elif kind != SERVICE_ENTRY:
            annotations.found.warn(annotations.at(key), "is read on a ServiceEntry only: move it to the service")
        else:
            policy = annotations.choice(key, AllDraining.SERVE)
    return policy or AllDraining.SERVE


def _check_workload_annotation(annotations: Fields, key: str, kind: str) -> None:
    """It is acted upon where the entry is drained, which can't tell anybody."""
    path = annotations.at(key)
    if kind != WORKLOAD_ENTRY:
        annotations.found.warn(path, "is read on a WorkloadEntry only: move it to the instances")
    elif key != NOT_READY:
        try:
            parse_duration(str(annotations.values[key]))
        except ValueError as error:
            annotations.found.warn(path, f"{error}, so it is not followed")
