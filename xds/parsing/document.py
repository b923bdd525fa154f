"""One document -> one object. A document is what a YAML or JSON file holds, already read into mappings and lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.ids import Generation, ObjectKey
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY, ConfigObject, WorkloadEntry
from xds.parsing.content import content_hash
from xds.parsing.endpoints import read_endpoint
from xds.parsing.fields import Fields
from xds.parsing.metadata import Metadata, read_metadata
from xds.parsing.problems import Findings, ObjectError, Problem, quoted, shown
from xds.parsing.services import read_service

GROUP = "networking.istio.io"
VERSIONS = ("v1", "v1beta1", "v1alpha3")

_API_VERSIONS = frozenset(f"{GROUP}/{version}" for version in VERSIONS)
_KINDS = (SERVICE_ENTRY, WORKLOAD_ENTRY)
_KNOWN = frozenset(("apiVersion", "kind", "metadata", "spec", "status"))


@dataclass(frozen=True, slots=True)
class ParsedObject:
    """An object as a document states it.

    `generation` is the document's own, None where it has none (a file). `content` is `content_hash` of `object`: the
    same for documents that differ in nothing that lastack reads. `warnings` are for whoever wrote the document.
    """

    object: ConfigObject
    generation: Generation | None
    content: bytes
    warnings: tuple[Problem, ...] = ()

    @property
    def key(self) -> ObjectKey:
        return self.object.key


@dataclass(frozen=True, slots=True)
class Ignored:
    """A document that is none of ours, and why it was passed over.

    `key` is set if it names an object of ours in an API version that lastack can't read. Such a document is no sign
    that the object was deleted: whoever holds an earlier form should keep it.
    """

    reason: str
    key: ObjectKey | None = None


def parse(document: object) -> ParsedObject | Ignored:
    """Reads one ServiceEntry or WorkloadEntry, of any API version that Istio has had for them.

    Field names are Istio's, in lowerCamelCase; an unknown one gives a warning. Null means absent.

    Raises:
        ObjectError: if the document isn't a valid object; it holds every problem found.
    """
    found = Findings()
    if not isinstance(document, Mapping):
        found.error("", f"the document is {shown(document)}, not a mapping: begin with apiVersion and kind")
        raise ObjectError(None, found.problems)
    fields = Fields(document, "", found)
    kind = _required(fields, "kind", "such as WorkloadEntry")
    api_version = _required(fields, "apiVersion", f"such as {GROUP}/{VERSIONS[0]}")
    if found.problems:
        raise ObjectError(None, found.problems)
    if api_version not in _API_VERSIONS or kind not in _KINDS:
        return _ignored(fields, api_version, kind)
    fields.report_unknown(_KNOWN)
    metadata = read_metadata(fields, kind)
    spec = fields.mapping("spec")
    object: ConfigObject | None = None
    if spec is not None:
        object = read_service(spec, metadata) if kind == SERVICE_ENTRY else _workload(spec, metadata)
    elif not fields.has("spec"):
        fields.error("spec", "is missing: describe the object below it")
    if found.problems or object is None:
        raise ObjectError(metadata.key, found.problems, found.warnings)
    return ParsedObject(object, metadata.generation, content_hash(object), tuple(found.warnings))


def documents(value: object) -> Iterator[object]:
    """The documents that `value` holds: the items of a `v1` `List`, or itself. Their shape is for `parse` to judge."""
    items = items_of(value)
    if items is None:
        yield value
    else:
        yield from items


def items_of(value: object) -> "list[object] | None":
    """The items of a `v1` `List`; None if `value` is not one, or one without a list of items."""
    if isinstance(value, Mapping) and value.get("kind") == "List" and value.get("apiVersion") == "v1":
        items = value.get("items")
        if isinstance(items, list):
            return items
    return None


def _required(fields: Fields, key: str, example: str) -> str:
    text = fields.text(key)
    if not text and fields.lacks_text(key):
        fields.error(key, f"is missing: write it, {example}")
    return text


def _ignored(fields: Fields, api_version: str, kind: str) -> Ignored:
    if kind == "List" and api_version == "v1":
        # Its items may be objects of ours, so that it can't be passed over.
        fields.error("items", "a List is read only at the top of a document, with a list of items: put them there")
        raise ObjectError(None, fields.found.problems)
    if kind in _KINDS and api_version.partition("/")[0] == GROUP:
        key = read_metadata(Fields(fields.values, "", Findings()), kind).key
        return Ignored(f"{kind} is read in the versions {', '.join(VERSIONS)}, not {quoted(api_version)}", key)
    return Ignored(f"{quoted(kind)} of {quoted(api_version)} is not a kind that lastack reads")


def _workload(spec: Fields, metadata: Metadata) -> WorkloadEntry | None:
    endpoint = read_endpoint(spec)
    if metadata.key is None or endpoint is None:
        return None
    _, namespace, name = metadata.key
    return WorkloadEntry(namespace, name, endpoint, metadata.created)
