"""Documents to vary: each function gives a fresh, valid one."""

from typing import cast

import pytest

from xds.objects import ServiceEntry, WorkloadEntry
from xds.parsing import ObjectError, ParsedObject, parse

Doc = dict[str, object]

PORTS: list[Doc] = [{"number": 80, "name": "http", "protocol": "HTTP"}]


def workload(metadata: Doc | None = None, /, **spec: object) -> Doc:
    """A WorkloadEntry with an address; `spec` is merged in, `metadata` too."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {"name": "a", **(metadata or {})},
        "spec": {"address": "10.0.0.1", **spec},
    }


def service(metadata: Doc | None = None, /, **spec: object) -> Doc:
    """A ServiceEntry with a host and a port; `spec` is merged in, `metadata` too."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "s", **(metadata or {})},
        "spec": {"hosts": ["pay.example.com"], "ports": PORTS, **spec},
    }


def port(**fields: object) -> Doc:
    """The fields of a ServiceEntry with one port, to which `fields` are merged."""
    return {"ports": [{"number": 80, "name": "http", "protocol": "HTTP", **fields}]}


def parsed(document: object) -> ParsedObject:
    """The result for a document that is one of ours."""
    result = parse(document)
    assert isinstance(result, ParsedObject)
    return result


def read_workload(document: object) -> WorkloadEntry:
    return cast(WorkloadEntry, parsed(document).object)


def read_service(document: object) -> ServiceEntry:
    return cast(ServiceEntry, parsed(document).object)


def refused(document: object) -> ObjectError:
    with pytest.raises(ObjectError) as caught:
        parse(document)
    return caught.value


def problems(document: object) -> list[str]:
    """What is told of an invalid document, a line per problem."""
    return [str(problem) for problem in refused(document).problems]


def warnings(document: object) -> list[str]:
    """What is told of a valid document, a line per warning."""
    return [str(problem) for problem in parsed(document).warnings]
