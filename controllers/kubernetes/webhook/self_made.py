"""The webhook's certificate as the replicas make it: shared in a Secret, announced in a MutatingWebhookConfiguration.

Every replica does the same. Each write names the version that it is for, so of two that write at once the later one
reads again, and goes on with what the other has written.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.failure import NOT_FOUND, Failure
from controllers.kubernetes.objects import Object
from controllers.kubernetes.webhook.bundle import with_bundle
from controllers.kubernetes.webhook.kept import Kept, kept_in, secret_of
from controllers.kubernetes.webhook.rotation import Rotation
from controllers.kubernetes.webhook.serving_tls import ServingTls

log = structlog.get_logger("webhook")

LOOK_SECONDS = 60.0
"""Between two looks: what somebody else has changed is put right then."""

_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_ATTEMPTS = 5
_CONFLICT = 409


class SelfMade:
    """Certificates for `names`.

    Args:
        secret: its namespace and name.
        configuration: name of the MutatingWebhookConfiguration.
        clock: seconds since the epoch.
    """

    every = LOOK_SECONDS

    def __init__(
        self,
        api: Api,
        secret: tuple[str, str],
        configuration: str,
        names: Sequence[str],
        tls: ServingTls,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._namespace, self._name = secret
        self._configuration = configuration
        self._names = names
        self._tls = tls
        self._clock = clock
        self._rotation = Rotation()
        self._told: str | None = None
        """Why authorities can't be announced, as it was told last; None: they are, or it is not known yet."""

    async def look(self) -> None:
        """Does what is due: makes certificates, announces their authorities, uses the one that is to be used.

        Raises:
            ApiError: something is refused, or there is no answer. What is in use stays.
        """
        kept = await self._kept()
        try:
            why_not = await self._announce(kept.bundle)
        except ApiError as error:
            why_not = str(error)
        self._tell(why_not)
        self._rotation.published(kept.bundle if why_not is None else None, self._clock())
        assert kept.current is not None, "it has just been seen to"
        self._tls.use(kept.current, f"Secret {self._namespace}/{self._name}")

    async def _kept(self) -> Kept:
        """What is kept, when all that is due is done."""
        for _ in range(_ATTEMPTS):
            secret, now = await self._read(self._secret_path), self._clock()
            kept = kept_in(secret)
            step = self._rotation.next(kept.standing(self._names, now), kept.bundle, now)
            if step is None:
                return kept
            try:
                await self._write(secret, kept.after(step, self._names, now))
                log.info("certificates", secret=f"{self._namespace}/{self._name}", step=step.value)
            except ApiError as error:
                if error.status != _CONFLICT:
                    raise
        raise ApiError(Failure(_CONFLICT, f"Secret {self._namespace}/{self._name} is changed by others all the time"))

    async def _write(self, secret: Object | None, kept: Kept) -> None:
        if secret is None:
            body = secret_of(kept, self._namespace, self._name)
            await self._api.create(f"/api/v1/namespaces/{self._namespace}/secrets", body)
        else:
            same = {"resourceVersion": secret["metadata"]["resourceVersion"]}
            await self._api.patch(self._secret_path, {"metadata": same, "data": kept.data()})

    async def _announce(self, bundle: bytes) -> str | None:
        """Returns why API servers are not told of these authorities; None: they are."""
        path = f"{_CONFIGURATIONS}/{self._configuration}"
        for _ in range(_ATTEMPTS):
            configuration = await self._read(path)
            if configuration is None:
                return "there is no such MutatingWebhookConfiguration: apply deploy/kubernetes/webhook.yaml"
            patch = with_bundle(configuration, bundle)
            if patch is None:
                return None
            try:
                await self._api.patch(path, patch)
                self._told = self._told or ""  # which makes it news
                return None
            except ApiError as error:
                if error.status != _CONFLICT:
                    raise
        return "it is changed by others all the time"

    def _tell(self, why_not: str | None) -> None:
        """Once when they are, or it begins that they can't be."""
        if why_not == self._told:
            return
        if why_not is None:
            log.info("the webhook's authorities are announced", configuration=self._configuration)
        else:
            about = {"configuration": self._configuration, "reason": why_not}
            log.warning("the webhook's authorities can't be announced", **about)
        self._told = why_not

    async def _read(self, path: str) -> Object | None:
        try:
            return await self._api.get(path)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return None

    @property
    def _secret_path(self) -> str:
        return f"/api/v1/namespaces/{self._namespace}/secrets/{self._name}"
