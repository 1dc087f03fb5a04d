"""Rounds of a project: which checkpoint proposes, what the next round starts from, writing one."""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.errors import CheckpointError, TrainingError, UnetGuiError
from unet_gui.dataset.bundled import starter_checkpoint, starter_classes
from unet_gui.dataset.files import explain
from unet_gui.unet.checkpoint import Checkpoint, class_list, load, require_classes, save
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.proposers import STARTER, proposing_name, usable_rounds
from unet_gui.unet.resume import Run
from unet_gui.unet.samples import samples_from_project
from unet_gui.unet.train import fine_tune

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.rounds import Round
    from unet_gui.unet.device import Device
    from unet_gui.unet.result import TrainResult
    from unet_gui.unet.resume import Interrupted
    from unet_gui.unet.settings import TrainSettings
    from unet_gui.unet.trainer import TrainProgress

ABANDONED_SECONDS: Final = 600
MEASURED_IMAGES: Final = 4


@dataclass(frozen=True, slots=True)
class FinishedRound:
    """A round that was written into the project."""

    name: str
    path: Path
    result: TrainResult


def proposing_checkpoint(project: Project) -> tuple[Checkpoint, str] | None:
    """What proposes in this project, see `proposers.proposing_name`.

    Returns:
        The checkpoint, which predicts nothing but the project's classes, and the round's name
        ("starter" for the starter); None when there is nothing that fits.

    Raises:
        CheckpointError: the round is missing, damaged, or made elsewhere for other classes.
    """
    bundled = starter()
    name = proposing_name(project, starter_classes(bundled) if bundled is not None else {})
    if name is None:
        return None
    if name == STARTER and bundled is not None:
        return load(bundled), name
    return own_checkpoint(_adopted_round(project, name).path, project), name


def _adopted_round(project: Project, name: str) -> Round:
    for found in project.rounds():
        if found.name == name:
            return found
    raise CheckpointError(
        f"The round “{name}” that is in use is missing from {project.models_dir}.",
        "Choose another round in the learner panel.",
    )


def latest_round(project: Project) -> Round | None:
    """What the next round goes on from: the latest one; None where it begins anew.

    One that lost against the round in use has still learnt from more: held-back pixels are few,
    and what it was taught would be lost. But where a round that won is not in use any more, the
    person went back, to an earlier one or to the start, and the next one goes on from there.
    """
    rounds = usable_rounds(project)
    adopted = project.adopted
    used = next((i for i, r in enumerate(rounds) if r.name == adopted), -1)
    later = rounds[used + 1 :]
    if (used >= 0 or adopted is None) and any(r.info.get("adopted") is True for r in later):
        return rounds[used] if used >= 0 else None
    return rounds[-1] if rounds else None


def own_checkpoint(path: Path, project: Project, *, strict: bool = True) -> Checkpoint:
    """A round in the project's folder.

    In a round made in this project ids mean the same class however it is called now. One that was
    copied from another project, or does not say where it was made, is trusted by names only.

    Args:
        path: The round's folder.
        project: The project it is used in.
        strict: Refuse one for other classes; else it comes with its own.

    Raises:
        CheckpointError: it is damaged or for other classes.
    """
    classes = project.classes
    checkpoint = load(path)
    home = checkpoint.info.get("project")
    if home is None or home != project.id:
        if not strict:
            return checkpoint
        require_classes(checkpoint, classes, path)
    table = checkpoint.classes
    kept = [c for c in classes if table is None or c.id in table]
    checkpoint.info["classes"] = class_list(type(classes)(kept))
    return checkpoint


def starter() -> Path | None:
    """The bundled starter's folder; None in an installation without one."""
    try:
        return starter_checkpoint()
    except UnetGuiError:
        return None


def open_checkpoint(path: Path, project: Project, *, strict: bool = True) -> Checkpoint:
    """A checkpoint that was named explicitly.

    A bare `.pth` is measured on the project's labelled images.

    Args:
        path: A round's folder, a `.safetensors` or a `.pth`.
        project: The project it is used in.
        strict: Refuse one for other classes. What that means for the project's rounds is told at
            `own_checkpoint`; elsewhere names count.

    Raises:
        CheckpointError: it is missing, damaged, for another network or for other classes.
    """
    if project.models_dir.resolve() in path.resolve().parents:
        return own_checkpoint(path, project, strict=strict)
    return load(path, classes=project.classes if strict else None, labelled=_labelled(project))


def _labelled(project: Project) -> Iterator[tuple[RgbImage, ClassMask]]:
    for _, sample in zip(range(MEASURED_IMAGES), samples_from_project(project), strict=False):
        yield sample.read()


