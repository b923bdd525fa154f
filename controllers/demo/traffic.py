"""Steady traffic through every proxy, and what became of it.

Open-loop: requests are sent when they are due, whether or not earlier ones were answered, as many independent clients
would; so a stall shows as failures and delays, and not as fewer requests.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from controllers.demo.client import FAILURES, Client
from controllers.demo.entries import HOST
from controllers.demo.envoys import Envoy
from controllers.demo.failures import Failure, failure_of, failure_of_error
from controllers.demo.plan import LONGEST_REQUEST_SECONDS

ANSWER_WITHIN_SECONDS = 5.0

GIVE_UP_SECONDS = 1.0
"""A client this late at the end doesn't catch up: what it would still send would meet no replacement."""

_SEED = 20


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is due `at` seconds after the start, through the proxy of that position, and takes `delay` s."""

    number: int
    at: float
    proxy: int
    delay: float


def schedule(rate: float, proxies: int) -> Iterator[Request]:
    """Requests without end: `rate` a second, to the proxies in turn; the delays are random, and the same every time."""
    delays = random.Random(_SEED)
    for number in count():
        yield Request(number, number / rate, number % proxies, delays.uniform(0.0, LONGEST_REQUEST_SECONDS))


@dataclass(slots=True)
class Tally:
    """What became of the requests.

    by_instance: good answers, by the instance that gave them. lateness: by how many seconds each request was sent later
    than it was due, which is the client's own trouble.
    """

    requests: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)
    requests_by_proxy: Counter[int] = field(default_factory=Counter)
    failed_by_proxy: Counter[int] = field(default_factory=Counter)
    by_instance: Counter[str] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.failures.total()


class Traffic:
    """Sends requests until told when it is enough.

    Args:
        proxies: through which to send.
        rate: requests per second, in all.
        label: makes the requests' ids unique.
    """

    def __init__(self, client: Client, proxies: Sequence[Envoy], rate: float, label: str) -> None:
        self.tally = Tally()
        self._client = client
        self._proxies = proxies
        self._rate = rate
        self._label = label
        self._enough: int | None = None

    def stop_after(self, requests: int) -> None:
        """No more than that many requests are sent; none at all if they are already sent, or if the client is so late
        that the time for them is over."""
        self._enough = requests

    async def run(self) -> None:
        """Returns when enough requests are sent and all of them have ended."""
        clock = asyncio.get_running_loop().time
        start = clock()
        async with asyncio.TaskGroup() as sent:
            for request in schedule(self._rate, len(self._proxies)):
                await asyncio.sleep(max(0.0, start + request.at - clock()))
                late = max(0.0, clock() - start - request.at)
                if self._enough is not None and (request.number >= self._enough or late > GIVE_UP_SECONDS):
                    break
                self.tally.lateness.append(late)
                sent.create_task(self._send(request))

    async def _send(self, request: Request) -> None:
        proxy = self._proxies[request.proxy]
        name = f"{self._label}-{request.number}"
        target = f"/?delay={request.delay:.4f}&id={name}"
        instance = ""
        failure: Failure | None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                answer = await self._client.get(proxy.address, proxy.port, HOST, target)
        except FAILURES as error:
            failure = failure_of_error(error)
        else:
            failure = failure_of(answer.status, answer.body, name)
            instance = answer.instance
        tally = self.tally
        tally.requests += 1
        tally.requests_by_proxy[request.proxy] += 1
        if failure is None:
            tally.by_instance[instance] += 1
        else:
            tally.failures[failure] += 1
            tally.failed_by_proxy[request.proxy] += 1
