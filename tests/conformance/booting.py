"""A proxy that boots over ADS as Envoy does: clusters, their endpoints, listeners, their routes."""

from dataclasses import dataclass, field

from ledger.ids import TypeUrl
from protos.cluster_pb2 import Cluster
from protos.listener_pb2 import Listener
from tests.conformance.bench import NODE, Bench
from tests.conformance.client import Client
from tests.conformance.speech import Response
from tests.conformance.transports import Kind
from xds.types import CDS, EDS, LDS, RDS, TYPES


@dataclass
class Held:
    """What a proxy has: by type, its resources' versions (delta), and the version of the type (SotW)."""

    versions: dict[TypeUrl, dict[str, str]] = field(default_factory=lambda: {type_url: {} for type_url in TYPES})
    version: dict[TypeUrl, str] = field(default_factory=dict)

    def take(self, response: Response) -> None:
        """The response is applied."""
        held = self.versions[response.type_url]
        held.update(response.versions)
        for name in response.removed:
            held.pop(name, None)
        self.version[response.type_url] = response.version


async def boot(bench: Bench, kind: Kind, node: str = NODE) -> tuple[Client, Held]:
    """Opens an ADS stream, asks for everything, and ACKs it."""
    held = Held()
    client = await bench.asking(kind, CDS, node=node)
    clusters = await _take(client, held, CDS)
    await client.ask(EDS, *_with_endpoints(clusters))
    await _take(client, held, EDS)
    await client.ask(LDS)
    listeners = await _take(client, held, LDS)
    await client.ask(RDS, *_with_routes(listeners))
    await _take(client, held, RDS)
    await client.silent()
    return client, held


async def _take(client: Client, held: Held, type_url: TypeUrl) -> Response:
    response = await client.accept(type_url)
    held.take(response)
    return response


def _with_endpoints(clusters: Response) -> list[str]:
    return [name for name, body in clusters.resources.items() if Cluster.FromString(body).type == Cluster.EDS]


def _with_routes(listeners: Response) -> list[str]:
    return [
        name
        for name, body in listeners.resources.items()
        if Listener.FromString(body).default_filter_chain.name == "http"
    ]
