"""Fitting the instant learner: everything painted so far, in about a second."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, cast

import torch

from unet_gui.core.progress import Progress
from unet_gui.unet.instant.forest import Forest
from unet_gui.unet.instant.head import PAUSE_EVERY, Head, Training, balance
from unet_gui.unet.instant.memory import evenly
from unet_gui.unet.instant.net import HEAD_LEVELS, InstantNet
from unet_gui.unet.instant.side_by_side import side_by_side
from unet_gui.unet.model import ModelSpec, encoder_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.unet.instant.context import Area, Context
    from unet_gui.unet.instant.memory import Lesson
    from unet_gui.unet.weights import EncoderWeights

DONE: Final = object()


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on a fit.

    Attributes:
        steps: Of each head from scratch.
        rate: Highest learning rate of the heads.
        warm_steps: Of each head that goes on from the last one.
        warm_rate: The same then.
        trees: Of the forest.
        tree_rows: Pixels that the forest is grown from at most.
        warm_trees: Trees that are replaced where the forest goes on; None grows all anew.
    """

    steps: int = 200
    rate: float = 3e-3
    warm_steps: int = 50
    warm_rate: float = 1e-3
    trees: int = 40
    tree_rows: int = 1 << 13
    warm_trees: int | None = None


THOROUGH: Final = Effort()
LIVE: Final = Effort(steps=150, warm_steps=40, tree_rows=6000, warm_trees=8)
"""While a person paints."""

CONTEXT_STEPS: Final = 150
MORE_CONTEXT_STEPS: Final = 100
"""Where it goes on from an earlier decoder."""


def new_net(weights: EncoderWeights | None, num_classes: int, *, seed: int = 0) -> InstantNet:
    """A network that has learnt nothing yet over these encoder weights; None means random ones."""
    width = 1.0 if weights is None else weights.width
    spec = ModelSpec("instant", num_classes, 3, width)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = InstantNet(spec, "imagenet" if weights is None else weights.normalisation, seed=seed)
        if weights is None:
            net.randomise()
    if weights is not None:
        weights.load_into(net.vgg)
    # as it is stored, so that a loaded network computes the same as the one that was saved
    net.vgg.half().float()
    return net.eval()


def fit(
    net: InstantNet,
    lesson: Lesson,
    effort: Effort = THOROUGH,
    *,
    warm: bool = False,
    workers: int = 1,
) -> Generator[Progress, None, None]:
    """Fit heads and forest to painted pixels; closing the generator leaves `net` as it was.

    Args:
        net: What is fitted.
        lesson: What was painted.
        effort: How much is spent.
        warm: Go on from the heads there are; they keep their idea of a usual input. Taken only
            where they have learnt the same classes before.
        workers: Threads on which heads and forest learn side by side; the result is the same.
    """
    labels = torch.from_numpy(lesson.labels)
    warm = warm and net.class_ids == tuple(int(i) for i in torch.unique(labels))
    data = Training(
        torch.from_numpy(lesson.levels),
        labels.long(),
        torch.from_numpy(balance(lesson.labels, lesson.groups)),
    )
    steps = effort.warm_steps if warm else effort.steps
    rate = effort.warm_rate if warm else effort.rate
    kept = evenly(lesson.labels, effort.tree_rows, seed=net.seed)
    total = len(HEAD_LEVELS) * steps
    generators = [torch.Generator().manual_seed(net.seed + i) for i in range(len(HEAD_LEVELS))]
    heads = [
        copy.deepcopy(cast("Head", old)) if warm else _new_head(net, index, data)
        for index, old in enumerate(net.heads)
    ]
    learning: list[Generator[object, None, Forest | None]] = [
        head.fit(data, steps, rate, generator)
        for head, generator in zip(heads, generators, strict=True)
    ]
    # what takes longest begins first
    growing = _grow(net, lesson.filters[kept], lesson.labels[kept], effort, warm=warm)
    jobs = [*reversed(learning), growing]
    threads = torch.get_num_threads()
    try:
        # sharing out such small products takes longer than computing them
        torch.set_num_threads(1)
        *_, forest = yield from _watched(side_by_side(jobs, workers), total)
    finally:
        torch.set_num_threads(threads)
    assert forest is not None
    net.take(heads, forest, net.context)


def _watched(
    work: Generator[int, None, list[Forest | None]], total: int
) -> Generator[Progress, None, list[Forest | None]]:
    try:
        while True:
            try:
                pauses = next(work)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            yield Progress(min(pauses * PAUSE_EVERY, total), total, "Learning")
    finally:
        work.close()


def _grow(
    net: InstantNet,
    filters: NDArray[np.float32],
    labels: NDArray[np.uint8],
    effort: Effort,
    *,
    warm: bool,
) -> Generator[None, None, Forest]:
    yield
    if warm and effort.warm_trees is not None and net.forest.channels == filters.shape[1]:
        return net.forest.renewed(filters, labels, trees=effort.warm_trees)
    return Forest.grown(filters, labels, trees=effort.trees, seed=net.seed)


def context_steps(before: Context | None) -> int:
    """How many steps a context decoder is fitted for, from scratch or from an earlier one."""
    return CONTEXT_STEPS if before is None else MORE_CONTEXT_STEPS


def fit_context(
    net: InstantNet,
    areas: Sequence[Area],
    steps: int,
    *,
    before: Context | None = None,
    more: Callable[[], bool] = lambda: True,
) -> Generator[Progress, None, None]:
    """Fit the context decoder to whole areas; closing the generator leaves `net` as it was.

    Args:
        net: Whose decoder is replaced.
        areas: What to learn from, at least one.
        steps: How many.
        before: An earlier decoder of the same shape to go on from.
        more: Asked before each step; False ends it early.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(net.seed)
        context = net.new_context() if before is None else copy.deepcopy(before)
        state = torch.get_rng_state()
    if before is None:
        context.standardise(areas)
    context.requires_grad_(True)
    job = context.fit(areas, steps, torch.Generator().manual_seed(net.seed + 7), more)
    for done in count():
        # dropout draws from torch's own generator, which is everybody's between two steps
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            if next(job, DONE) is DONE:
                break
            state = torch.get_rng_state()
        yield Progress(done, steps, "Learning surroundings")
    net.context = context.requires_grad_(False)


def _new_head(net: InstantNet, index: int, data: Training) -> Head:
    channels = encoder_channels(net.spec.width)[: HEAD_LEVELS[index]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(net.seed + index)
        head = Head(channels, net.spec.num_classes)
    head.standardise(data.rows[:, : head.width])
    return head
