"""Fine-tuning: from samples and a parent to a network that is adopted only if it is better.

A generator: each step is yielded, `close()` cancels, and the result is returned. Nothing is
written here; `unet_gui.unet.rounds` does that.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import TrainingError
from unet_gui.unet.checkpoint import Checkpoint, class_list, describe
from unet_gui.unet.device import Device, pick
from unet_gui.unet.guide import Guide, best_share
from unet_gui.unet.instant.net import InstantNet
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.result import TrainResult, score_parent
from unet_gui.unet.resume import Run
from unet_gui.unet.samples import SampleSet, samples_from_project
from unet_gui.unet.scorer import Scorer
from unet_gui.unet.scoring import ScoreSet
from unet_gui.unet.starting import Start, start
from unet_gui.unet.trainer import Trainer, TrainProgress
from unet_gui.unet.weak_labels import WeakLabels
from unet_gui.unet.weights import of_encoder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.samples import Sample
    from unet_gui.unet.scoring import Score
    from unet_gui.unet.settings import TrainSettings

__all__ = ["TrainProgress", "TrainResult", "fine_tune", "samples_from_project"]


LOOKING_SHARE: Final = 0.35
"""At most this part of the budget goes into the instant learner's looking at images."""


def fine_tune(  # noqa: PLR0913 - what comes after the settings goes by name
    samples: Iterable[Sample],
    settings: TrainSettings,
    *,
    classes: ClassTable,
    parent: Checkpoint | None = None,
    rival: Checkpoint | None = None,
    device: Device | None = None,
    starter: Path | None = None,
    run: Run | None = None,
    cache: FeatureCache | None = None,
) -> Generator[TrainProgress, None, TrainResult]:
    """Train on the labelled pixels of `samples`.

    In a group of processes each calls this with the same arguments, and each gets the result.

    Args:
        samples: Images with masks; one with a few labelled pixels is enough.
        settings: How to train.
        classes: The classes to learn; those without a training pixel are not predicted later.
        parent: What to go on from.
        rival: What to compare with; the parent when None.
        device: Where; the best there is when None.
        starter: A checkpoint whose encoder is taken when there is nothing better.
        run: With whom to train, where to keep the state, and what to go on from.
        cache: Where features of images are kept for the instant learner.

    Yields:
        A TrainProgress for each step.

    Raises:
        TrainingError: nothing is labelled, the loss is no number any more, or the interrupted
            round does not fit.
        CheckpointError: encoder weights are missing or do not fit.
        DeviceMemoryError: memory is short even for a single small patch.
        UsageError: the settings make no sense.
    """
    settings.check()
    device = device or pick()
    run = run or Run()
    group = run.group
    sample_set = SampleSet(list(samples))
    for progress in sample_set.scan(classes.ids, group):
        yield _waiting(settings, f"{progress.text} {progress.done + 1} of {progress.total}")
    if not sample_set.training:
        raise TrainingError("Nothing is labelled yet.", "Paint a few strokes of each class first.")
    if group.size > 1:  # one fetches what has to be fetched
        group.once(lambda: start(settings, classes, device, parent, starter=starter).text)
    begin = start(settings, classes, device, parent, starter=starter)
    yield _waiting(settings, f"Going on from {begin.text}")
    score_set = ScoreSet(sample_set if group.leads else SampleSet([]))
    previous = group.once(
        lambda: score_parent(rival or parent or begin.parent, classes, score_set, device)
    )
    began = time.perf_counter()
    taught = yield from _taught(begin, settings, sample_set, classes, device, cache)
    weak = None if taught is None else _asked(taught.checkpoint, sample_set, device, cache)
    trainer = Trainer(begin, settings, sample_set, device, group, weak)
    if settings.budget is not None:  # looking and fitting are part of the time that was given
        trainer.seconds = min(time.perf_counter() - began, settings.budget / 2)
    if taught is not None:
        trainer.notes += taught.notes
    if run.interrupted is not None:
        trainer.restore(run.interrupted.state)
        yield trainer.progress()
    scorer = Scorer(trainer, score_set, settings)
    try:
        yield from trainer.run(
            scorer.if_due if group.leads else None, run.keeper if group.leads else None
        )
    finally:
        device.free_memory()
    trainer.finish()
    if taught is not None and weak is not None:
        trainer.net.accompany(_guide(trainer, taught, weak))
    score = group.once(scorer.now)
    yield trainer.progress(score)
    return _result(trainer, begin, classes, (score, previous))


