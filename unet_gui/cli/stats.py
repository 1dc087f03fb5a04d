"""`unet-gui stats PROJECT [--csv FILE] [--objects FILE] [--plot FILE]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from unet_gui.cli.output import Output
    from unet_gui.dataset.statistics import Statistics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument("--csv", metavar="FILE", help="a line for each class in each image")
    parser.add_argument("--objects", metavar="FILE", help="a line (CSV) for each single object")
    parser.add_argument("--plot", metavar="FILE", help="a chart of the classes, .svg or .png")


def run(args: argparse.Namespace, output: Output) -> int:
    """Measure, print the totals, write what was asked for."""
    from unet_gui.core.errors import UsageError
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
        _write(Path(args.plot), lambda path: plot(path, project.name, found), output)
    if output.json:
        for row in found.rows:
            output.event("row", **found.record(row))
    output.result({"event": "done", **found.to_json()}, found.table())
    return 0


def plot(path: Path, name: str, found: Statistics) -> None:
    """Draw the share of each class."""
    from unet_gui.dataset.chart import Bar, write_chart

    bars = [
        Bar(
            t.info.name,
            t.info.color,
            t.share,
            f"{t.share:.1%} · {_number(t.pixels * found.area)} {found.unit}² · "
            f"{t.sizes.count:,} object{'' if t.sizes.count == 1 else 's'}",
        )
        for t in found.totals
    ]
    images = f"{found.labelled_images} labelled image{'' if found.labelled_images == 1 else 's'}"
    write_chart(path, name, f"Share of the labelled pixels, {images}", bars)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _write(path: Path, write: Callable[[Path], object], output: Output) -> None:
    from unet_gui.core.errors import ExportError
    from unet_gui.dataset.files import explain

    try:
        write(path)
    except OSError as exc:
        reason, hint = explain(exc)
        raise ExportError(f"{path} could not be written: {reason}.", hint) from exc
    output.say(f"written: {path}")
