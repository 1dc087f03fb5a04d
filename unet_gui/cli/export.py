"""`unet-gui export PROJECT --format F --out DIR`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from unet_gui.dataset.formats import FORMATS

    known = "; ".join(f"{f.key}: {f.description}" for f in FORMATS.values())
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument("--format", choices=sorted(FORMATS), required=True, help=known)
    parser.add_argument("--out", metavar="DIR", required=True, help="folder to write; new or empty")
    parser.add_argument(
        "--val",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of the images for validation, 0 to below 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="which images those are (default: %(default)s)"
    )
    parser.add_argument(
        "--all", action="store_true", help="also images without a single labelled pixel"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="also write into a folder with other files in it"
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Write the dataset; say what was lost on the way."""
    from unet_gui.dataset.formats import export
    from unet_gui.dataset.project import Project

    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    report = output.drain(
        export(
            project,
            args.format,
            args.out,
            entries=project.images if args.all else None,
            val=args.val,
            seed=args.seed,
            overwrite=args.overwrite,
        )
    )
    for warning in report.warnings:
        output.warn(warning)
    output.result(
        {"event": "done", **report.to_json()},
        f"{report.out}: {report.images} images, {len(report.train)} to train on and "
        f"{len(report.val)} to validate on",
    )
    return 0
