"""What an API server keeps: objects by kind, under one resource version, and what has happened to them.

As the API conventions have it: the version rises with every write, the generation with every change of anything but
metadata and status, what has finalizers is only marked as deleted, and a write that names another version than the
newest is a conflict.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

Document = dict[str, Any]


class Refusal(Exception):
    """What is answered instead, as a `Status`."""

    def __init__(self, code: int, reason: str, message: str = "", retry_after: int = 0) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.retry_after = retry_after
        self.status: Document = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": code,
            "reason": reason,
            "message": message or reason,
        }
        if retry_after:
            self.status["details"] = {"retryAfterSeconds": retry_after}


@dataclass(frozen=True, slots=True)
class Happening:
    """A write. `old` is None for what was made, `new` for what is gone, whose last form `last` has."""

    version: int
    old: Document | None
    new: Document | None
    last: Document


class Store:
    """All objects, by plural (`pods`) and then by (namespace, name)."""

    def __init__(self) -> None:
        self.version = 1
        self.compacted = 0
        """The newest version of which it is forgotten what came after it."""
        self.objects: defaultdict[str, dict[tuple[str, str], Document]] = defaultdict(dict)
        self.happenings: defaultdict[str, list[Happening]] = defaultdict(list)
        self._uids = 0

    def compact(self) -> None:
        """Forgets what has happened until now."""
        self.compacted = self.version
        self.happenings.clear()

    def since(self, plural: str, version: int) -> list[Happening]:
        """What has happened after that version.

        Raises:
            Refusal: 410, it is forgotten.
        """
        if version < self.compacted:
            raise Refusal(410, "Expired", f"too old resource version: {version} ({self.compacted})")
        return [happening for happening in self.happenings[plural] if happening.version > version]

    def get(self, plural: str, namespace: str, name: str) -> Document:
        found = self.objects[plural].get((namespace, name))
        if found is None:
            raise Refusal(404, "NotFound", f'{plural} "{name}" not found')
        return found

    def create(self, plural: str, document: Mapping[str, Any]) -> Document:
        new = copy.deepcopy(dict(document))
        metadata = new.setdefault("metadata", {})
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{self.version}"
        place = (metadata.get("namespace", ""), metadata["name"])
        if place in self.objects[plural]:
            raise Refusal(409, "AlreadyExists", f'{plural} "{place[1]}" already exists')
        if plural == "namespaces":
            metadata["labels"] = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
        self._uids += 1
        metadata.update(uid=str(UUID(int=self._uids)), generation=1, creationTimestamp=_after(0))
        return self._write(plural, place, None, new)

    def replace(self, plural: str, document: Mapping[str, Any], status: bool = False) -> Document:
        """`status`: only the status is taken from it; else, everything but."""
        metadata = document["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        old = self.get(plural, *place)
        version = metadata.get("resourceVersion")
        if version is not None and version != old["metadata"]["resourceVersion"]:
            raise Refusal(409, "Conflict", f'the object "{place[1]}" has been modified')
        if metadata.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise Refusal(409, "Conflict", f'the UID of "{place[1]}" is another')
        new = copy.deepcopy(old if status else dict(document))
        if status:
            new["status"] = copy.deepcopy(document.get("status", {}))
        elif "status" in old:
            new["status"] = copy.deepcopy(old["status"])
        for kept in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            if kept in old["metadata"]:
                new["metadata"][kept] = old["metadata"][kept]
        if _specified(new) != _specified(old):
            new["metadata"]["generation"] += 1
        if _is_over(new):
            return self._erase(plural, place, new)
        return old if _same(old, new) else self._write(plural, place, old, new)

    def delete(self, plural: str, namespace: str, name: str, options: Mapping[str, Any] | None = None) -> Document:
        """options: `DeleteOptions`, that is preconditions and a grace period."""
        old, options = self.get(plural, namespace, name), options or {}
        for what, wanted in (options.get("preconditions") or {}).items():
            if old["metadata"][what] != wanted:
                raise Refusal(409, "Conflict", f'the {what} of "{name}" is another')
        grace = _grace(plural, old, options)
        new = copy.deepcopy(old)
        if grace < new["metadata"].get("deletionGracePeriodSeconds", grace + 1):
            new["metadata"].update(deletionTimestamp=_after(grace), deletionGracePeriodSeconds=grace)
        if _is_over(new):
            return self._erase(plural, (namespace, name), new)
        return old if _same(old, new) else self._write(plural, (namespace, name), old, new)

    def terminate(self, name: str) -> Document:
        """A namespace is to go: its controller, which is not there, would empty it first."""
        new = copy.deepcopy(self.get("namespaces", "", name))
        new["metadata"]["deletionTimestamp"] = _after(0)
        return self._write("namespaces", ("", name), self.get("namespaces", "", name), new)

    def _write(self, plural: str, place: tuple[str, str], old: Document | None, new: Document) -> Document:
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)
        self.objects[plural][place] = new
        self.happenings[plural].append(Happening(self.version, old, new, new))
        return new

    def _erase(self, plural: str, place: tuple[str, str], last: Document) -> Document:
        old = self.objects[plural].pop(place)
        self.version += 1
        gone = copy.deepcopy(last)
        gone["metadata"]["resourceVersion"] = str(self.version)
        self.happenings[plural].append(Happening(self.version, old, None, gone))
        return gone


def _after(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _grace(plural: str, document: Document, options: Mapping[str, Any]) -> int:
    """Only a Pod that is on a node has one: its kubelet ends it, and then deletes it with a grace period of 0."""
    if plural != "pods" or not document.get("spec", {}).get("nodeName"):
        return 0
    return int(options.get("gracePeriodSeconds", document["spec"].get("terminationGracePeriodSeconds", 30)))


def _is_over(document: Document) -> bool:
    metadata = document["metadata"]
    is_ended = "deletionTimestamp" in metadata and not metadata.get("deletionGracePeriodSeconds")
    return is_ended and not metadata.get("finalizers")


def _specified(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("metadata", "status")}


def _same(old: Document, new: Document) -> bool:
    return json.dumps(old, sort_keys=True) == json.dumps(
        {**new, "metadata": {**new["metadata"], "resourceVersion": old["metadata"]["resourceVersion"]}}, sort_keys=True
    )
