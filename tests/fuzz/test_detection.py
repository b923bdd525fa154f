"""The corpus alone, without a fuzzer, finds bugs of many kinds: each is planted, and some input fails."""

from collections.abc import Callable

import pytest

from ledger.deliveries import Deliveries
from ledger.ids import Revision, StreamId
from ledger.interest import Interest
from ledger.stream_record import StreamRecord
from tests.fuzz.targets import TARGETS
from xds.index.index import Index
from xds.parsing import services, yaml_values
from xds.parsing.addresses import ip_or_block
from xds.parsing.yaml_scalars import resolve
from xds.plane import Plane
from xds.protocol.delta import DeltaSubscription
from xds.protocol.delta_request import DeltaRequest
from xds.protocol.subscription import Subscription

Plant = Callable[[pytest.MonkeyPatch], None]


def the_end_of_a_stream_credits_it(patch: pytest.MonkeyPatch) -> None:
    true = Deliveries.end

    def end(self: Deliveries, stream: StreamId, now: float) -> StreamRecord:
        record = true(self, stream, now)
        for type_url in list(record.interests):
            self.retire(record, type_url)
        return record

    patch.setattr(Deliveries, "end", end)


def a_nack_is_taken_for_an_ack(patch: pytest.MonkeyPatch) -> None:
    def reject(self: Subscription, text: str, says_new_version: bool) -> None:
        self._accept(0.0)

    patch.setattr(Subscription, "_reject", reject)


def an_ack_credits_what_came_after(patch: pytest.MonkeyPatch) -> None:
    true = Deliveries.acked

    def acked(self: Deliveries, interest: Interest, names: tuple[str, ...], built: Revision) -> None:
        interest.unsent.difference_update(names)
        true(self, interest, names, Revision(10**9))

    patch.setattr(Deliveries, "acked", acked)


def a_claim_is_taken_for_an_ack(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deliveries, "claim", lambda *_: None)


def a_strange_nonce_is_an_error(patch: pytest.MonkeyPatch) -> None:
    true = DeltaSubscription.receive

    def receive(self: DeltaSubscription, request: DeltaRequest, now: float) -> None:
        if request.nonce:
            int(request.nonce.partition(".")[2])
        true(self, request, now)

    patch.setattr(DeltaSubscription, "receive", receive)


def the_views_of_ended_streams_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Plane, "_drop_views", lambda _: None)


def names_that_were_given_up_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deliveries, "_unindex", lambda *_: None)


def a_stream_that_never_spoke_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deliveries, "leave", lambda *_: None)


def a_rare_scalar_is_an_error(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(yaml_values, "resolve", lambda text: int(text, 0) if text == ".nan" else resolve(text))


def a_rare_block_of_addresses_is_an_error(patch: pytest.MonkeyPatch) -> None:
    def block(text: str) -> str:
        if text == "::/0":
            raise TypeError(text)
        return ip_or_block(text)

    patch.setattr(services, "ip_or_block", block)


def a_namespace_without_objects_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Index, "_tidy", lambda *_: None)


PLANTS: list[tuple[str, Plant]] = [
    ("requests", the_end_of_a_stream_credits_it),
    ("requests", a_nack_is_taken_for_an_ack),
    ("requests", an_ack_credits_what_came_after),
    ("requests", a_claim_is_taken_for_an_ack),
    ("requests", a_strange_nonce_is_an_error),
    ("requests", the_views_of_ended_streams_stay),
    ("requests", names_that_were_given_up_stay),
    ("requests", a_stream_that_never_spoke_stays),
    ("files", a_rare_scalar_is_an_error),
    ("objects", a_rare_block_of_addresses_is_an_error),
    ("objects", a_namespace_without_objects_stays),
]


@pytest.mark.parametrize(("target", "plant"), PLANTS, ids=[plant.__name__ for _, plant in PLANTS])
def test_the_corpus_finds_that(target: str, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(fails(target, path.read_bytes()) for path in sorted(TARGETS[target].seeds.iterdir()))


def fails(target: str, data: bytes) -> bool:
    """Whether an input fails, in whatever way."""
    try:
        TARGETS[target].run(data, None)
    except Exception:
        return True
    return False
