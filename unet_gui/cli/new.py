"""`unet-gui new PROJECT --images DIR --classes "a,b,c" [--masks DIR]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.errors import ProjectError

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="folder of the new project")
    parser.add_argument(
        "--images", metavar="DIR", required=True, help="folder of the images; they are not copied"
    )
    parser.add_argument(
        "--classes",
        metavar='"A,B,C"',
        required=True,
        help="names in the order of their ids 0, 1, 2 …; a colour may follow: soil:#aabbcc",
    )
    parser.add_argument(
        "--masks",
        metavar="DIR",
        help="masks to copy in, named like the images, pixel value = class id, 255 = unlabelled",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Make the project; say what is in it and what could not be imported."""
    from unet_gui.dataset.class_files import parse_classes
    from unet_gui.dataset.project import Project

    if args.masks and not Path(args.masks).is_dir():  # before anything is made
        raise ProjectError(f"There is no folder of masks {args.masks}.", "Check the path.")
    project = Project.create(
        Path(args.project), images=Path(args.images), classes=parse_classes(args.classes)
    )
    report = output.drain(project.import_masks(args.masks)) if args.masks else None
    warnings = [*([project.notice] if project.notice else []), *(report.warnings if report else [])]
    for warning in warnings:
        output.warn(warning)
    imported = len(report.imported) if report else 0
    names = ", ".join(c.name for c in project.classes)
    text = f"{project.root}: {len(project.images)} images, classes {names}"
    output.result(
        {
            "event": "done",
            "project": project.root,
            "images": len(project.images),
            "masks": imported,
            "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in project.classes],
            "warnings": warnings,
        },
        text + (f", {imported} masks imported" if args.masks else ""),
    )
    if not project.images:
        output.say(f"No images are in {args.images} yet; those that appear there belong to it.")
    return 0
