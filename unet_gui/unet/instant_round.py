"""A round of the instant learner: like `unet_gui.unet.train`, in seconds."""

from __future__ import annotations

import functools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import TrainingError
from unet_gui.core.geometry import Rect
from unet_gui.unet.checkpoint import Checkpoint, class_list, describe
from unet_gui.unet.device import Device, pick
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.finishing import FAR_OFF, choose
from unet_gui.unet.instant.learner import THOROUGH, context_steps, fit, fit_context, new_net
from unet_gui.unet.instant.lookout import Lookout, Others, is_whole, judged
from unet_gui.unet.instant.memory import lesson
from unet_gui.unet.instant.net import InstantNet
from unet_gui.unet.instant.recall import recalled
from unet_gui.unet.instant.tiles import painted_pixels
from unet_gui.unet.result import TrainResult, score_parent
from unet_gui.unet.samples import SampleSet
from unet_gui.unet.scoring import ScoreSet, chosen
from unet_gui.unet.starting import RANDOM, encoder_at_hand
from unet_gui.unet.trainer import TrainProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.progress import Progress
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.samples import Sample
    from unet_gui.unet.scoring import Score
    from unet_gui.unet.weights import EncoderWeights


@dataclass(frozen=True, slots=True)
class InstantSettings:
    """What decides how a round of the instant learner is made.

    Attributes:
        encoder_weights: File, "imagenet" or "none", or the weights themselves; None takes the best
            on this computer.
        budget: Seconds that looking at images may take; what is not seen by then is left out.
        seed: Of everything random.
    """

    encoder_weights: str | Path | EncoderWeights | None = None
    budget: float | None = None
    seed: int = 0


def learn_instantly(  # noqa: PLR0913 - what comes after the settings goes by name
    samples: Iterable[Sample] | SampleSet,
    settings: InstantSettings,
    *,
    classes: ClassTable,
    parent: Checkpoint | None = None,
    before: Checkpoint | None = None,
    device: Device | None = None,
    starter: Path | None = None,
    cache: FeatureCache | None = None,
) -> Generator[TrainProgress, None, TrainResult]:
    """Fit the instant learner to the labelled pixels of `samples`.

    Args:
        samples: Images with masks; one with a few labelled pixels is enough. Or a set of them,
            scanned for these classes.
        settings: How to learn.
        classes: The classes to learn; those without a pixel are not predicted later.
        parent: What to compare with.
        before: The instant learner's round before this one: its context decoder is gone on from,
            and images that it has not seen show how its proposals are best finished.
        device: Where the encoder runs; the best there is when None.
        starter: A checkpoint whose encoder is taken when there is nothing better.
        cache: Where features of images are kept.

    Yields:
        A TrainProgress now and then.

    Raises:
        TrainingError: nothing is labelled.
        CheckpointError: encoder weights are missing or do not fit.
    """
    began = time.perf_counter()
    device = device or pick()
    sample_set = samples if isinstance(samples, SampleSet) else SampleSet(list(samples))
    if sample_set is not samples:
        for progress in sample_set.scan(classes.ids):
            yield _waiting(settings, f"{progress.text} {progress.done + 1} of {progress.total}")
    if not sample_set.training:
        raise TrainingError("Nothing is labelled yet.", "Paint a few strokes of each class first.")
    weights = encoder_at_hand(settings.encoder_weights, starter)
    net = new_net(weights, classes.num_outputs, seed=settings.seed)
    earlier = _comparable(before, net, weights, classes)
    eye = _Eye(net, device, cache, RANDOM if weights is None else weights.digest)
    painted, lookout = yield from _look(eye, sample_set, settings, began, earlier)
    lessons = lesson([*painted, *lookout.varied, *lookout.recalled], seed=settings.seed)
    rival = _comparable(parent, net, weights, classes)
    steps = 0
    with ThreadPoolExecutor(1) as aside:
        # from the features at hand, for they are the ones it looks at
        judging = aside.submit(lookout.score, cast("InstantNet", rival.net)) if rival else None
        for progress in fit(net, lessons, THOROUGH, workers=torch.get_num_threads()):
            steps = progress.total
            yield TrainProgress(
                progress.done, steps, _since(began), None, float("nan"), text="Learning"
            )
    if judging is not None:
        previous: Score | None = judging.result()
    else:
        previous = score_parent(parent, classes, ScoreSet(sample_set), device)
    tried = True
    if lookout.areas:
        for progress in _fit_context(net, lookout, settings, began, earlier):
            yield TrainProgress(
                progress.done, progress.total, _since(began), None, float("nan"), text="Learning"
            )
        net.finish, tried = choose(lookout.trials.values(), len(lookout.whole))
    score = lookout.score(net)
    silent = bool(lookout.areas) and not tried and score.pixel_accuracy < 1 - FAR_OFF
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
        "silent": silent,
        "whole": sorted(lookout.whole),
        "trials": {k: [round(v, 1) for v in t] for k, t in lookout.trials.items()},
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


@dataclass(frozen=True, slots=True)
class _Eye:
    """Features of rectangles of images, from the cache where they are there."""

    net: InstantNet
    device: Device
    cache: FeatureCache | None
    digest: str

    def open(self) -> tuple[Callable[[RgbImage], Maps], Callable[[RgbImage], Maps]]:
        """What looks at images by way of the cache, and what looks at others past it."""
        # not before it is needed: all images may be known
        encoder = functools.cache(lambda: ready_encoder(self.net, self.device))

        def anew(image: RgbImage) -> Maps:
            return extract(image, encoder(), self.net.normalisation, self.device)

        def see(image: RgbImage) -> Maps:
            if self.cache is None:
                return anew(image)
            return self.cache.of_pixels(image, self.digest, lambda: anew(image))

        return see, anew


