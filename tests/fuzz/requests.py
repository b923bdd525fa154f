"""The target `requests`: bytes become a story around one control plane.

The first byte chooses the setting, each of the others a scene or a detail of one.
"""

from ledger.ids import ProxyId
from ledger.receipts import Outcome
from ledger.roster import Presence
from tests.fuzz.choices import Choices
from tests.fuzz.recount import recount
from tests.fuzz.stage import Stage, Tell
from tests.fuzz.utterances import damaged, introduction, utterance
from tests.fuzz.vocabulary import (
    CERTIFICATES,
    HEALTHY_SERVICE,
    KEYS,
    NODES,
    SERVICES,
    TRANSPORTS,
    WORKLOADS,
    healthy_instance,
    service,
    workload,
)
from tests.fuzz.witness import NODE
from xds.objects import ConfigObject
from xds.timing import Timing

MAX_STREAMS = 6
MAX_SCENES = 300
MAX_ANSWERS = 30
MAX_RESTARTS = 3

_SCENES = (
    ("answer", 12),
    ("settle", 4),
    ("join", 4),
    ("open", 3),
    ("put workload", 6),
    ("put service", 3),
    ("delete", 3),
    ("several", 1),
    ("reject", 2),
    ("raw", 1),
    ("damaged", 2),
    ("end", 4),
    ("time", 3),
    ("wait", 2),
    ("forget", 2),
    ("trouble", 1),
    ("restart", 1),
    ("request", 10),
)
"""How often each comes: so many times out of 64; the bytes that libFuzzer likes best, 0 and 255, mean the first and the
last. Whoever changes this changes what every input of the corpus means."""

_WEIGHTED = tuple(scene for scene, weight in _SCENES for _ in range(weight))

_SECONDS = (0.5, 3.0, 15.0, 60.0, 300.0, 931.0)

LONG = 1100.0
"""Longer than any deadline."""


def run(data: bytes, tell: Tell | None = None) -> None:
    """Plays the story that the bytes make.

    Args:
        tell: is told what happens.

    Raises:
        Exception: anything at all, if a promise is broken.
    """
    choices = Choices(data)
    timing = Timing(absent_deadline=100.0 if choices.chance(64) else None)
    stage = Stage(timing, delta_witness=choices.chance(128), tell=tell)
    stage.change(HEALTHY_SERVICE, healthy_instance("10.9.0.1"))
    scenes = 0
    while choices.are_left and scenes < MAX_SCENES:
        scenes += 1
        _scene(stage, choices, scenes)
        recount(stage.plane, stage.peers)
    _check_aftermath(stage)


def _scene(stage: Stage, choices: Choices, number: int) -> None:
    kind = choices.pick(_WEIGHTED)
    peer = choices.pick(stage.peers) if stage.peers else None
    match kind:
        case "put workload":
            stage.change(workload(choices.pick(WORKLOADS), choices, number))
        case "put service":
            stage.change(service(choices.pick(SERVICES), choices, number))
        case "delete":
            stage.change(choices.pick(KEYS))
        case "several":
            several: list[ConfigObject] = [workload(key, choices, number) for key in choices.some(WORKLOADS, 3)]
            several += [service(key, choices, number) for key in choices.some(SERVICES, 2)]
            stage.change(*several, *choices.some(KEYS, 2))
        case "time":
            stage.pass_time(choices.pick(_SECONDS))
        case "wait":
            stage.wait(choices.pick(KEYS))
        case "forget":
            stage.forget(ProxyId(choices.pick(NODES)))
        case "trouble":
            stage.trouble("out of reach" if choices.chance(128) else None)
        case "restart":
            if stage.restarts < MAX_RESTARTS:
                stage.restart()
        case "settle":
            for _ in range(MAX_ANSWERS):
                eager = [one for one in stage.peers if one is not peer and one.unanswered]
                if eager:
                    stage.send(eager[0], eager[0].answer(eager[0].unanswered[0], None).SerializeToString())
        case _ if kind in ("open", "join") or peer is None:
            if len(stage.peers) < MAX_STREAMS:
                peer = stage.open(choices.pick(TRANSPORTS), choices.pick(NODES), choices.pick(CERTIFICATES))
                for request in introduction(peer, choices) if kind == "join" else ():
                    if peer in stage.peers:  # not refused yet
                        stage.send(peer, request.SerializeToString())
        case "answer" | "reject":
            if peer.unanswered:
                error = choices.text(6) if kind == "reject" else None
                stage.send(peer, peer.answer(choices.pick(peer.unanswered), error).SerializeToString())
        case "request":
            stage.send(peer, utterance(peer, choices).SerializeToString())
        case "raw":
            stage.send(peer, choices.chunk(64))
        case "damaged":
            stage.send(peer, damaged(utterance(peer, choices).SerializeToString(), choices))
        case "end":
            stage.end(peer)


def _check_aftermath(stage: Stage) -> None:
    """The fuzzed proxies are gone: the healthy one is served and confirmed, and of the others nothing is left."""
    for peer in list(stage.peers):
        stage.end(peer)
    stage.trouble(None)
    for proxy in stage.plane.roster.all():
        stage.forget(proxy.id)
    stage.pass_time(LONG)
    instance = healthy_instance("10.9.0.2")
    stage.change(instance)
    assert instance.endpoint.address in stage.witness.addresses, "the healthy proxy is not served"
    assert stage.outcome(instance.key) is Outcome.CONFIRMED, "what the healthy proxy has taken is not confirmed"
    stage.change(instance.key)
    assert instance.endpoint.address not in stage.witness.addresses, "the healthy proxy is not told of a removal"
    assert stage.outcome(instance.key) is Outcome.CONFIRMED, "what the healthy proxy let go of is not confirmed"
    recount(stage.plane, stage.peers)
    plane, witness = stage.plane, stage.witness.stream.id
    assert plane.streams.keys() == plane.deliveries.streams.keys() == {witness}, (
        "streams are left of proxies that are gone"
    )
    left = [proxy.id for proxy in plane.roster.all() if proxy.presence is not Presence.GONE]
    assert left == [NODE], f"proxies that are gone are not: {left}"
    assert not plane.deliveries.lagging(), "the healthy proxy has ACKed everything, and is behind"
    assert len(plane.snapshot.views()) == 1, "views are left of proxies that are gone"
    assert not list(plane.deliveries.processes), "a hot restart is not over"
    assert not plane.deliveries._arrived_order, "a stream that never spoke is remembered"
