"""The target `files`: the bytes are a file of YAML. Reading it gives objects and reports and nothing else."""

from controllers.files.content import read_content
from tests.fuzz.accepting import Tell, check_accepted, check_reason
from xds.parsing.yaml_documents import Broken, Document, read


def run(data: bytes, tell: Tell | None = None) -> None:
    """Reads the file.

    Args:
        tell: is told what is in it.

    Raises:
        Exception: anything at all, if a promise is broken.
    """
    text = data.decode(errors="surrogateescape")
    content = read_content(text, "f")
    assert content == read_content(text, "f"), "the same file is read in two ways"
    lines = text.count("\n") + text.count("\r") + 1
    for report in content.reports:
        if tell is not None:
            tell(f"line {report.line}: {report.reason}")
        assert report.line is not None
        assert 1 <= report.line <= lines, f"a report about line {report.line} of {lines}"
        check_reason(report.reason)
    items = list(read(text, "f"))
    assert all(isinstance(item, Document | Broken) for item in items)
    check_accepted((item.value for item in items if isinstance(item, Document)), tell)
