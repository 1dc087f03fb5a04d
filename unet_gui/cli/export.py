"""`unet-gui export PROJECT --format F --out DIR`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.cli.choices import add_set_argument, explained, parse_set

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output
    from unet_gui.dataset.formats.verify import Verified


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from unet_gui.dataset.formats import FORMATS

    writable = [f for f in FORMATS.values() if f.write]
    known = "; ".join(f"{f.key}: {f.description}" for f in writable)
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument(
        "--format", choices=sorted(f.key for f in writable), required=True, help=known
    )
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
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read all of it again before it appears, and compare each pixel with the project",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="when stopped half way, keep what is written and go on from there the next time",
    )
    add_set_argument(parser, explained(writable, reading=False))


def run(args: argparse.Namespace, output: Output) -> int:
    """Write the dataset; say what was lost on the way."""
    from unet_gui.dataset.formats import export, losses
    from unet_gui.dataset.project import Project

    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    entries = project.images if args.all else None
    options = parse_set(args.set)
    lost = losses(project, args.format, entries=entries, options=options)
    for loss in lost:
        output.warn(loss)
    report = output.drain(
        export(
            project,
            args.format,
            args.out,
            entries=entries,
            val=args.val,
            seed=args.seed,
            options=options,
            overwrite=args.overwrite,
            resume=args.resume,
            verified=args.verify,
        )
    )
    for warning in report.warnings:
        if warning not in lost:
            output.warn(warning)
    output.result(
        {"event": "done", **report.to_json()},
        f"{report.out}: {report.images} images, {len(report.train)} to train on and "
        f"{len(report.val)} to validate on{_checked(report.verified)}",
    )
    return 0


def _checked(verified: Verified | None) -> str:
    if verified is None:
        return ""
    other = f", {verified.outside} by another program's library too" if verified.outside else ""
    return f"; {verified.images} masks read again and found equal{other}"
