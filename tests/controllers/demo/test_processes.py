import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controllers.demo.errors import DemoError
from controllers.demo.processes import Processes, environment

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]

STARTS_A_CHILD = """
import asyncio, pathlib, sys
from controllers.demo.processes import Processes
async def main():
    child = await Processes(pathlib.Path(sys.argv[1])).start("child", [sys.executable, "-c",
        "import os, time; print(os.getpid(), flush=True); time.sleep(600)"], talks=True)
    print((await child.process.stdout.readline()).decode(), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_a_child_that_ends_by_itself_is_trouble_told_with_its_last_words(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    await processes.start("broken", [sys.executable, "-c", "import sys; sys.exit('no such thing')"])
    with pytest.raises(DemoError, match="broken ended unexpectedly, with status 1; its last words: no such thing"):
        await processes.guard(asyncio.sleep(60))
    await processes.kill_all()


async def test_a_killed_child_is_no_trouble(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    child = await processes.start("sleeper", SLEEP)
    await processes.kill(child)
    assert child.process.returncode == -signal.SIGKILL
    assert await processes.guard(asyncio.sleep(0, "done")) == "done"


async def test_nothing_is_left_after_kill_all(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    children = [await processes.start(f"sleeper-{number}", SLEEP) for number in range(2)]
    await processes.kill_all()
    assert [child.process.returncode for child in children] == [-signal.SIGKILL, -signal.SIGKILL]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_A_CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet (a zombie) does not."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_children_do_not_get_settings_meant_for_another_control_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTACK_TLS_CERT", "cert.pem")
    assert "LASTACK_TLS_CERT" not in environment()
