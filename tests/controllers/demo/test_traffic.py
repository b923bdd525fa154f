from collections import Counter
from itertools import islice

import httpx

from controllers.demo.entries import HOST
from controllers.demo.failures import Failure
from controllers.demo.plan import LONGEST_REQUEST_SECONDS
from controllers.demo.traffic import Traffic, schedule

PROXIES = ["http://127.0.0.2:80/", "http://127.0.0.3:80/"]


def test_the_schedule_is_steady_even_and_the_same_every_time() -> None:
    requests = list(islice(schedule(rate=100, proxies=3), 300))
    assert requests == list(islice(schedule(rate=100, proxies=3), 300))
    assert [request.at for request in requests] == [number / 100 for number in range(300)]
    assert Counter(request.proxy for request in requests) == {0: 100, 1: 100, 2: 100}
    assert all(0 <= request.delay <= LONGEST_REQUEST_SECONDS for request in requests)
    assert len({request.delay for request in requests}) == 300


async def _tally_of(requests: int, transport: httpx.MockTransport) -> Traffic:
    async with httpx.AsyncClient(transport=transport) as client:
        traffic = Traffic(client, PROXIES, rate=10_000, label="test")
        traffic.stop_after(requests)
        await traffic.run()
    return traffic


async def test_good_answers_are_counted_by_proxy_and_by_instance() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["host"] == HOST
        return httpx.Response(200, text=request.url.params["id"], headers={"x-instance": "shop-1"})

    tally = (await _tally_of(10, httpx.MockTransport(answer))).tally
    assert (tally.requests, tally.failed, len(tally.lateness)) == (10, 0, 10)
    assert tally.requests_by_proxy == {0: 5, 1: 5}
    assert tally.by_instance == {"shop-1": 10}


async def test_failures_are_counted_by_kind_and_by_proxy() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "127.0.0.2":
            raise httpx.ReadError("reset")
        return httpx.Response(503, text="no healthy upstream")

    tally = (await _tally_of(10, httpx.MockTransport(answer))).tally
    assert tally.failures == {Failure.PROXY_LOST: 5, Failure.NO_INSTANCE: 5}
    assert tally.failed_by_proxy == {0: 5, 1: 5}
    assert tally.requests == tally.failed == 10
