"""`unet-gui export PROJECT --format F --out DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.cli.choices import add_format_list, add_set_argument, parse_set
from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output
    from unet_gui.dataset.class_choice import ClassChoice
    from unet_gui.dataset.formats import ExportReport, Selection
    from unet_gui.dataset.formats.verify import Verified
    from unet_gui.dataset.splits import Split


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from unet_gui.dataset.formats import FORMATS

    writable = [f for f in FORMATS.values() if f.write]
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument(
        "--format",
        choices=sorted(f.key for f in writable),
        metavar="FORMAT",
        required=True,
        help="what to write, one of those below",
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="folder to write; new or empty")
    _add_split(parser)
    _add_selection(parser)
    _add_card(parser)
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
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="how many processes may write a large export (default: one for each processor)",
    )
    add_set_argument(parser)
    add_format_list(parser, writable, reading=False)


def _add_split(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("split")
    group.add_argument(
        "--val",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of the images for validation, 0 to below 1 (default: %(default)s)",
    )
    group.add_argument(
        "--test",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of the images for the test (default: %(default)s)",
    )
    group.add_argument(
        "--seed", type=int, default=0, help="which images those are (default: %(default)s)"
    )
    group.add_argument(
        "--group",
        metavar="REGEX",
        help="images of which this finds the same in the name stay together, such as "
        "“^(specimen[0-9]+)_”; the word folder keeps those of one folder together",
    )
    group.add_argument(
        "--lists",
        nargs="+",
        default=[],
        metavar="FILE",
        help="train.txt, val.txt and test.txt with an image a line, instead of shares",
    )


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is exported")
    group.add_argument(
        "--only",
        choices=("done", "labelled", "all"),
        help="images marked as done, with a labelled pixel, or all (default: done, or labelled "
        "while none is marked)",
    )
    group.add_argument("--all", action="store_true", help="the same as --only all")
    group.add_argument(
        "--crops", metavar="SIZE", help="cut images into crops of this size: 512 or 640x480"
    )
    group.add_argument(
        "--overlap",
        type=int,
        default=0,
        metavar="PIXELS",
        help="pixels that neighbouring crops share (default: %(default)s)",
    )
    group.add_argument(
        "--classes",
        metavar="NAMES",
        help="export these only, such as “crop,weed”; pixels of others become unlabelled",
    )
    group.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="give the pixels of a class to another one, to a new name, or to unlabelled; “*” "
        "stands for all classes not named otherwise; may come several times",
    )
    group.add_argument(
        "--renumber", action="store_true", help="count class ids anew from 0, in their order"
    )


def _add_card(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("card")
    group.add_argument("--license", default="", metavar="TEXT", help="licence of the dataset")
    group.add_argument(
        "--source", default="", metavar="TEXT", help="where the images are from, whom to cite"
    )
    group.add_argument("--title", default="", metavar="TEXT", help="name of the dataset")
    group.add_argument(
        "--no-card",
        action="store_true",
        help="no README.md, dataset_card.json and sha256sums.txt",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Write the dataset; say what was lost on the way."""
    from unet_gui.dataset.formats import Card, export, losses
    from unet_gui.dataset.project import Project

    if args.workers is not None and args.workers < 1:
        raise UsageError(f"--workers {args.workers}: at least one process must write.")
    selection, split, options = _selection(args), _split(args), parse_set(args.set)
    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    lost = losses(project, args.format, selection=selection, options=options)
    for loss in lost:
        output.warn(loss)
    report = output.drain(
        export(
            project,
            args.format,
            args.out,
            split=split,
            selection=selection,
            card=None if args.no_card else Card(args.license, args.source, args.title),
            options=options,
            overwrite=args.overwrite,
            resume=args.resume,
            verified=args.verify,
            workers=args.workers,
        )
    )
    for warning in report.warnings:
        if warning not in lost:
            output.warn(warning)
    output.result({"event": "done", **report.to_json()}, _summary(report))
    return 0


def _split(args: argparse.Namespace) -> Split:
    from unet_gui.dataset.splits import Split

    lists = tuple(Path(f) for f in args.lists)
    return Split(val=args.val, test=args.test, seed=args.seed, group=args.group, lists=lists)


def _selection(args: argparse.Namespace) -> Selection:
    from unet_gui.dataset.crops import Crops
    from unet_gui.dataset.formats import Only, Selection

    if args.all and args.only not in {None, "all"}:
        raise UsageError(f"--all and --only {args.only} contradict each other.")
    if args.overlap and not args.crops:
        raise UsageError("--overlap is for crops.", "Say their size: --crops 512.")
    only = Only.ALL if args.all else Only(args.only or Only.FINISHED)
    crops = Crops.parse(args.crops, args.overlap) if args.crops else None
    return Selection(only, crops, _classes(args))


def _classes(args: argparse.Namespace) -> ClassChoice:
    from unet_gui.dataset.class_choice import ClassChoice

    mapping = []
    for item in args.map:
        old, equals, new = item.partition("=")
        if not equals or not old.strip():
            raise UsageError(f"“{item}” is no mapping.", "Write --map old=new.")
        mapping.append((old.strip(), new.strip()))
    keep = tuple(n.strip() for n in (args.classes or "").split(",") if n.strip())
    return ClassChoice(keep, tuple(mapping), args.renumber)


def _summary(report: ExportReport) -> str:
    test = f", {len(report.test)} to test with" if report.test else ""
    joined = "," if report.test else " and"
    return (
        f"{report.out}: {report.images} images, {len(report.train)} to train on{joined} "
        f"{len(report.val)} to validate on{test}{_checked(report.verified)}"
    )


def _checked(verified: Verified | None) -> str:
    if verified is None:
        return ""
    other = f", {verified.outside} by another program's library too" if verified.outside else ""
    return f"; {verified.images} masks read again and found equal{other}"
