"""The WorkloadEntry that a Pod is to have."""

import json
from collections.abc import Mapping
from typing import Any

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.objects import Object
from controllers.kubernetes.pods.names import ENTRY, GROUP, PREFIX
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.steps import version_of
from xds.durations import LONGEST
from xds.objects import DRAINING_LABEL, LONGEST_REQUEST, NOT_READY, RELEASE_AFTER

LAST_STEPS_SECONDS = 3.0
"""Of a Pod's grace period, that are left when its entry is released unconfirmed: to tell it, and to answer its hook."""

_FROM_TEMPLATE = ("ports", "network", "locality", "weight", "serviceAccount")


class EntryError(Exception):
    """A Pod's entry can't be made; the text says why, and what to do."""


def spec_for(pod: Pod, group: Object | None) -> dict[str, Any]:
    """The spec, without any mark that it is draining.

    Args:
        group: the WorkloadGroup that it names.

    Raises:
        EntryError: the group is not there, or the annotation is no spec.
    """
    template, labels = _template(pod, group)
    own, labels = _without_ours(pod.labels), _without_ours(labels)
    spec = {name: template[name] for name in _FROM_TEMPLATE if template.get(name)}
    account = pod.spec.get("serviceAccountName")
    if account:
        spec.setdefault("serviceAccount", account)
    return {"address": pod.address, **spec, "labels": {**own, **labels}}


def _template(pod: Pod, group: Object | None) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """What a WorkloadGroup or an annotation says: the spec, and labels that count before the Pod's own."""
    text = pod.annotations.get(ENTRY)
    if GROUP in pod.annotations:
        if text is not None:
            raise EntryError(f"annotations {GROUP} and {ENTRY} are both given: give one")
        if group is None:
            raise EntryError(f"annotation {GROUP} names {pod.annotations[GROUP]!r}, which is not in its namespace")
        spec = group.get("spec") or {}
        template = spec.get("template") or {}
        return template, {**((spec.get("metadata") or {}).get("labels") or {}), **(template.get("labels") or {})}
    try:
        given = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError) as error:
        raise EntryError(f'annotation {ENTRY} is not JSON ({error}): write {{"ports": {{"http": 8080}}}}') from None
    if not isinstance(given, dict) or not isinstance(given.get("labels", {}), dict):
        raise EntryError(f'annotation {ENTRY} is no mapping: write {{"ports": {{"http": 8080}}}}')
    return given, given.get("labels", {})


def _without_ours(labels: Mapping[str, str]) -> dict[str, str]:
    """Whether it drains is not for a template to say."""
    return {name: value for name, value in labels.items() if not name.startswith(PREFIX)}


def new_entry(pod: Pod, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The object to be made."""
    annotations = {name: value for name, value in _annotations(pod).items() if value is not None}
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid}
    metadata = {"annotations": annotations, "finalizers": [FINALIZER], "ownerReferences": [owner]}
    return {"metadata": metadata, "spec": dict(spec)}


def _annotations(pod: Pod) -> dict[str, str | None]:
    """By which the entry drains; None: it has none of that name."""
    bound = None if pod.holds else f"{min(max(0.0, pod.grace - LAST_STEPS_SECONDS), LONGEST):.0f}s"
    return {LONGEST_REQUEST: pod.annotations.get(LONGEST_REQUEST), RELEASE_AFTER: bound}


def spec_as_it_was(pod: Pod, entry: Object) -> dict[str, Any]:
    """As `spec_for`, where that can't be told any more: what the entry was made by is gone, or spoilt."""
    old = entry.get("spec") or {}
    return {**old, "address": pod.address, "labels": _without_ours(old.get("labels") or {})}


def owner_of(entry: Object) -> str | None:
    """The uid of the Pod that it was made for; None: it was not made for one."""
    for owner in entry["metadata"].get("ownerReferences") or ():
        if owner.get("kind") == "Pod" and owner.get("name") == entry["metadata"]["name"]:
            return str(owner["uid"])
    return None


def changes_to(entry: Object, pod: Pod, spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """The patch that makes an entry what its Pod says, with that spec; None if it is so.

    Whoever else has marked it draining is left the mark: it may be an operator. While the Pod has no address, as when
    its node has just booted anew, the entry keeps the last one: without any it can't be read, and is served as it was.
    """
    old = entry.get("spec") or {}
    if not pod.address:
        spec = {**spec, "address": old.get("address")}
    labels = dict(old.get("labels") or {})
    marked = labels.pop(DRAINING_LABEL, None)
    noted = entry["metadata"].get("annotations") or {}
    notes = {name: value for name, value in _annotations(pod).items() if noted.get(name) != value}
    body: dict[str, Any] = {"metadata": version_of(entry), "spec": {}}
    found = {**old, "labels": labels}
    for name in {*found, *spec}:
        if found.get(name) != spec.get(name):
            body["spec"][name] = _merge(found.get(name), spec.get(name))
    if not pod.is_ready and marked is None:
        body["spec"].setdefault("labels", {})[DRAINING_LABEL] = "true"
        notes[NOT_READY] = "true"
    elif pod.is_ready and NOT_READY in noted:
        body["spec"].setdefault("labels", {})[DRAINING_LABEL] = None
        notes[NOT_READY] = None
    if not body["spec"] and not notes:
        return None
    body["metadata"]["annotations"] = notes
    return body


def _merge(old: Any, new: Any) -> Any:
    """The merge patch from one value to the other."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {name: _merge(old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)}
