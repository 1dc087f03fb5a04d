"""`unet-gui stats PROJECT [--csv FILE] [--objects FILE] [--plot FILE]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument("--csv", metavar="FILE", help="a line for each class in each image")
    parser.add_argument("--objects", metavar="FILE", help="a line (CSV) for each single object")
    parser.add_argument("--plot", metavar="FILE", help="a chart of the classes, .svg or .png")


def run(args: argparse.Namespace, output: Output) -> int:
    """Measure, print the totals, write what was asked for."""
    from unet_gui.core.errors import UsageError
    from unet_gui.dataset.class_chart import write_class_chart
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.statistics import measure

    if args.plot and Path(args.plot).suffix.lower() not in {".svg", ".png"}:
        raise UsageError(f"A plot is an .svg or .png file, not {args.plot}.")
    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    found = output.drain(measure(project, keep_objects=bool(args.objects)))
    for problem in found.problems:
        output.warn(f"{problem} It is not in the numbers.")
    if args.csv:
        _write(Path(args.csv), found.write_csv, output)
    if args.objects:
        _write(Path(args.objects), found.write_objects_csv, output)
    if args.plot:
        _write(Path(args.plot), lambda path: write_class_chart(path, project.name, found), output)
    if output.json:
        for row in found.rows:
            output.event("row", **found.record(row))
    output.result({"event": "done", **found.to_json()}, found.table())
    return 0


def _write(path: Path, write: Callable[[Path], object], output: Output) -> None:
    from unet_gui.core.errors import ExportError
    from unet_gui.dataset.files import explain

    try:
        write(path)
    except OSError as exc:
        reason, hint = explain(exc)
        raise ExportError(f"{path} could not be written: {reason}.", hint) from exc
    output.say(f"written: {path}")
