"""Pods and their entries, under late watches, crashes, conflicts, and people: searched for a promise that is broken.

One Pod at a time, one proxy, and an API server, in a world without sockets. The steps are the real ones.
"""

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controllers.kubernetes.drain import MARGIN_SECONDS, Drain
from controllers.kubernetes.objects import Name
from controllers.kubernetes.pods.names import DRAINED, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.steps import Around, ConfirmGone, Create, Delete, PatchEntry, PodSteps, Tell
from controllers.kubernetes.steps import Confirm, Form, Patch
from controllers.kubernetes.times import time_of
from ledger.ids import ObjectKey, Revision
from tests.kubernetes.api_server import _merged
from tests.kubernetes.store import Document
from tests.kubernetes.suite.pods import pod, running
from xds.objects import DRAINING_LABEL, WORKLOAD_ENTRY

NAME, KEY = Name("default", "p"), ObjectKey(WORKLOAD_ENTRY, "default", "p")
BEGAN = 1_767_225_600.0
LONGEST, GRACE = 15.0, 300.0

DISTURBANCES = [
    "a watch tells of the Pod",
    "a watch tells of the entry",
    "a step of the Pod",
    "a step of the Pod, and a crash",
    "a step of the drain",
    "a step of the drain, and a crash",
    "the proxy ACKs",
    "ready",
    "not ready",
    "deleted by hand",
    "its finalizer taken by hand",
    "marked by hand",
    "unmarked by hand",
    "all others drain",
    "not all others drain",
    "time",
]


