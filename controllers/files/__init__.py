"""The file source: a directory of YAML and JSON files, watched, as objects.

Promises:
- Level-triggered: what counts is what the directory holds, never which events were seen. After a change, `catch_up`
  returns when everything that was on disk before the call is applied.
- Nothing that was good is lost by accident. An object goes only when its file was seen without it, unchanged, for a
  grace period; a document that can't be read keeps its object in its last good form; a file or directory that can't be
  read keeps all it gave. A directory that is gone deletes nothing, and makes receipts UNKNOWN until it is back.
- The result depends on the files alone, not on the order in which they came: of two files with the same object, the
  first in path order (as `LC_ALL=C sort` has it) gives it.
- Every problem is a `Report`, which tells the file, the line, the object and the remedy, and goes when it is fixed.

`catalog` decides, and `watched_file` and `content` with it: pure. `directory` reads the disk, `watching`
hears of changes, `source` runs it all on the event loop.

Nobody can read a file that is being written in place and tell whether it is whole: a file is taken when its last write
is some 50 ms old. Whoever wants to be sure writes beside it and renames, as Kubernetes and most editors do. What the
system tells of no change (network file systems, links that lead out of the directory) is looked at within 5 s.

What was good in an earlier process is not known: a document that can't be read at the start gives nothing until it is
put right.

Of the layer above it imports what all sources share; the runtime is handed in.
"""

from controllers.files.catalog import Patience
from controllers.files.source import FileSource

__all__ = ["FileSource", "Patience"]
