"""Renders the chart and checks it: `python -m tests.deploy`.

`--regenerate` writes down what is rendered now, unless it is wrong. It needs helm, and no network and no cluster.
`--kubeconfig FILE` asks an API server too, and changes nothing there. Ends with 1 if anything is wrong.
"""

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.deploy.api_server import ApiServer, Refused
from tests.deploy.documents import read
from tests.deploy.kinds import problems
from tests.deploy.places import ROOT
from tests.deploy.references import dangling
from tests.deploy.refusals import REFUSED
from tests.deploy.rendering import ALL, Helm, HelmError, Rendering, files, kept


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy", description="Render the chart, and check it.")
    parser.add_argument("--helm", default="helm", help="the program")
    parser.add_argument("--kubeconfig", type=Path, help="of a cluster whose API server is asked too")
    parser.add_argument("--regenerate", action="store_true", help="write down what is rendered now")
    arguments = parser.parse_args()
    try:
        helm = Helm(arguments.helm)
        server = ApiServer(arguments.kubeconfig) if arguments.kubeconfig else None
    except (HelmError, Refused) as error:
        print(error, file=sys.stderr)
        return 2
    wrong = 0
    for rendering in ALL:
        told = list(_wrong(helm, rendering, arguments.regenerate))
        count = 0 if told else len(read(helm.render(rendering)))
        if server is not None and not told:
            told = list(_refused_by(server, helm, rendering))
        wrong += len(told)
        print(f"{rendering.name}:", f"{len(told)} wrong" if told else f"{count} documents, as they are kept")
        print(*told, sep="\n", end="\n" if told else "")
    told = list(_not_refused(helm))
    print(f"{len(REFUSED)} sets of values that must be refused:", f"{len(told)} wrong" if told else "they are")
    print(*told, sep="\n", end="\n" if told else "")
    return 1 if wrong or told else 0


def _wrong(helm: Helm, rendering: Rendering, is_regenerating: bool) -> Iterator[str]:
    try:
        helm.lint(rendering)
        text = helm.render(rendering)
    except HelmError as error:
        yield str(error)
        return
    documents = read(text)
    told = [*(problem for document in documents for problem in problems(document)), *dangling(documents)]
    yield from told
    wanted = files(rendering, text)
    for path in {*wanted, *kept(rendering)}:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = wanted.get(path, "")
        if old == new:
            continue
        if is_regenerating and not told:
            _write(path, new)
            continue
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "kept", "rendered", lineterm="")
        name = path.relative_to(ROOT)
        yield "\n".join([f"{name} is not what the chart renders to: make deploy-check ARGS=--regenerate", *lines])


def _write(path: Path, text: str) -> None:
    if text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    else:
        path.unlink()


def _refused_by(server: ApiServer, helm: Helm, rendering: Rendering) -> Iterator[str]:
    try:
        tried, unknown = server.accepts(helm, rendering)
    except Refused as error:
        yield f"the API server refuses it: {error}"
    else:
        but = f", but does not know {', '.join(sorted(unknown))}" if unknown else ""
        print(f"{rendering.name}: the API server would take {tried} documents{but}")


def _not_refused(helm: Helm) -> Iterator[str]:
    for what, values, words in REFUSED:
        options = [word for value in values for word in ("--set", value)]
        try:
            helm.render(Rendering("refused"), *options)
        except HelmError as error:
            if words not in str(error):
                yield f"{what}: is refused, but not for that: {error}"
        else:
            yield f"{what}: is rendered"


if __name__ == "__main__":
    sys.exit(main())
