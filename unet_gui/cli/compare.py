"""`unet-gui compare A B [--out DIR] [--csv [FILE]]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = "a project, a folder of masks, or a round (its kept predictions)"
    parser.add_argument("a", metavar="A", help=kinds)
    parser.add_argument("b", metavar="B", help="the same, to compare with")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="write a picture of each image that differs: orange only in A, blue only in B, "
        "magenta another class",
    )
    parser.add_argument(
        "--csv",
        nargs="?",
        const="",
        metavar="FILE",
        help="a line for each image, the worst first (default: DIR/comparison.csv)",
    )
    parser.add_argument(
        "--background",
        type=int,
        metavar="ID",
        help="the class that counts as nothing in the pictures (default: the class “background”)",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Compare, write pictures and table, print the scores."""
    from unet_gui.core.errors import ExportError
    from unet_gui.dataset.comparison import compare
    from unet_gui.dataset.files import explain

    out = Path(args.out) if args.out else None
    table = _table(args.csv, out)
    try:
        report = output.drain(
            compare(Path(args.a), Path(args.b), pictures=out, background=args.background)
        )
        if table is not None:
            report.write_csv(table)
            output.say(f"written: {table}")
    except OSError as exc:
        reason, hint = explain(exc)
        raise ExportError(f"The comparison could not be written: {reason}.", hint) from exc
    for problem in report.problems:
        output.warn(f"{problem} It is not in the scores.")
    if report.missing:
        output.warn(
            f"{len(report.missing)} images have a mask in one of the two only, "
            f"such as {report.missing[0]}."
        )
    if output.json:
        for image in report.images:
            output.event("image", **image.to_json())
    output.result({"event": "done", **report.to_json()}, report.table())
    return 0


def _table(wanted: str | None, out: Path | None) -> Path | None:
    if wanted is None:
        return None
    if wanted:
        return Path(wanted)
    return (out or Path()) / "comparison.csv"
