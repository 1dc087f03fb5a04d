"""`unet-gui import SRC --into PROJECT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.cli.choices import add_format_list, add_set_argument, parse_set

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from unet_gui.dataset.formats import AUTO, FORMATS
    from unet_gui.dataset.formats.placing import COPY, REFER

    readable = [f for f in FORMATS.values() if f.read]
    parser.add_argument("src", metavar="SRC", help="the dataset's folder, or its file")
    parser.add_argument(
        "--into",
        metavar="PROJECT",
        required=True,
        help="a project, or a folder to make one in",
    )
    parser.add_argument(
        "--format",
        choices=[AUTO, *sorted(f.key for f in readable)],
        default=AUTO,
        metavar="FORMAT",
        help="what it is, one of those below (default: %(default)s, which looks)",
    )
    parser.add_argument(
        "--images",
        choices=[COPY, REFER],
        default=COPY,
        help="copy the images into the project, or refer to them where they are "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace masks that the project has already"
    )
    add_set_argument(parser)
    add_format_list(parser, readable, reading=True)


def run(args: argparse.Namespace, output: Output) -> int:
    """Import; say what was lost or changed."""
    from unet_gui.dataset.formats import import_dataset

    report = output.drain(
        import_dataset(
            args.src,
            args.into,
            format=args.format,
            options=parse_set(args.set),
            images=args.images,
            overwrite=args.overwrite,
        )
    )
    for sentence in report.sentences:
        output.warn(sentence)
    added = f", classes added: {', '.join(report.added)}" if report.added else ""
    output.result(
        {"event": "done", **report.to_json()},
        f"{report.root}: {report.images} images and {report.masks} masks from {report.format}"
        f"{added}",
    )
    return 0