def _comparable(
    other: Checkpoint | None,
    net: InstantNet,
    weights: EncoderWeights | None,
    classes: ClassTable,
) -> Checkpoint | None:
    """Another round where it is an instant learner over the same encoder and classes."""
    if other is None or not isinstance(other.net, InstantNet) or weights is None:
        return None
    same = other.info.get("encoder") == weights.digest and other.spec == net.spec
    known = other.info.get("classes") == class_list(classes)
    return other if same and known else None


def _look(
    eye: _Eye,
    samples: SampleSet,
    settings: InstantSettings,
    began: float,
    earlier: Checkpoint | None,
) -> Generator[TrainProgress, None, tuple[list[Painted], Lookout]]:
    """All that is needed of the images: painted pixels, whole areas, what is held back."""
    see_tile, see_other = eye.open()
    known = set() if earlier is None else set(earlier.info.get("whole") or ())
    trials = {} if earlier is None else dict(earlier.info.get("trials") or {})
    lookout = Lookout(trials=trials)
    others = Others(known, see_other, settings.seed)
    held_back = chosen(samples.held_back)
    found: list[Painted] = []
    wanted = sorted({cell.sample for cell in samples.training})
    for done, index in enumerate(wanted):
        name = samples.samples[index].name
        if settings.budget is not None and found and _since(began) > settings.budget:
            samples.skipped[name] = "the time was over before it was looked at"
            continue
        yield _waiting(settings, f"Looking at image {done + 1} of {len(wanted)}")
        image, full = samples.read(index)
        mask = _training_mask(samples, index)
        cells = [_painted(full, cell.rect) for cell in held_back if cell.sample == index]

        def see(
            rect: Rect,
            image: RgbImage = image,
            mask: ClassMask = mask,
            full: ClassMask = full,
            name: str = name,
            cells: list[Rect] = cells,
        ) -> Maps:
            pixels = image[rect.slices]
            maps = see_tile(pixels)
            truth = full[rect.slices]
            for cell in [c for c in cells if rect.contains(c)]:
                cells.remove(cell)  # tiles overlap
                lookout.hold_back(pixels, maps, truth, cell.moved(-rect.x0, -rect.y0))
            if earlier is not None and name not in known and name not in lookout.trials:
                net = cast("InstantNet", earlier.net)
                if net.context is not None and is_whole(truth):
                    lookout.trials[name] = judged(net, pixels, maps, truth, len(known))
            lookout.add_area(name, maps, mask[rect.slices], known=name in known)
            lookout.add_other(name, pixels, mask[rect.slices], others)
            if earlier is not None:
                answers = recalled(cast("InstantNet", earlier.net), maps, truth, seed=settings.seed)
                lookout.recalled += [answers] if answers is not None else []
            return maps

        confirmed = mask.copy()
        whole = Rect.of_shape(mask.shape)
        samples.thin(index, whole, confirmed, np.random.default_rng((settings.seed, index)))
        looking = painted_pixels(confirmed, see, seed=settings.seed)
        part = yield from _quietly(looking, settings)
        if part is not None:
            found.append(part)
    return found, lookout


def _fit_context(
    net: InstantNet,
    lookout: Lookout,
    settings: InstantSettings,
    began: float,
    earlier: Checkpoint | None,
) -> Generator[Progress, None, None]:
    old = None if earlier is None else cast("InstantNet", earlier.net).context

    def more() -> bool:
        return settings.budget is None or _since(began) < settings.budget

    return fit_context(net, lookout.shared_out(), context_steps(old), before=old, more=more)


def _quietly(
    job: Generator[None, None, Painted | None], settings: InstantSettings
) -> Generator[TrainProgress, None, Painted | None]:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield _waiting(settings, "Looking at images")


def _painted(mask: ClassMask, rect: Rect) -> Rect:
    """The smallest part of a rectangle that holds all that is labelled in it, and something is."""
    part = mask[rect.slices] != UNLABELLED
    ys, xs = (np.flatnonzero(part.any(axis)) for axis in (1, 0))
    return Rect(int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1).moved(rect.x0, rect.y0)


def _training_mask(samples: SampleSet, index: int) -> ClassMask:
    _, mask = samples.read(index)
    mask = mask.copy()
    for cell in samples.held_back:
        if cell.sample == index:
            mask[cell.rect.slices] = UNLABELLED
    return mask


def _about(net: InstantNet, classes: ClassTable, weights: EncoderWeights | None) -> dict[str, Any]:
    return {
        "normalisation": net.normalisation,
        "classes": class_list(classes),
        "trained": [i for i in net.class_ids if i in classes],
        "parent": None,
        "encoder": RANDOM if weights is None else weights.digest,
        "encoder_source": RANDOM if weights is None else weights.source,
        "seed": net.seed,
        "finish": net.finish.to_info(),
    }


def _since(began: float) -> float:
    return time.perf_counter() - began


def _waiting(settings: InstantSettings, text: str) -> TrainProgress:
    return TrainProgress(0, None, 0.0, settings.budget, float("nan"), text=text)
