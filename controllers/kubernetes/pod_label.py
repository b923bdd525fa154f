"""A label on the process's own Pod while it serves, so that a Service leads proxies there and nowhere else."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping

import structlog

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.backoff import Backoff

log = structlog.get_logger("lease")

LABEL = "lastack.io/serving"

_NAME, _NAMESPACE = "POD_NAME", "POD_NAMESPACE"


class PodLabel:
    """The label; nothing, where the environment does not say which Pod it is.

    Args:
        sleep: waits so many seconds between attempts.
    """

    def __init__(
        self,
        api: Api,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        name, namespace = environment.get(_NAME), environment.get(_NAMESPACE)
        self._path = f"/api/v1/namespaces/{namespace}/pods/{name}" if name and namespace else None
        self._sleep = sleep
        if (name is None) != (namespace is None):
            given, missing = (_NAME, _NAMESPACE) if namespace is None else (_NAMESPACE, _NAME)
            log.warning(f"{given} is set without {missing}: set both, or the Pod is not labelled {LABEL}")

    async def put(self) -> None:
        """Proxies are served here. Tries until it is there, or refused."""
        await self._make("true")

    async def remove(self) -> None:
        """They are not. As with `put`."""
        await self._make(None)

    async def _make(self, value: str | None) -> None:
        if self._path is None:
            return
        backoff, told = Backoff(0.2, 5.0), False
        while True:
            try:
                await self._api.patch(self._path, {"metadata": {"labels": {LABEL: value}}})
                return
            except ApiError as error:
                is_refused = 400 <= error.status < 500 and error.status != 429
                if not told or is_refused:
                    log.warning(f"the Pod's label {LABEL} can't be changed", reason=str(error), again=not is_refused)
                    told = True
                if is_refused:
                    return
            await self._sleep(backoff.failed())
