"""Documents in, objects out: the one place that knows how a ServiceEntry or a WorkloadEntry is written.

`parse` turns a document (mappings and lists, from whatever source) into an object, or raises an `ObjectError` that
holds everything wrong with it, each with its path and its remedy. `yaml_documents.read` turns a text into documents and
knows the line of every path. Both are pure: the same input gives the same output on every replica, and no input makes
them raise anything else or take more memory than its own size calls for.

Imports nothing of lastack but `xds.objects` and `ledger.ids`.
"""

from xds.parsing.document import Ignored, ParsedObject, documents, parse
from xds.parsing.problems import ObjectError, Problem

__all__ = ["Ignored", "ObjectError", "ParsedObject", "Problem", "documents", "parse"]
