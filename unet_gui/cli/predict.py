"""`unet-gui predict PROJECT|IMAGE… --out DIR [--checkpoint CKPT] [--probabilities] [--resume]`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from unet_gui.cli.together import run_together
from unet_gui.core.errors import CheckpointError, ImageReadError, MaskWriteError, UsageError
from unet_gui.core.progress import Progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Sequence
    from concurrent.futures import Executor

    from unet_gui.cli.output import Output
    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project
    from unet_gui.unet.checkpoint import Checkpoint
    from unet_gui.unet.device import Device
    from unet_gui.unet.distributed import Group
    from unet_gui.unet.predict import Prediction, Predictor


FEW = 8
"""Images of which features are kept for the next round."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        metavar="PROJECT|IMAGE",
        nargs="+",
        help="a project, a folder of images, or image files",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="CKPT",
        help="a round's folder, a .safetensors or a .pth; the project's adopted round without it",
    )
    parser.add_argument(
        "--out", metavar="DIR", required=True, help="folder for the masks; subfolders are kept"
    )
    parser.add_argument(
        "--probabilities",
        action="store_true",
        help="also write DIR/<stem>.npz: probabilities (class × height × width) and class_ids",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out images whose mask is in DIR already, whoever predicted it",
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, cuda:N, mps or cpu")


@dataclass(frozen=True, slots=True)
class _Item:
    image: ImageEntry
    out: PurePosixPath

    @property
    def name(self) -> str:
        return self.image.name


@dataclass(slots=True)
class _Part:
    """What one process has predicted."""

    masks: list[tuple[str, Path]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failed: int = 0


def run(args: argparse.Namespace, output: Output) -> int:
    """Predict every image; those that cannot be read are named and make it fail in the end.

    Under `torchrun` each process predicts its part of the images, and the first of them speaks.
    """

    def work(group: Group, device: Device, output: Output) -> int:
        return _run(args, output, group, device)

    return run_together(args.device, output, work, need="predicting")


def _run(args: argparse.Namespace, output: Output, group: Group, device: Device) -> int:
    from unet_gui.unet.predict import Predictor

    project, items = _items([Path(t) for t in args.targets])
    if project is not None and project.notice:
        output.warn(project.notice)
    if not items:
        raise UsageError(f"There are no images in {args.targets[0]}.")
    out = Path(args.out)
    _overwrites_nothing(out, items, project)
    checkpoint, source = _checkpoint(project, Path(args.checkpoint) if args.checkpoint else None)
    for note in checkpoint.notes:
        output.say(f"note: {note}")
    aside = ThreadPoolExecutor(1)
    if len(items) <= FEW:
        _keep_features(checkpoint, project, args.checkpoint, aside)
    predictor = Predictor(checkpoint, device)
    if project is not None:
        _keep_out_of_images(out, project)
    missing = group.once(lambda: _missing(items, out, args)) if args.resume else range(len(items))
    mine = [items[i] for i in group.share(missing)]
    classes = _classes(checkpoint, project)
    job = _predict_all(predictor, classes, mine, out, output, keep=args.probabilities)
    with aside:  # features are written while masks are made, and there when this ends
        parts = group.gather(output.drain(job))
    for part in parts[1:]:  # what the first has to say it said on the way
        for warning in part.warnings:
            output.warn(warning)
        for name, mask in part.masks:
            output.event("image", image=name, mask=mask)
    failed = sum(part.failed for part in parts)
    where = predictor.device.description
    output.result(
        {
            "event": "done",
            "images": len(missing) - failed,
            "failed": failed,
            "skipped": len(items) - len(missing),
            "out": args.out,
            "checkpoint": source,
            "device": where,
            "processes": group.size,
        },
        f"{len(missing) - failed} masks in {args.out}, predicted by {source} on "
        f"{f'{group.size} × ' if group.size > 1 else ''}{where}",
    )
    if failed:
        raise ImageReadError(f"{failed} of {len(missing)} images could not be predicted.")
    return 0


def _keep_features(
    checkpoint: Checkpoint, project: Project | None, named: str | None, aside: Executor
) -> None:
    """Keep what the instant learner sees of a few images: they are likely to be learnt from next.

    They are kept in the project that its round belongs to, which spares the next round to look.
    """
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.project_file import FILE_NAME
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.net import InstantNet

    encoder = str(checkpoint.info.get("encoder"))
    if not isinstance(checkpoint.net, InstantNet) or not encoder.startswith("sha256:"):
        return
    home = Path(named).absolute().parent.parent if named else None
    if project is None and home is not None and (home / FILE_NAME).is_file():
        project = Project.open(home)
    if project is not None:
        cache = FeatureCache(project.cache_dir / "features", aside=aside)
        checkpoint.net.keep_features(cache, encoder)


def _missing(items: Sequence[_Item], out: Path, args: argparse.Namespace) -> list[int]:
    """Places of the images that have no mask yet; masks appear whole or not at all."""

    def there(target: Path) -> bool:
        return target.is_file() and (not args.probabilities or target.with_suffix(".npz").is_file())

    return [i for i, item in enumerate(items) if not there(out / item.out)]


def _items(targets: Sequence[Path]) -> tuple[Project | None, list[_Item]]:
    folders = [t for t in targets if t.is_dir()]
    if not folders:
        missing = [t for t in targets if not t.is_file()]
        if missing:
            raise UsageError(f"There is no file or folder {missing[0]}.", "Check the path.")
        return None, _files(targets)
    if len(targets) > 1:
        raise UsageError("Give either one project or folder, or image files.")
    from unet_gui.dataset.project import Project

    project = Project.open(folders[0])
    return project, [
        _Item(e, PurePosixPath(e.mask_path.relative_to(project.masks_dir).as_posix()))
        for e in project.images
    ]


def _files(paths: Sequence[Path]) -> list[_Item]:
    from unet_gui.dataset.entries import ImageEntry

    items: list[_Item] = []
    taken: set[str] = set()
    for path in paths:
        # a second image of the same stem keeps its whole name, as in a project
        name = next(
            (n for n in (f"{path.stem}.png", f"{path.name}.png") if n.casefold() not in taken),
            None,
        )
        if name is None:
            raise UsageError(
                f"Two images are called {path.name}; their masks would be one file.",
                "Predict them into different folders.",
            )
        taken.add(name.casefold())
        items.append(_Item(ImageEntry(str(path), path, name), PurePosixPath(name)))
    return items


def _checkpoint(project: Project | None, named: Path | None) -> tuple[Checkpoint, str]:
    """The checkpoint asked for or the one that proposes, and what to call it.

    Raises:
        CheckpointError: there is none, or it does not fit.
    """
    from unet_gui.unet import checkpoint, rounds

    if named is not None:
        loaded = (
            checkpoint.load(named) if project is None else rounds.open_checkpoint(named, project)
        )
        return loaded, str(named)
    if project is None:
        starter = rounds.starter()
        if starter is None:
            raise CheckpointError("No checkpoint is given.", "Name one with --checkpoint CKPT.")
        return checkpoint.load(starter), "the bundled starter"
    found = rounds.proposing_checkpoint(project)
    if found is None:
        raise CheckpointError(
            f"{project.name} has no round in use, and {_why_no_starter(rounds.starter())}.",
            "Fine-tune one with: unet-gui train PROJECT, or name one with --checkpoint CKPT.",
        )
    return found


def _why_no_starter(starter: Path | None) -> str:
    if starter is None:
        return "there is no bundled starter"
    return "the bundled starter knows other classes"


def _classes(checkpoint: Checkpoint, project: Project | None) -> ClassTable:
    """Names and colours for the masks: the project's, else the checkpoint's, else made up."""
    from unet_gui.dataset.class_files import classes_from_ids, voc_classes

    if project is not None:
        return project.classes
    if checkpoint.classes is not None:
        return checkpoint.classes
    count = checkpoint.spec.num_classes
    return voc_classes() if count == len(voc_classes()) else classes_from_ids(range(count))


def _overwrites_nothing(out: Path, items: Sequence[_Item], project: Project | None) -> None:
    """Refuse a folder where predictions would replace corrections or the images themselves.

    Raises:
        UsageError: says which.
    """
    folder = out.resolve()
    if project is not None:
        if folder == project.masks_dir.resolve():
            raise UsageError(f"{out} holds the project's own masks.", "Give another folder.")
        return
    images = {item.image.path.resolve() for item in items}
    for item in items:
        if folder / item.out in images:
            raise UsageError(
                f"The mask would replace the image {folder / item.out}.", "Give another folder."
            )


def _keep_out_of_images(out: Path, project: Project) -> None:
    """Mark a folder of masks among the images, or the masks would be taken for images.

    Raises:
        UsageError: it holds images itself; they would be replaced or no longer be found.
        MaskWriteError: it cannot be written.
    """
    from unet_gui.dataset.discovery import OUTPUT_MARKER
    from unet_gui.dataset.files import explain, write_json

    folder = out.resolve()
    inside = folder.is_relative_to(project.images_dir.resolve())
    if not inside or folder.is_relative_to(project.masks_dir.resolve()):
        return
    if any(entry.path.resolve().is_relative_to(folder) for entry in project.images):
        raise UsageError(f"{out} holds images of the project.", "Give a folder for masks alone.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / OUTPUT_MARKER, {"program": "unet-gui"})
    except OSError as error:
        reason, hint = explain(error)
        raise MaskWriteError(f"{out} cannot be written: {reason}.", hint) from error


def _predict_all(
    predictor: Predictor,
    classes: ClassTable,
    items: Sequence[_Item],
    out: Path,
    output: Output,
    *,
    keep: bool,
) -> Generator[Progress, None, _Part]:
    """Predict and write; masks without a label where proposals would not help."""
    from unet_gui.dataset import pages
    from unet_gui.dataset.masks import save_mask

    part = _Part()

    def warn(text: str) -> None:
        part.warnings.append(text)
        output.warn(text)

    for index, item in enumerate(items):
        progress = Progress(index, len(items), item.name)
        yield progress
        try:
            image = pages.read(item.image)
        except ImageReadError as error:
            part.failed += 1
            warn(error.message)
            continue
        prediction = yield from _predict(predictor.predict(image, probabilities=keep), progress)
        target = out / item.out
        if keep:
            _save_probabilities(target.with_suffix(".npz"), prediction)
        if prediction.helps:
            save_mask(target, prediction.mask, classes)
        else:
            save_mask(target, _blank(prediction.mask), classes)
            warn(f"{item.name}: correcting a proposal would cost more than drawing, none is made.")
        if prediction.note and prediction.note not in part.warnings:
            warn(prediction.note)
        part.masks.append((item.name, target))
        output.event("image", image=item.name, mask=target)
    yield Progress(len(items), len(items))
    return part


def _blank(mask: ClassMask) -> ClassMask:
    import numpy as np

    from unet_gui.core.classes import UNLABELLED

    return np.full_like(mask, UNLABELLED)


def _predict(
    job: Generator[Progress, None, Prediction], progress: Progress
) -> Generator[Progress, None, Prediction]:
    """One image's prediction; its tiles do not move the bar, but can be interrupted."""
    try:
        while True:
            try:
                next(job)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            yield progress
    finally:
        job.close()


def _save_probabilities(path: Path, prediction: Prediction) -> None:
    import numpy as np

    from unet_gui.dataset.files import explain, write_atomic

    arrays = {
        "probabilities": np.asarray(prediction.probabilities),
        "class_ids": np.array(prediction.class_ids, np.uint8),
    }
    try:
        write_atomic(path, lambda stream: np.savez_compressed(stream, **arrays))  # type: ignore[arg-type]
    except OSError as error:
        reason, hint = explain(error)
        raise MaskWriteError(f"{path} cannot be written: {reason}.", hint) from error
