"""A round of the instant learner: like `unet_gui.unet.train`, in seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import TrainingError
from unet_gui.unet.checkpoint import Checkpoint, class_list, describe
from unet_gui.unet.device import Device, pick
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.learner import THOROUGH, fit, new_net
from unet_gui.unet.instant.memory import lesson
from unet_gui.unet.instant.tiles import painted_pixels
from unet_gui.unet.samples import SampleSet
from unet_gui.unet.scoring import Score, ScoreSet
from unet_gui.unet.starting import RANDOM, encoder_at_hand
from unet_gui.unet.train import TrainResult, score_parent
from unet_gui.unet.trainer import TrainProgress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.instant.net import InstantNet
    from unet_gui.unet.samples import Sample
    from unet_gui.unet.weights import EncoderWeights


@dataclass(frozen=True, slots=True)
class InstantSettings:
    """What decides how a round of the instant learner is made.

    Attributes:
        encoder_weights: File, "imagenet" or "none"; None takes the best on this computer.
        budget: Seconds that looking at images may take; what is not seen by then is left out.
        seed: Of everything random.
    """

    encoder_weights: str | Path | None = None
    budget: float | None = None
    seed: int = 0


def learn_instantly(
    samples: Iterable[Sample],
    settings: InstantSettings,
    *,
    classes: ClassTable,
    parent: Checkpoint | None = None,
    device: Device | None = None,
    starter: Path | None = None,
) -> Generator[TrainProgress, None, TrainResult]:
    """Fit the instant learner to the labelled pixels of `samples`.

    Args:
        samples: Images with masks; one with a few labelled pixels is enough.
        settings: How to learn.
        classes: The classes to learn; those without a pixel are not predicted later.
        parent: What to compare with.
        device: Where the encoder runs; the best there is when None.
        starter: A checkpoint whose encoder is taken when there is nothing better.

    Yields:
        A TrainProgress now and then.

    Raises:
        TrainingError: nothing is labelled.
        CheckpointError: encoder weights are missing or do not fit.
    """
    began = time.perf_counter()
    device = device or pick()
    sample_set = SampleSet(list(samples))
    for progress in sample_set.scan(classes.ids):
        yield _waiting(settings, f"{progress.text} {progress.done + 1} of {progress.total}")
    if not sample_set.training:
        raise TrainingError("Nothing is labelled yet.", "Paint a few strokes of each class first.")
    weights = encoder_at_hand(settings.encoder_weights, starter)
    net = new_net(weights, classes.num_outputs, seed=settings.seed)
    painted = yield from _look(net, sample_set, device, settings, began)
    fitting = fit(net, lesson(painted, seed=settings.seed), THOROUGH)
    steps = 0
    for progress in fitting:
        steps = progress.total
        yield TrainProgress(
            progress.done, steps, _since(began), None, float("nan"), text="Learning"
        )
    score_set = ScoreSet(sample_set)
    previous = score_parent(parent, classes, score_set, device)
    score = _score(net, score_set, device)
    seconds = _since(began)
    yield TrainProgress(steps, steps, seconds, None, float("nan"), score, "Learning")
    info = {
        **_about(net, classes, weights),
        "scores": score.to_info(),
        "previous_miou": None if previous is None else previous.miou,
        "adopted": score.better_than(previous),
        "seconds": round(seconds, 2),
        "steps": steps,
        "samples": len(painted),
        "device": device.description,
        "curve": [],
    }
    notes = [f"“{name}” was left out: {why}" for name, why in sample_set.skipped.items()]
    return TrainResult(
        Checkpoint(net, net.spec, describe(net.spec, info)),
        score.better_than(previous),
        score,
        previous,
        steps,
        seconds,
        tuple(notes),
    )


def _look(
    net: InstantNet,
    samples: SampleSet,
    device: Device,
    settings: InstantSettings,
    began: float,
) -> Generator[TrainProgress, None, list[Painted]]:
    """Features of all painted pixels that are not held back."""
    encoder = ready_encoder(net, device)
    wanted = sorted({cell.sample for cell in samples.training})
    found: list[Painted] = []
    for done, index in enumerate(wanted):
        if settings.budget is not None and found and _since(began) > settings.budget:
            name = samples.samples[index].name
            samples.skipped[name] = "the time was over before it was looked at"
            continue
        yield _waiting(settings, f"Looking at image {done + 1} of {len(wanted)}")
        image, _ = samples.read(index)

        def see(rect: Rect, image: RgbImage = image) -> Maps:
            return extract(image[rect.slices], encoder, net.normalisation, device)

        looking = painted_pixels(_training_mask(samples, index), see, seed=settings.seed)
        part = yield from _quietly(looking, settings)
        if part is not None:
            found.append(part)
    return found


def _quietly(
    job: Generator[None, None, Painted | None], settings: InstantSettings
) -> Generator[TrainProgress, None, Painted | None]:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield _waiting(settings, "Looking at images")


def _training_mask(samples: SampleSet, index: int) -> ClassMask:
    _, mask = samples.read(index)
    mask = mask.copy()
    for cell in samples.held_back:
        if cell.sample == index:
            mask[cell.rect.slices] = UNLABELLED
    return mask


def _score(net: InstantNet, score_set: ScoreSet, device: Device) -> Score:
    return score_set.score(device.place_net(net), device, net.normalisation, net.class_ids)


def _about(net: InstantNet, classes: ClassTable, weights: EncoderWeights | None) -> dict[str, Any]:
    return {
        "normalisation": net.normalisation,
        "classes": class_list(classes),
        "trained": [i for i in net.class_ids if i in classes],
        "parent": None,
        "encoder": RANDOM if weights is None else weights.digest,
        "encoder_source": RANDOM if weights is None else weights.source,
        "seed": net.seed,
        "trees": net.trees,
        "pixels": {
            str(int(i)): int(n)
            for i, n in zip(*np.unique(net.labels.numpy(), return_counts=True), strict=True)
        },
    }


def _since(began: float) -> float:
    return time.perf_counter() - began


def _waiting(settings: InstantSettings, text: str) -> TrainProgress:
    return TrainProgress(0, None, 0.0, settings.budget, float("nan"), text=text)