def train_round(
    project: Project,
    settings: TrainSettings,
    *,
    device: Device | None = None,
    parent: Path | None = None,
    run: Run | None = None,
) -> Generator[TrainProgress, None, FinishedRound]:
    """Fine-tune on everything labelled in a project and write the round.

    Closing the generator leaves the project as it was: a round appears whole or not at all. In a
    group of processes one of them writes it.

    Args:
        project: The project.
        settings: How to train.
        device: Where; the best there is when None.
        parent: Checkpoint to go on from instead of the latest round.
        run: With whom to train and where to keep the state. An interrupted round in it goes on:
            its settings and its parent take the place of those given.

    Raises:
        TrainingError: nothing is labelled, training broke down, or the round cannot be written.
        ProjectError: project.json cannot be written.
        CheckpointError: the parent or encoder weights do not fit.
        DeviceMemoryError: out of memory.
    """
    run = run or Run()
    classes = project.classes
    if run.interrupted is not None:
        settings, parent = run.interrupted.settings, None
    origin, path = _origin(project, parent, run.interrupted)
    rival = _rival(project, path)
    if parent is not None and origin is not None and settings.decoder == "auto":
        decoder = origin.spec.decoder
        settings = replace(settings, decoder="auto" if decoder == "instant" else decoder)
    if run.keeper is not None:
        run.keeper.settings, run.keeper.origin = settings, str(path.absolute()) if path else None
    result = yield from fine_tune(
        samples_from_project(project, run.group),
        settings,
        classes=classes,
        parent=origin,
        rival=rival,
        device=device,
        starter=starter(),
        run=run,
        cache=FeatureCache(project.cache_dir / "features"),
    )
    finished: list[FinishedRound] = []

    def finish() -> tuple[str, Path]:
        finished.append(_finish(project, result, path.name if path else None))
        if run.keeper is not None:
            run.keeper.forget()
        return finished[0].name, finished[0].path

    name, written = run.group.once(finish)
    return finished[0] if finished else FinishedRound(name, written, result)


def train_instant_round(
    project: Project, settings: InstantSettings, *, device: Device | None = None
) -> Generator[TrainProgress, None, FinishedRound]:
    """Fit the instant learner to everything labelled in a project and write the round.

    It is adopted where it is better than the round in use, of whatever learner.

    Raises:
        TrainingError: nothing is labelled, or the round cannot be written.
        ProjectError: project.json cannot be written.
        CheckpointError: the encoder weights do not fit, or the round in use is damaged.
    """
    adopted = project.adopted
    rival = None
    if adopted is not None:
        rival = own_checkpoint(_adopted_round(project, adopted).path, project)
    result = yield from learn_instantly(
        samples_from_project(project),
        settings,
        classes=project.classes,
        parent=rival,
        before=_instant_before(project, adopted, rival),
        device=device,
        starter=starter(),
        cache=FeatureCache(project.cache_dir / "features"),
    )
    return _finish(project, result, adopted)


def _instant_before(
    project: Project, adopted: str | None, rival: Checkpoint | None
) -> Checkpoint | None:
    """The latest round of the instant learner, whether it was adopted or not."""
    rounds = [r for r in project.rounds() if r.info.get("learner") == "instant"]
    if not rounds:
        return None
    if rounds[-1].name == adopted:
        return rival
    return own_checkpoint(rounds[-1].path, project, strict=False)


def _finish(project: Project, result: TrainResult, parent: str | None) -> FinishedRound:
    info = {**result.checkpoint.info, "parent": parent, "project": project.identify()}
    written = write_round(project, result.checkpoint, info)
    if result.adopted:
        project.adopt(written.name)
    return FinishedRound(written.name, written, result)


def _rival(project: Project, origin: Path | None) -> Checkpoint | None:
    """The round in use, of whatever learner, where it is not what is gone on from."""
    used = next((r for r in project.rounds() if r.name == project.adopted), None)
    if used is None or (origin is not None and used.path.resolve() == origin.resolve()):
        return None
    return own_checkpoint(used.path, project, strict=False)


def _origin(
    project: Project, parent: Path | None, interrupted: Interrupted | None
) -> tuple[Checkpoint | None, Path | None]:
    """What to go on from, and where it is."""
    if interrupted is not None:
        parent = Path(interrupted.origin) if interrupted.origin else None
        if parent is None:
            return None, None
    if parent is not None:
        return open_checkpoint(parent, project, strict=False), parent
    latest = latest_round(project)
    if latest is None:
        return None, None
    return own_checkpoint(latest.path, project, strict=False), latest.path


def write_round(project: Project, checkpoint: Checkpoint, info: dict[str, Any]) -> Path:
    """Write a new round folder: under another name first, then renamed.

    Returns:
        `models/round-NNN`.

    Raises:
        TrainingError: full disk, read-only folder, …; nothing of it is left.
    """
    models = project.models_dir
    partial = models / f".{project.next_round_name()}.{secrets.token_hex(4)}.partial"
    try:
        _clear_abandoned(models)
        partial.mkdir(parents=True)
        save(partial, checkpoint.net, info)
        # named only now: another process may have finished a round in the meantime
        target = models / _free_name(project, partial)
        partial.rename(target)
    except OSError as error:
        reason, hint = explain(error)
        raise TrainingError(f"The round cannot be written to {models}: {reason}.", hint) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _free_name(project: Project, partial: Path) -> str:
    wanted = partial.name.split(".")[1]
    taken = {r.name for r in project.rounds()}
    return project.next_round_name() if wanted in taken else wanted


def _clear_abandoned(models: Path) -> None:
    """Remove what a killed process left half-written."""
    for leftover in models.glob(".round-*.partial"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
