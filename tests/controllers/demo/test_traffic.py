import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import cast
from urllib.parse import parse_qs, urlsplit

from controllers.demo.client import Answer, Client
from controllers.demo.entries import HOST
from controllers.demo.envoys import Envoy
from controllers.demo.failures import Failure
from controllers.demo.plan import LONGEST_REQUEST_SECONDS
from controllers.demo.traffic import Tally, Traffic, schedule

PROXIES = [Envoy.numbered(number, 80) for number in range(2)]


class FakeClient:
    """Answers with what a function of the proxy's address and the request's id gives."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self._answer = answer

    async def get(self, address: str, port: int, host: str, target: str) -> Answer:
        assert host == HOST
        return self._answer(address, parse_qs(urlsplit(target).query)["id"][0])


def test_the_schedule_is_steady_even_and_the_same_every_time() -> None:
    requests = list(islice(schedule(rate=100, proxies=3), 300))
    assert requests == list(islice(schedule(rate=100, proxies=3), 300))
    assert [request.at for request in requests] == [number / 100 for number in range(300)]
    assert Counter(request.proxy for request in requests) == {0: 100, 1: 100, 2: 100}
    assert all(0 <= request.delay <= LONGEST_REQUEST_SECONDS for request in requests)
    assert len({request.delay for request in requests}) == 300


async def _ten_requests(answer: Callable[[str, str], Answer]) -> Tally:
    traffic = Traffic(cast(Client, FakeClient(answer)), PROXIES, rate=10_000, label="test")
    traffic.stop_after(10)
    await traffic.run()
    return traffic.tally


async def test_good_answers_are_counted_by_proxy_and_by_instance() -> None:
    tally = await _ten_requests(lambda address, name: Answer(200, name, "shop-1"))
    assert (tally.requests, tally.failed, len(tally.lateness)) == (10, 0, 10)
    assert tally.requests_by_proxy == {0: 5, 1: 5}
    assert tally.by_instance == {"shop-1": 10}


async def test_failures_are_counted_by_kind_and_by_proxy() -> None:
    def answer(address: str, name: str) -> Answer:
        if address == PROXIES[0].address:
            raise ConnectionResetError
        return Answer(503, "no healthy upstream", "")

    tally = await _ten_requests(answer)
    assert tally.failures == {Failure.PROXY_LOST: 5, Failure.NO_INSTANCE: 5}
    assert tally.failed_by_proxy == {0: 5, 1: 5}
    assert tally.requests == tally.failed == 10


async def test_traffic_goes_on_until_it_is_told_when_to_stop() -> None:
    fifty = asyncio.Event()
    asked: list[str] = []

    def answer(address: str, name: str) -> Answer:
        asked.append(name)
        if len(asked) == 50:
            fifty.set()
        return Answer(200, name, "shop-1")

    traffic = Traffic(cast(Client, FakeClient(answer)), PROXIES, rate=10_000, label="test")
    sending = asyncio.create_task(traffic.run())
    await fifty.wait()
    traffic.stop_after(10)
    await sending
    assert traffic.tally.requests == len(asked) >= 50
