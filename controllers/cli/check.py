"""`lastack check`."""

import sys
from pathlib import Path

import click

from controllers.cli.checking import Checked, check_paths
from controllers.cli.output import print_data
from controllers.reports import Severity


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
def check(paths: tuple[Path, ...], output: str) -> None:
    """Check files of objects before they are served.

    PATH is a file of ServiceEntries and WorkloadEntries, or a directory of such files. Errors keep something from
    having an effect. Warnings are about what was probably not meant. Remarks tell how the objects fit together, as far
    as PATH holds them all. Exits with 1 if there is an error.

    \b
    Examples
      lastack check entries
      lastack check pay.yaml cart.yaml -o json
    """
    checked = check_paths(paths)
    if output == "table":
        _print(checked)
    else:
        print_data(_data(checked), output)
    sys.exit(1 if checked.count(Severity.ERROR) else 0)


def _print(checked: Checked) -> None:
    for report in checked.reports:
        about = f"{report.key}: " if report.key is not None else ""
        click.echo(f"{report.origin}: {report.severity.value}: {about}{report.reason}")
    for remark in checked.remarks:
        click.echo(f"{remark.file}:{remark.line}: remark: {remark.key}: {remark.text}")
    found = [
        _count(checked.count(Severity.ERROR), "error"),
        _count(checked.count(Severity.WARNING), "warning"),
        _count(len(checked.remarks), "remark"),
    ]
    told = ", ".join(part for part in found if not part.startswith("0 ")) or "nothing wrong"
    click.echo(f"{_count(checked.objects, 'object')} in {_count(checked.files, 'file')}: {told}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _data(checked: Checked) -> dict[str, object]:
    problems: list[dict[str, object]] = [
        {
            "file": report.file,
            "line": report.line,
            "object": str(report.key) if report.key is not None else None,
            "severity": report.severity.value,
            "message": report.reason,
        }
        for report in checked.reports
    ]
    problems += [
        {
            "file": remark.file,
            "line": remark.line,
            "object": str(remark.key),
            "severity": "remark",
            "message": remark.text,
        }
        for remark in checked.remarks
    ]
    return {"files": checked.files, "objects": checked.objects, "problems": problems}
