"""`unet-gui train PROJECT [--budget 60s | --epochs N] …`."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_gui.cli.together import run_together
from unet_gui.core.errors import UsageError
from unet_gui.core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.cli.output import Output
    from unet_gui.cli.quick_torch import Need
    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.project import Project
    from unet_gui.unet.device import Device
    from unet_gui.unet.distributed import Group
    from unet_gui.unet.resume import Interrupted
    from unet_gui.unet.rounds import FinishedRound
    from unet_gui.unet.settings import TrainSettings
    from unet_gui.unet.trainer import TrainProgress

PROGRESS_SECONDS = 0.5
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a project or labelled folder")
    parser.add_argument(
        "--learner", choices=("unet", "instant"), default="unet", help="what learns (default: unet)"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--budget", type=seconds, metavar="TIME", help="how long to train: 60s, 5m, 1h"
    )
    length.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the labelled area instead of a time"
    )
    parser.add_argument(
        "--preset",
        choices=("quick", "thorough", "tutorial"),
        help="quick: a minute (default); thorough: ten; tutorial: the recipe of the VGG16 U-Net "
        "tutorials",
    )
    parser.add_argument(
        "--decoder",
        choices=("auto", "tutorial", "lite"),
        help="tutorial: exchanges weights with .pth files; lite: what a CPU can train; "
        "auto: lite on a CPU, tutorial on a GPU (default)",
    )
    parser.add_argument(
        "--width", type=float, metavar="W", help="channels relative to VGG16's: 1.0, 0.5, 0.25"
    )
    parser.add_argument(
        "--from",
        dest="parent",
        metavar="CKPT",
        help="go on from this checkpoint instead of the latest round",
    )
    parser.add_argument(
        "--encoder-weights",
        metavar="FILE|imagenet|none",
        help="weights of torchvision's vgg16 to start from; imagenet: downloads 553 MB once, from "
        "download.pytorch.org; none: random",
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, cuda:N, mps or cpu")
    parser.add_argument("--seed", type=int, metavar="N", help="of everything random (default: 0)")
    parser.add_argument(
        "--batch",
        type=int,
        metavar="N",
        help="patches a step, over all processes together; at least one for each",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the round that was interrupted, with its options; else begin one",
    )
    parser.add_argument(
        "--save-every",
        type=seconds,
        metavar="TIME",
        help="how often to keep what --resume goes on from (default: 60s)",
    )


def seconds(text: str) -> float:
    """A time such as 60s, 5m, 1.5h or a plain number of seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|)", text.strip().lower())
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"“{text}” is no time; write 60s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def run(args: argparse.Namespace, output: Output) -> int:
    """Train a round; it is in the project's folder of models when this returns 0.

    Under `torchrun` the processes train it together, and the first of them speaks.
    """

    def work(group: Group, device: Device, output: Output) -> int:
        _train(args, output, group, device)
        return 0

    need: Need = "learning" if args.learner == "instant" else "all"
    return run_together(args.device, output, work, need=need)


def _train(args: argparse.Namespace, output: Output, group: Group, device: Device) -> None:
    from unet_gui.dataset.project import Project

    project = Project.open(args.project)
    if project.notice:
        output.warn(project.notice)
    if args.encoder_weights == "imagenet":
        group.once(lambda: _fetch_imagenet(output))
    unet = args.learner == "unet"
    job = (_job if unet else _instant_job)(args, project, (group, device), output)
    reporter = _Reporter(output)
    try:
        while True:
            reporter.show(next(job))
    except StopIteration as stop:
        finished: FinishedRound = stop.value
    finally:
        job.close()
    _tell(output, finished, project.classes)


def _fetch_imagenet(output: Output) -> None:
    """Asking for these weights by name is consent to their download."""
    from unet_gui.unet import fetching
    from unet_gui.unet.weights import fetch_imagenet, imagenet_path

    path, what = imagenet_path(), fetching.IMAGENET
    if not path.is_file():
        output.say(f"Downloading {what.url} ({what.nbytes / 1e6:.0f} MB) to {path}")
        output.drain(fetch_imagenet())


def _job(
    args: argparse.Namespace, project: Project, where: tuple[Group, Device], output: Output
) -> Generator[TrainProgress, None, FinishedRound]:
    from unet_gui.unet.resume import EVERY_SECONDS, Keeper, Run
    from unet_gui.unet.rounds import train_round

    group, device = where
    settings = _settings(args)
    parent = Path(args.parent) if args.parent else None
    keeper = Keeper(project.models_dir, every=args.save_every or EVERY_SECONDS)
    interrupted = keeper.load() if args.resume else None
    if interrupted is not None:
        _require_same(args, settings, interrupted)
        settings = interrupted.settings
        output.say(f"Going on after step {interrupted.state['about']['step']}")
    elif args.resume:
        output.say("No round was interrupted: beginning a new one")
    _announce(output, settings, device, group)
    run = Run(group, keeper, interrupted)
    return train_round(project, settings, device=device, parent=parent, run=run)


