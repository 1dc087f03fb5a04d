"""`unet-gui queue PROJECT [--predict] [--most N]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from unet_gui.cli.output import Output
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.project import Project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a project or folder of images")
    parser.add_argument(
        "--predict", action="store_true", help="predict first what nothing is proposed for yet"
    )
    parser.add_argument("--most", type=int, metavar="N", help="list only the first N")
    parser.add_argument("--device", default="auto", help="auto, cuda, cuda:N, mps or cpu")


def run(args: argparse.Namespace, output: Output) -> int:
    """List the images that are not done, those first whose correction teaches most."""
    from unet_gui.core.progress import drain
    from unet_gui.dataset.project import Project
    from unet_gui.unet.image_order import by_gain

    if args.most is not None and args.most < 1:
        raise UsageError("--most is at least 1.")
    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    if args.predict:
        output.drain(_predicted(project, args.device))
    doubts: dict[str, float] = {}
    names = drain(by_gain(project, doubts=doubts))
    waiting = [name for name in names if not project.is_done(project.entry(name))]
    width = max((len(name) for name in waiting), default=0)
    for name in waiting[: args.most]:
        doubt = doubts.get(name)
        share = "" if doubt is None else f"{100 * doubt:5.1f} % likely wrong"
        output.result(
            {"event": "image", "image": name, "likely_wrong": doubt},
            f"{name:<{width}}  {share}".rstrip(),
        )
    output.result({"event": "done", "images": len(names), "waiting": len(waiting)})
    return 0


def _predicted(project: Project, device: str) -> Generator[Progress, None, None]:
    """Predictions by the round in use for images that are not done, kept for the window too."""
    from unet_gui.core.errors import CheckpointError, ImageReadError
    from unet_gui.core.progress import Progress, drain
    from unet_gui.dataset import pages
    from unet_gui.unet.device import pick
    from unet_gui.unet.predict import Predictor
    from unet_gui.unet.rounds import proposing_checkpoint

    found = proposing_checkpoint(project)
    if found is None:
        raise CheckpointError(
            "Nothing proposes in this project yet.", "Fine-tune first: unet-gui train PROJECT."
        )
    checkpoint, name = found
    predictor = Predictor(checkpoint, pick(device))
    entries = [e for e in project.images if not project.is_done(e)]
    for done, entry in enumerate(entries):
        yield Progress(done, len(entries), "Predicting")
        if project.load_prediction(entry, round_name=name) is not None:
            continue
        try:
            image = pages.read(entry)
        except ImageReadError:
            continue  # it is in the list all the same, and said when it is opened
        made = drain(predictor.predict(image))
        project.save_prediction(entry, made.mask, made.confidence, round_name=name)
