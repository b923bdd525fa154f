"""What must hold of documents, wherever they are from: each is an object or is refused for a reason; and what was
accepted can be served."""

from collections.abc import Callable, Iterable

from tests.conformance.speech import resource_name
from tests.xds.mesh import Mesh
from xds.index.remarks import remarks
from xds.naming import api_names
from xds.objects import ConfigObject, ServiceEntry
from xds.parsing import Ignored, ObjectError, ParsedObject, documents, parse
from xds.types import FULL_SET, LDS, RDS
from xds.view import View

Tell = Callable[[str], None]

VIEWS = (View(), View("shop", bind_address="::"), View("shop", redirect=True))

LONGEST_REASON = 2000
"""Characters of what is told of one object; the values that it quotes are shortened."""


def check_accepted(values: Iterable[object], tell: Tell | None) -> None:
    """Reads the documents one after another, and serves what is in them.

    Args:
        tell: is told of each.

    Raises:
        Exception: anything at all, if a promise is broken.
    """
    objects: list[ConfigObject] = []
    for value in values:
        for document in documents(value):
            result = _read(document)
            if tell is not None:
                tell(f"{document!r:.500} is {result}")
            if isinstance(result, ParsedObject):
                objects.append(result.object)
    _check_served(objects)


def check_reason(reason: str) -> None:
    """What is told of a problem fits a line of a log."""
    assert reason.isprintable(), "a reason that can't be printed"
    assert len(reason) < LONGEST_REASON, "a reason without an end"


def _read(document: object) -> ParsedObject | Ignored | ObjectError:
    result = _outcome(document)
    if isinstance(result, ObjectError):
        assert result.problems, "refused without a reason"
        check_reason(str(result))
    else:
        assert _outcome(document) == result, "the same document is read in two ways"
    return result


def _outcome(document: object) -> ParsedObject | Ignored | ObjectError:
    try:
        return parse(document)
    except ObjectError as error:
        return error


def _check_served(objects: Iterable[ConfigObject]) -> None:
    """Changed one after another, or put at once in another order, they give the same bytes; and they leave nothing."""
    mesh = Mesh(views=VIEWS)
    final: dict[object, ConfigObject] = {}
    for one in objects:
        mesh.apply(one)
        final[one.key] = one
    replica = Mesh(*reversed(final.values()), views=VIEWS)
    for view in VIEWS:
        _check_view(mesh, view, final.values())
        assert {name: one.version for name, one in mesh.everything(view).items()} == {
            name: one.version for name, one in replica.everything(view).items()
        }, "another order of changes gives other resources"
    for key in mesh.index.services.keys() | mesh.index.workloads.keys():
        for remark in remarks(mesh.index, key):
            check_reason(remark)
    mesh.delete(*final.values())
    assert not any(vars(mesh.index).values()), "objects that are gone are indexed"
    assert not mesh.snapshot.catalogue(), "objects that are gone have resources"


def _check_view(mesh: Mesh, view: View, objects: Iterable[ConfigObject]) -> None:
    """Every resource of the view is valid protobuf, and has the name under which it is kept."""
    resources = mesh.everything(view)
    for type_url in FULL_SET:
        full = mesh.snapshot.full_set(view, type_url).resources
        assert {name.name for name in resources if name.type_url == type_url} == full.keys()
    for entry in objects:
        for name in api_names(entry) if isinstance(entry, ServiceEntry) else ():
            for type_url in (LDS, RDS):
                found = mesh.find(type_url, name, view)
                if found is not None:
                    resources[found.name] = found
    for key, resource in resources.items():
        assert resource_name(key.type_url, resource.body) == key.name