def _taught(
    begin: Start,
    settings: TrainSettings,
    samples: SampleSet,
    classes: ClassTable,
    device: Device,
    cache: FeatureCache | None,
) -> Generator[TrainProgress, None, TrainResult | None]:
    """A round of the instant learner, the very one that a person gets who asks for nothing else.

    None where there is to be none: its features have to be the network's own, so the encoder must
    stay as it is.
    """
    if not settings.guided or begin.net.spec.decoder != "lite" or settings.train_encoder:
        return None
    weights = of_encoder(begin.net.vgg, begin.encoder_source, begin.normalisation)
    budget = None if settings.budget is None else LOOKING_SHARE * settings.budget
    skipped = dict(samples.skipped)
    learning = learn_instantly(
        samples,
        InstantSettings(weights, budget, settings.seed),
        classes=classes,
        before=guide_before(begin, weights.digest),
        device=device,
        cache=cache,
    )
    while True:
        try:
            progress = next(learning)
        except StopIteration as stop:
            result: TrainResult = stop.value
            break
        yield _waiting(settings, progress.text)
    late = len(samples.skipped) - len(skipped)
    samples.skipped = skipped  # the network looks at them
    note = f"The instant learner had no time to look at {late} of the labelled images."
    return replace(result, notes=(note,) if late else ())


def guide_before(begin: Start, encoder: str) -> Checkpoint | None:
    """What is beside the network that is gone on from, as a round of its own.

    Args:
        begin: How the round begins.
        encoder: Digest of the encoder, which has stayed as it is.
    """
    guide = None if begin.parent is None else begin.parent.net.guide
    if begin.parent is None or not isinstance(guide, Guide):
        return None
    info = {**guide.memory, "encoder": encoder, "classes": begin.parent.info.get("classes")}
    return Checkpoint(guide.instant, guide.instant.spec, info)


def _asked(
    checkpoint: Checkpoint, samples: SampleSet, device: Device, cache: FeatureCache | None
) -> WeakLabels:
    net = checkpoint.net
    assert isinstance(net, InstantNet)
    return WeakLabels(samples, net, device, cache, str(checkpoint.info["encoder"]))


def _guide(trainer: Trainer, taught: TrainResult, weak: WeakLabels) -> Guide:
    """What the network is averaged with from now on."""
    share = trainer.group.once(
        lambda: best_share(
            trainer.net,
            trainer.class_ids,
            trainer.samples,
            weak,
            trainer.device,
            trainer.normalisation,
        )
    )
    weak.instant.vgg = trainer.net.vgg
    return Guide(weak.instant, share, trainer.class_ids, taught.checkpoint.info)


def _waiting(settings: TrainSettings, text: str) -> TrainProgress:
    return TrainProgress(0, None, 0.0, settings.budget, float("nan"), text=text)


def _result(
    trainer: Trainer, begin: Start, classes: ClassTable, scores: tuple[Score, Score | None]
) -> TrainResult:
    score, previous = scores
    net = trainer.finished_net()
    adopted = score.better_than(previous)
    info = {
        "normalisation": begin.normalisation,
        "classes": class_list(classes),
        "trained": [i for i in trainer.class_ids if i in classes],
        "scores": score.to_info(),
        "previous_miou": None if previous is None else previous.miou,
        "parent": None,
        "adopted": adopted,
        "encoder": begin.encoder,
        "encoder_source": begin.encoder_source,
        "seconds": round(trainer.seconds, 2),
        "steps": trainer.step,
        "samples": len({cell.sample for cell in trainer.samples.training}),
        "labelled_pixels": sum(sum(c.counts.values()) for c in trainer.samples.training),
        "device": trainer.device.description,
        "curve": trainer.curve,
    }
    if net.guide is not None:
        info["guide"] = net.guide.to_info()
    skipped = trainer.samples.skipped
    notes = [f"“{name}” was left out: {why}" for name, why in skipped.items()]
    return TrainResult(
        Checkpoint(net, net.spec, describe(net.spec, info)),
        adopted,
        score,
        previous,
        trainer.step,
        trainer.seconds,
        (*notes, *trainer.notes),
    )