def _require_same(
    args: argparse.Namespace, settings: TrainSettings, interrupted: Interrupted
) -> None:
    """Refuse options that are not those of the interrupted round; those not given are its own."""
    from unet_gui.unet.resume import plain_settings

    asked, begun = plain_settings(settings), plain_settings(interrupted.settings)
    for key in asked if args.preset else _given(args):
        if asked[key] != begun[key] and (key, asked[key]) != ("decoder", "auto"):
            raise UsageError(
                f"The interrupted round was begun with another {key.replace('_', ' ')}: "
                f"{begun[key]}, not {asked[key]}.",
                "Give --resume alone to go on with it, or leave --resume out to begin a new one.",
            )
    if args.parent and str(Path(args.parent).absolute()) != interrupted.origin:
        raise UsageError(
            f"The interrupted round goes on from {interrupted.origin or 'no checkpoint'}.",
            "Leave --from out to go on with it, or --resume to begin a new one.",
        )


def _instant_job(
    args: argparse.Namespace, project: Project, where: tuple[Group, Device], output: Output
) -> Generator[TrainProgress, None, FinishedRound]:
    from unet_gui.unet.instant_round import InstantSettings
    from unet_gui.unet.rounds import train_instant_round

    group, device = where
    if group.size > 1:
        raise UsageError("The instant learner works in one process.", "Start it without torchrun.")
    for option in ("epochs", "decoder", "width", "parent", "batch", "resume"):
        if getattr(args, option):
            name = "from" if option == "parent" else option
            raise UsageError(f"--{name} means nothing to the instant learner.", "Leave it out.")
    seed = args.seed or 0
    instant = InstantSettings(args.encoder_weights, args.budget, seed)
    output.event("start", device=device.description, budget=args.budget, epochs=None, seed=seed)
    output.say(f"The instant learner looks at what is labelled, on {device.description}")
    return train_instant_round(project, instant, device=device)


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that were asked for."""
    names = ("budget", "epochs", "decoder", "width", "encoder_weights", "seed", "batch")
    return {n: getattr(args, n) for n in names if getattr(args, n) is not None}


def _settings(args: argparse.Namespace) -> TrainSettings:
    from unet_gui.unet.settings import preset

    return preset(args.preset or "quick", **_given(args))


def _announce(output: Output, settings: TrainSettings, device: Device, group: Group) -> None:
    output.event(
        "start",
        device=device.description,
        processes=group.size,
        budget=settings.budget,
        epochs=settings.epochs,
        seed=settings.seed,
    )
    length = f"{settings.budget:g} s" if settings.budget else f"{settings.epochs} epochs"
    many = f"{group.size} × " if group.size > 1 else ""
    output.say(f"Fine-tuning for {length} on {many}{device.description}")


class _Reporter:
    """Turns progress into JSON lines or a bar, twice a second at most; scores always."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._next = 0.0

    def show(self, progress: TrainProgress) -> None:
        if progress.score is not None and progress.score.pixels:
            self._output.event(
                "score",
                step=progress.step,
                seconds=progress.seconds,
                miou=progress.score.miou,
                iou=progress.score.iou,
                loss=progress.loss,
            )
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_SECONDS
        if self._output.json:
            self._output.event(
                "progress",
                step=progress.step,
                steps=progress.steps,
                seconds=progress.seconds,
                budget=progress.budget,
                loss=progress.loss,
                text=progress.text,
            )
        else:
            self._output.progress(_bar(progress))


def _bar(progress: TrainProgress) -> Progress:
    text = progress.text if not progress.step else f"{progress.text}, loss {progress.loss:.3f}"
    if progress.budget is not None:
        done = min(progress.seconds, progress.budget)
        return Progress(int(done), max(1, int(progress.budget)), text)
    return Progress(progress.step, progress.steps or 0, text)


def _tell(output: Output, finished: FinishedRound, classes: ClassTable) -> None:
    result = finished.result
    for note in result.notes:
        output.warn(note)
    previous = None if result.previous is None else result.previous.miou
    output.result(
        {
            "event": "done",
            "round": finished.name,
            "path": finished.path,
            "adopted": result.adopted,
            "miou": result.score.miou,
            "previous_miou": previous,
            "iou": result.score.iou,
            "seconds": result.seconds,
            "steps": result.steps,
        },
        _words(finished, classes),
    )


def _words(finished: FinishedRound, classes: ClassTable) -> str:
    result = finished.result
    lines = [f"{finished.path}: {result.steps} steps in {result.seconds:.0f} s"]
    if result.score.pixels:
        lines += [
            f"  {classes[i].name:<20} IoU {iou:.3f}"
            for i, iou in result.score.iou.items()
            if i in classes
        ]
        lines.append(f"  {'mean':<20} IoU {result.score.miou:.3f} on held-back corrections")
    else:
        lines.append("  too few corrections to hold some back: no score yet")
    previous = "" if result.previous is None else f" (before: {result.previous.miou:.3f})"
    taken = "adopted" if result.adopted else "not better, so the round before stays in use"
    return "\n".join([*lines, f"  {taken}{previous}"])
