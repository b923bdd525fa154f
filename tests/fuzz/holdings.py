"""What the proxy behind one stream may hold, by nothing but what was sent to it and what it said.

The oracle of the `requests` target. It is simple rather than complete: where the rules let a stream go for reasons that
are hard to follow (a proxy that is back on another stream), it lets go sooner than the control plane may, so that what
it accuses of is wrong for certain.
"""

from collections.abc import Collection, Iterator, Mapping

from ledger.ids import ObjectKey, ResourceName, TypeUrl
from tests.conformance.speech import Request, Response
from tests.fuzz.asked import Asked
from tests.fuzz.facts import NOTHING, Form, said_by
from xds.objects import WORKLOAD_ENTRY
from xds.protocol.stream import Transport
from xds.types import CDS, EDS, TYPES
from xds.view import DEFAULT_NAMESPACE

WATCHED = (CDS, EDS)
"""The types that say where requests go."""


class Holdings:
    """One stream's.

    order: a later stream has a higher one. namespace: of its view. had_company: another stream was open under the same
    node id, so that later ones can't be told apart. asked: by type. unanswered: by type, the response that was neither
    ACKed nor NACKed yet. forms: of the clusters and load assignments that the stream is obliged for, all that the proxy
    may hold.
    """

    def __init__(self, transport: Transport, order: int) -> None:
        self.transport = transport
        self.order = order
        self.namespace = ""
        self.had_company = False
        self.asked: dict[TypeUrl, Asked] = {}
        self.unanswered: dict[TypeUrl, Response] = {}
        self.forms: dict[ResourceName, set[Form]] = {}

    def type_of(self, request: Request) -> TypeUrl:
        """The type that the request is about (rule 1)."""
        return self.transport.only or TypeUrl(request.type_url)

    def heard(self, response: Response) -> None:
        """A response was sent to it.

        Raises:
            AssertionError: at this point none may be.
        """
        type_url = response.type_url
        assert type_url in self.asked, f"rule 10: {type_url} was not asked for"
        assert type_url not in self.unanswered, f"rule 13: two responses of {type_url} at a time"
        self.unanswered[type_url] = response
        for name, form in self._said_in(response):
            if name in self.forms or self._asks_for(name):
                self.forms.setdefault(name, {NOTHING}).add(form)

    def said(self, request: Request) -> None:
        """It has sent a request, which was not refused."""
        type_url = self.type_of(request)
        if type_url not in TYPES:
            return
        sent = self.unanswered.get(type_url)
        if sent is not None and request.response_nonce == sent.nonce:
            if request.HasField("error_detail"):  # rule 4
                del self.unanswered[type_url]
            elif self.transport.delta or getattr(request, "version_info", "") == sent.version:  # rule 20
                del self.unanswered[type_url]
                self._accept(sent)
        asked = self.asked.setdefault(type_url, Asked(type_url))
        asked.take(request)
        if type_url in WATCHED:
            for name in asked.names:
                self.forms.setdefault(ResourceName(type_url, name), {NOTHING})

    def let_go(self, assigned: Collection[str]) -> None:
        """Drops what is not asked for any more and can't be in use (rule 26).

        Args:
            assigned: the clusters of the stream's view that have load assignments.
        """
        clusters = self.asked.get(CDS)
        used = {name for name in assigned if clusters.covers(name)} if clusters is not None else ()
        for resource in [name for name in self.forms if not self._asks_for(name)]:
            if resource.type_url != EDS or resource.name not in used:
                del self.forms[resource]

    def differences(self, truth: Mapping[ResourceName, Form]) -> Iterator[tuple[ObjectKey, ResourceName]]:
        """The objects that the proxy may know in another form than the true one, and by which resource.

        A service that comes to be exported brings its instances along: they have not changed, and so are not meant.
        """
        for name, forms in self._obliged(truth):
            true = truth.get(name, NOTHING)
            for form in forms:
                for fact in form ^ true if form != true else ():
                    if form or fact.object.kind != WORKLOAD_ENTRY or self.namespace == DEFAULT_NAMESPACE:
                        yield fact.object, name

    def _obliged(self, truth: Mapping[ResourceName, Form]) -> Iterator[tuple[ResourceName, Collection[Form]]]:
        yield from self.forms.items()
        for name in truth:
            if name not in self.forms and self._asks_for(name):
                yield name, (NOTHING,)

    def _said_in(self, response: Response) -> Iterator[tuple[ResourceName, Form]]:
        type_url = response.type_url
        if type_url not in WATCHED:
            return
        for name, body in response.resources.items():
            yield ResourceName(type_url, name), said_by(type_url, body)
        for name in response.removed:
            yield ResourceName(type_url, name), NOTHING
        if type_url == CDS and not self.transport.delta:  # rule 16: an absence means deletion
            left_out = {name for name in self.forms if name.type_url == CDS and name.name not in response.resources}
            yield from ((name, NOTHING) for name in left_out)

    def _accept(self, response: Response) -> None:
        for name, form in self._said_in(response):
            if name in self.forms or self._asks_for(name):
                self.forms[name] = {form}

    def _asks_for(self, resource: ResourceName) -> bool:
        asked = self.asked.get(resource.type_url)
        return asked is not None and asked.covers(resource.name)
