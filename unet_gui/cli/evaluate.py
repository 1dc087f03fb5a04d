"""`unet-gui evaluate PREDICTED_DIR TRUE_DIR [--classes FILE]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.progress import drain

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("predicted", metavar="PREDICTED_DIR", help="folder of predicted masks")
    parser.add_argument("truth", metavar="TRUE_DIR", help="folder of true masks; 255 is left out")
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help="names of the classes: classes.txt, labelmap.txt or a project.json",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Compare the two folders and print the scores."""
    from unet_gui.dataset.class_files import read_class_file
    from unet_gui.dataset.evaluation import evaluate_folders

    classes = read_class_file(Path(args.classes)) if args.classes else None
    job = evaluate_folders(Path(args.predicted), Path(args.truth), classes)
    # with --json the scores are the one and only line
    report = drain(job) if output.json else output.drain(job)
    for warning in report.warnings:
        output.warn(warning)
    output.result(report.to_json(), report.table())
    return 0
