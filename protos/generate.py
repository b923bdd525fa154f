"""Compiles the .proto files beside this one: `python -m protos.generate [OUTPUT_FOLDER]`.

The result is checked in, so that nobody needs the compiler to run lastack; `tests/protos/test_generated.py` fails when
it is older than its source. The compiler runs at the repository root and sees `protos/base.proto`, so that modules
import each other as `from protos import base_pb2`.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent

WITH_SERVICES = frozenset({"status.proto"})
"""Files that define a service. The discovery services keep Envoy's names, so the gRPC server registers them by hand."""


class GenerationFailed(Exception):
    """The compiler refused a file; it has said why on stderr."""


def generate(output: Path) -> None:
    """Write the modules and stubs of every .proto file under `output`/protos; `output` must exist.

    Raises GenerationFailed when a file doesn't compile or a plugin is missing.
    """
    sources = sorted(path.name for path in FOLDER.glob("*.proto"))
    _compile(sources, [f"--python_out={output}", f"--mypy_out=quiet:{output}", _plugin("mypy")])
    _compile(
        sorted(WITH_SERVICES),
        [f"--grpc_python_out={output}", f"--mypy_grpc_out=quiet:{output}", _plugin("mypy_grpc")],
    )


def _compile(names: Sequence[str], options: Sequence[str]) -> None:
    files = [f"protos/{name}" for name in names]
    compiler = [sys.executable, "-m", "grpc_tools.protoc", "--proto_path=."]
    if subprocess.run([*compiler, *options, *files], cwd=ROOT, check=False).returncode != 0:
        raise GenerationFailed(f"could not compile {', '.join(files)}; its modules may be older than it")


def _plugin(name: str) -> str:
    """The compiler plugin of the interpreter that runs this, whatever PATH says."""
    program = f"protoc-gen-{name}"
    path = Path(sys.executable).parent / program
    if not path.exists():
        raise GenerationFailed(f"{program} is not installed beside {sys.executable}; install the package mypy-protobuf")
    return f"--plugin={program}={path}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m protos.generate", description="Compile lastack's .proto files.")
    parser.add_argument("output", nargs="?", type=Path, default=ROOT, help="folder to write protos/ into")
    try:
        generate(parser.parse_args(arguments).output.resolve())
    except GenerationFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
