"""A cluster's file has one writer at a time, also when its kubeconfig changes and another source takes it over."""

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

from controllers.journal import Document, Journal
from controllers.kubernetes.keeping import Keeping
from controllers.kubernetes.objects import Change, Name
from tests.kubernetes.documents import numbered

CHANGES = [Change(Name("default", "a"), numbered("a", 1))]


class Slow(Journal):
    """Writes when it may, in the thread where it was told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.began, self.may_write = threading.Event(), threading.Event()

    def write(self, changes: Iterable[tuple[str, Document | None]]) -> None:
        self.began.set()
        assert self.may_write.wait(10.0)
        super().write(changes)


async def test_it_is_let_go_of_when_a_write_that_was_given_up_is_over(tmp_path: Path) -> None:
    """A thread goes on when who waits for it is cancelled; what it puts in place then, the next writer never sees."""
    journal = Slow(tmp_path / "cluster.journal")
    keeping = Keeping("test", journal)
    writing = asyncio.create_task(keeping.write("WorkloadEntry", CHANGES))
    await asyncio.to_thread(journal.began.wait)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    closing = asyncio.create_task(asyncio.to_thread(keeping.close))
    done, _ = await asyncio.wait({closing}, timeout=0.2)
    journal.may_write.set()
    await closing
    assert not done


async def test_after_that_nothing_is_written(tmp_path: Path) -> None:
    """By a thread that was told to before, and begins only now."""
    journal = Journal(tmp_path / "cluster.journal")
    keeping = Keeping("test", journal)
    keeping.close()
    await keeping.write("WorkloadEntry", CHANGES)
    assert not journal.path.exists()
