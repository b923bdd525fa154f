"""A process that loads a mesh from nothing, and says what that took: `python -m tests.bench.load HOW SERVICES`.

HOW: `documents`, as they are once they are parsed; `files`, as YAML in a directory; or `one`, where one service has all
the instances. Memory is that of the process, at its highest.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from controllers.collector import Collector
from controllers.files import FileSource
from controllers.runtime import Runtime
from ledger.ids import Generation
from tests.bench import mesh
from xds.objects import Applied, ServiceEntry, WorkloadEntry
from xds.parsing import ParsedObject, parse
from xds.plane import Plane

_PER_FILE = 100
_API_VERSION = "networking.istio.io/v1"


def service_document(entry: ServiceEntry) -> dict[str, Any]:
    spec = {
        "hosts": list(entry.hosts),
        "ports": [{"number": port.number, "name": port.name, "protocol": str(port.protocol)} for port in entry.ports],
        "location": str(entry.location),
        "resolution": str(entry.resolution),
        "workloadSelector": {"labels": dict(entry.selector or {})},
    }
    return _document("ServiceEntry", entry.name, spec)


def instance_document(entry: WorkloadEntry) -> dict[str, Any]:
    endpoint = entry.endpoint
    spec = {"address": endpoint.address, "labels": dict(endpoint.labels), "locality": endpoint.locality}
    return _document("WorkloadEntry", entry.name, spec)


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": _API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def documents(size: int, one: bool, namespace: str = mesh.NAMESPACE) -> list[dict[str, Any]]:
    """A mesh of so many services; with `one`, of one with so many instances."""
    every = _documents(size, one)
    for document in every:
        document["metadata"]["namespace"] = namespace
    return every


def _documents(size: int, one: bool) -> list[dict[str, Any]]:
    if one:
        members = [mesh.instance(number, 0) for number in range(size)]
        return [service_document(mesh.service(0)), *map(instance_document, members)]
    return [*map(service_document, mesh.services(size)), *map(instance_document, mesh.instances(size))]


async def from_documents(every: list[dict[str, Any]]) -> float:
    every.reverse()
    began = time.perf_counter()
    runtime, events = Runtime(Plane()), []
    while every:  # as a source does, which keeps no document that it has read
        parsed = parse(every.pop())
        assert isinstance(parsed, ParsedObject)
        events.append(Applied(parsed.object, Generation(1), parsed.content))
    await runtime.apply(events)
    runtime.start(roster_known=True)
    return time.perf_counter() - began


def write_files(every: list[dict[str, Any]], folder: Path) -> None:
    for start in range(0, len(every), _PER_FILE):
        text = yaml.dump_all(every[start : start + _PER_FILE], Dumper=yaml.CSafeDumper)
        (folder / f"{start:06}.yaml").write_text(text)


async def from_files(every: list[dict[str, Any]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        write_files(every, Path(folder))
        every.clear()
        began = time.perf_counter()
        runtime = Runtime(Plane())
        await FileSource(Path(folder), runtime).start()
        runtime.start(roster_known=True)
        assert len(runtime.plane.ledger), "nothing was loaded"
        return time.perf_counter() - began


async def load(how: str, size: int) -> float:
    """Returns the seconds that it took. Garbage is collected as it is by `lastack serve`."""
    every = documents(size, one=how == "one")
    async with asyncio.TaskGroup() as tasks:
        collection = tasks.create_task(Collector().run())
        await asyncio.sleep(0)
        seconds = await (from_files(every) if how == "files" else from_documents(every))
        collection.cancel()
    return seconds


def peak_memory() -> int:
    """The most that was resident of this process, in bytes. (That of `getrusage` begins with its parent's.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def main() -> None:
    how, size = sys.argv[1], int(sys.argv[2])
    seconds = asyncio.run(load(how, size))
    print(json.dumps({"seconds": seconds, "bytes": peak_memory()}))


if __name__ == "__main__":
    main()
