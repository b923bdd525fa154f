"""What is barred is not written."""

import pytest

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.rate import RateLimit
from tests.kubernetes.documents import workload
from tests.kubernetes.suite.lab import Lab, path_of


async def test_what_is_barred_is_read_and_not_written(lab: Lab) -> None:
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    path, listed = path_of("workloadentries", lab.namespace, "w"), path_of("workloadentries", lab.namespace)
    why: list[str | None] = [None]
    api = Api(lab.configuration, "fenced", RateLimit(1000, 1000), lambda: why[0])
    done = await api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    why[0] = "the right to serve has ended"
    with pytest.raises(ApiError, match="the right to serve has ended"):
        await api.patch(path, {"metadata": {"labels": {"a": "c"}}})
    with pytest.raises(ApiError, match="the right to serve has ended"):
        await api.create(listed, workload("new", namespace=lab.namespace))
    with pytest.raises(ApiError, match="the right to serve has ended"):
        await api.delete(path, done["metadata"]["uid"])
    assert (await api.get(path))["metadata"]["resourceVersion"] == done["metadata"]["resourceVersion"]
    await api.close()