class Pods(RuleBasedStateMachine):
    """`api` is what there is, `seen` what the watches have told; the proxy routes by the form that it has ACKed."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.version, self.uids = BEGAN, 1, 0
        self.api: dict[str, Document | None] = {"pod": None, "entry": None}
        self.seen: dict[str, Document | None] = {"pod": None, "entry": None}
        self.acked: Document | None = None
        """The entry as the proxy has it."""
        self.routed_at = 0.0
        """When the proxy may last have sent a new request."""
        self.panics, self.panic_ended = False, 1
        """Whether all endpoints are draining, so that proxies use them; the revision at which that was over."""
        self.acked_panics, self.acked_panic_ended = False, 1
        self.left_at: Revision | None = None
        """The revision at which a panic had last ended when the entry went; None: there was one."""
        self.restart()

    # The API server

    def write(self, what: str, document: Document | None) -> None:
        self.version += 1
        if document is not None:
            document["metadata"]["resourceVersion"] = str(self.version)
            ended = document["metadata"].get("deletionTimestamp") and what == "entry"
            if ended and not document["metadata"].get("finalizers"):
                document = None
        self.api[what] = document

    def patch(self, what: str, body: Mapping[str, Any]) -> None:
        """By somebody who names a version: on a conflict nothing happens."""
        old = self.api[what]
        if old is None or any(old["metadata"][name] != body["metadata"][name] for name in ("uid", "resourceVersion")):
            return
        new = _merged(copy.deepcopy(old), body)
        if new.get("spec") != old.get("spec"):
            new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        self.write(what, new)

    def delete_entry(self) -> None:
        if self.api["entry"] is not None and "deletionTimestamp" not in self.api["entry"]["metadata"]:
            new = copy.deepcopy(self.api["entry"])
            new["metadata"]["deletionTimestamp"] = time_of(self.now)
            self.write("entry", new)

    # What happens

    @precondition(lambda self: self.api["pod"] is None)
    @rule(gated=st.booleans())
    def a_pod_is_made(self, gated: bool) -> None:
        self.uids += 1
        made = pod("p", grace=int(GRACE))
        made["metadata"] |= {"namespace": "default", "uid": f"pod-{self.uids}"}
        made["status"] = running("10.0.0.1")
        if gated:
            made["spec"]["readinessGates"] = [{"conditionType": PUBLISHED}]
        self.write("pod", made)

    @precondition(lambda self: self.api["pod"] is not None and not is_leaving(self.api["pod"]))
    @rule()
    def the_pod_is_deleted(self) -> None:
        new = copy.deepcopy(self.api["pod"])
        assert new is not None
        new["metadata"]["deletionTimestamp"] = time_of(self.now + GRACE)
        self.write("pod", new)

    @precondition(lambda self: is_told(self.api["pod"]))
    @rule()
    def the_pod_is_gone(self) -> None:
        self.write("pod", None)

    def its_containers_change(self, ready: bool) -> None:
        new = copy.deepcopy(self.api["pod"])
        if new is None:
            return
        for condition in new["status"]["conditions"]:
            if condition["type"] == "ContainersReady":
                condition["status"] = "True" if ready else "False"
        self.write("pod", new)

    def a_watch_tells(self, what: str) -> None:
        before = self.seen[what]
        self.seen[what] = copy.deepcopy(self.api[what])
        if what == "entry" and before is not None and self.seen[what] is None:
            self.left_at = None if self.panics else Revision(self.panic_ended)

    def the_proxy_acks(self) -> None:
        self.acked = copy.deepcopy(self.seen["entry"])
        self.acked_panics, self.acked_panic_ended = self.panics, self.panic_ended

    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    def restart(self) -> None:
        self.steps, self.drain = PodSteps(LONGEST), Drain(LONGEST)

    def somebody_marks_the_entry(self, marked: bool) -> None:
        entry = self.api["entry"]
        if entry is None:
            return
        same = {name: entry["metadata"][name] for name in ("uid", "resourceVersion")}
        self.patch("entry", {"metadata": same, "spec": {"labels": {DRAINING_LABEL: "true" if marked else None}}})

    def somebody_takes_the_finalizer(self) -> None:
        new = copy.deepcopy(self.api["entry"])
        if new is not None:
            new["metadata"]["finalizers"] = []
            self.write("entry", new)

    # What the controllers do

    def a_step_of_the_pod(self, answered: bool) -> None:
        """answered: else the process ends when its request was sent, and done."""
        found = self.seen["pod"]
        step = self.steps.next(
            NAME, None if found is None else Pod(found), Around(self.seen["entry"], {}, None), self.now
        )
        match step:
            case Create(body) if self.api["entry"] is None:
                self.uids += 1
                made: Document = copy.deepcopy(body)
                made["metadata"] |= {"namespace": "default", "name": "p", "uid": f"entry-{self.uids}", "generation": 1}
                self.write("entry", made)
            case PatchEntry(body):
                self.patch("entry", body)
            case Delete(uid, unless_there):
                entry = self.api["entry"]
                if not (unless_there and self.api["pod"]) and entry is not None and entry["metadata"]["uid"] == uid:
                    self.delete_entry()
            case Tell(condition, body):
                self.told(condition, body)
            case Confirm(form):
                if self.everybody_has(form):
                    self.steps.published(NAME, form, True)
            case ConfirmGone(uid, _):
                self.a_watch_tells("entry")  # a receipt waits for it first
                if self.seen["entry"] is None and self.acked is None:
                    self.steps.gone(NAME, uid, True, self.now, self.left_at)
        if not answered:
            self.restart()

    def a_step_of_the_drain(self, answered: bool) -> None:
        entry = self.seen["entry"]
        match self.drain.next(KEY, entry, self.now, None if self.panics else Revision(self.panic_ended)):
            case Patch(step, body):
                before = self.api["entry"]
                self.patch("entry", body)
                done = self.api["entry"] is not before
                if answered and done and step == "release" and entry is not None:
                    let_alone = Revision(self.panic_ended)
                    self.steps.requests_ended(NAME, entry["metadata"]["ownerReferences"][0]["uid"], let_alone)
            case Confirm(form):
                if self.everybody_has(form) and not self.panics and self.acked_panic_ended == self.panic_ended:
                    self.drain.confirmed(KEY, form, self.now, True, Revision(self.panic_ended))
        if not answered:
            self.restart()

    @rule(rounds=st.integers(1, 12), proxy=st.booleans())
    def all_goes_on(self, rounds: int, proxy: bool) -> None:
        """As it mostly does: without that few lives would come to their end."""
        for _ in range(rounds):
            for what in ("pod", "entry"):
                self.a_watch_tells(what)
            self.a_step_of_the_pod(True)
            self.a_step_of_the_drain(True)
            if proxy:
                self.the_proxy_acks()
                self.routing()
            self.time_passes(2.0)

    @rule(what=st.sampled_from(DISTURBANCES))
    def something_happens(self, what: str) -> None:
        match what:
            case "a watch tells of the Pod":
                self.a_watch_tells("pod")
            case "a watch tells of the entry":
                self.a_watch_tells("entry")
            case "a step of the Pod":
                self.a_step_of_the_pod(True)
            case "a step of the Pod, and a crash":
                self.a_step_of_the_pod(False)
            case "a step of the drain":
                self.a_step_of_the_drain(True)
            case "a step of the drain, and a crash":
                self.a_step_of_the_drain(False)
            case "the proxy ACKs":
                self.the_proxy_acks()
            case "ready" | "not ready":
                self.its_containers_change(what == "ready")
            case "deleted by hand":
                self.delete_entry()
            case "its finalizer taken by hand":
                self.somebody_takes_the_finalizer()
            case "marked by hand" | "unmarked by hand":
                self.somebody_marks_the_entry(what == "marked by hand")
            case "all others drain":
                self.panics = True
            case "not all others drain":
                self.panic_ended += self.panics
                self.panics = False
            case "time":
                self.time_passes(LONGEST)

    def everybody_has(self, form: Form) -> bool:
        self.a_watch_tells("entry")  # as above
        seen = self.seen["entry"]
        return seen is not None and Form.of(seen) == form and self.acked is not None and Form.of(self.acked) == form

    # What is promised

    @invariant()
    def routing(self) -> None:
        if routes(self.acked) or (self.acked_panics and self.acked is not None):
            self.routed_at = self.now

    def told(self, condition: Mapping[str, str], body: Mapping[str, Any]) -> None:
        of = self.api["pod"]
        if of is None or body["metadata"]["resourceVersion"] != of["metadata"]["resourceVersion"]:
            return  # refused
        if (
            condition["type"] == DRAINED
            and condition["status"] == "True"
            and uid_of_owner(self.acked) == of["metadata"]["uid"]
        ):
            assert not routes(self.acked), "a proxy routes to it"
        if condition["type"] == DRAINED and condition["status"] == "True":
            ago = self.now - self.routed_at
            assert ago >= LONGEST + MARGIN_SECONDS or not self.routed_at, f"its requests had {ago} s"
        if condition["type"] == PUBLISHED:
            assert uid_of_owner(self.acked) == of["metadata"]["uid"], "the proxy has not heard of it"
        self.patch("pod", body)


def routes(entry: Document | None) -> bool:
    return entry is not None and DRAINING_LABEL not in entry["spec"]["labels"]


def uid_of_owner(entry: Document | None) -> str | None:
    return None if entry is None else str(entry["metadata"]["ownerReferences"][0]["uid"])


def is_leaving(found: Document | None) -> bool:
    return found is not None and "deletionTimestamp" in found["metadata"]


def is_told(found: Document | None) -> bool:
    return found is not None and bool(Pod(found).condition(DRAINED))


TestPods = Pods.TestCase
TestPods.settings = settings(
    max_examples=200, stateful_step_count=60, suppress_health_check=list(HealthCheck), deadline=None
)
