"""What the instant learner does on its thread; torch is imported here and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.dataset import pages
from unet_gui.dataset.rounds import ancestors
from unet_gui.gui.documents import read_image_job

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.files import Stamp
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.dataset.project import ImageEntry, Project

STUDIED: Final = 24
"""Labelled images whose strokes are learnt from beside those painted since the start."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job needs of an image, taken on the GUI thread.

    Attributes:
        look: What `pages.look` said when its pixels were read.
    """

    project: Project
    entry: ImageEntry
    source: ImageSource | None
    labels: MaskSnapshot | None
    near: tuple[float, float] | None = None
    look: tuple[Stamp | None, str] = (None, "")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the learners stand.

    Attributes:
        verdict: Who proposes and why, an `arbiter.Verdict`; None while there is but one.
        curve: What was shown for each finished image in the order of work, against what it was
            labelled: C×C pixels by true and by proposed class.
    """

    verdict: Any = None
    curve: Any = ()


def load(project: Project) -> Generator[None, None, Any]:
    """Encoder and empty learner."""
    yield
    from unet_gui.unet.device import leave_cores, pick
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.live import LiveLearner
    from unet_gui.unet.instant.proposing import Proposer
    from unet_gui.unet.records import FILE_NAME
    from unet_gui.unet.rounds import starter
    from unet_gui.unet.starting import encoder_at_hand

    leave_cores(1)  # to painting
    yield
    weights = encoder_at_hand(starter=starter())
    yield
    cache = FeatureCache(project.cache_dir / "features")
    classes, device = project.classes, pick("auto")
    shown = pages.view_digest(project.images[0]) if project.images else ""
    learner = LiveLearner(
        weights, classes.num_outputs, device, cache, class_ids=classes.ids, shown=shown
    )
    return Proposer(learner, project.cache_dir / FILE_NAME, project.classes.ids)


def answer(proposer: Any, work: Work) -> Generator[Any, None, Any]:
    """An offer for the open image, and how the learners stand; offers of a part on the way."""
    yield None
    labels = _labels(work)
    rival = None
    name = work.project.adopted
    if name is not None:
        cached = work.project.load_prediction(work.entry, round_name=name)
        if cached is not None and cached.mask.shape == labels.shape:
            rival = name, cached.mask, cached.confidence
            if name not in proposer.arbiter.records:
                proposer.succeed(name, ancestors(work.project.rounds(), name))
        yield
    proposer.stay_with({work.entry.name, *(entry.name for entry in work.project.images)})
    view = _view(work.entry, work.source, work.look)
    offer = yield from proposer.offer(view, labels, rival=rival, near=work.near)
    return offer, standing(proposer, offer)


def leave(proposer: Any, work: Work) -> Generator[Any, None, None]:
    """The last stroke of an image that is not open any more, and what was accepted with it."""
    yield
    yield from proposer.leave(_view(work.entry, work.source, work.look), _labels(work))


def deepen(proposer: Any) -> Generator[None, None, bool]:
    """A part of what images labelled whole teach; True once all of it is learnt."""
    yield
    yield from proposer.learner.deepen()
    return True


def look_ahead(
    proposer: Any, project: Project, entry: ImageEntry, largest: int
) -> Generator[Any, None, None]:
    """Features of an image that nobody has opened yet, so that its proposal is there at once."""
    from unet_gui.core.errors import ImageReadError

    yield
    look = pages.look(entry)
    try:
        width, height = pages.size(entry)
        if width * height > largest:
            return
        source = yield from read_image_job(project, entry)
    except ImageReadError:
        return  # said when the person opens that image
    try:
        if pages.look(entry) == look:
            yield from proposer.learner.prepare(_view(entry, source, look))
    finally:
        source.close()


def keep(proposer: Any) -> Generator[None, None, None]:
    """Its records to disk; not cancelled half way, for there is no second yield."""
    proposer.save()
    yield


def standing(proposer: Any, offer: Any = None) -> Standing:
    return Standing(offer.verdict if offer is not None else None, proposer.arbiter.curve())


def study(proposer: Any, work: Work) -> Generator[None, None, bool]:
    """Strokes of an image that is not open; False when there are none, or enough already.

    False as well when its file or how it is shown changed meanwhile: what is seen has no name then.
    """
    yield
    learner, name = proposer.learner, work.entry.name
    if name in learner.knows or len(learner.knows) >= STUDIED:
        return False
    counts = work.project.mask_counts(work.entry)
    if not any(counts.get(i) for i in work.project.classes.ids):
        return False
    look = pages.look(work.entry)
    source = yield from read_image_job(work.project, work.entry)
    try:
        if pages.look(work.entry) != look:
            return False
        labels = work.project.load_mask(work.entry, source.shape)
        labels = _known(labels, work.project)
        view = _view(work.entry, source, look)
        yield from learner.study(view, labels)
        learner.keep(view, labels)
    finally:
        source.close()
    return True


def _labels(work: Work) -> Any:
    assert work.source is not None
    if work.labels is None:
        return _known(work.project.load_mask(work.entry, work.source.shape), work.project)
    return _known(work.labels.to_array(), work.project)


def _known(labels: Any, project: Project) -> Any:
    """Ids that are no class of the project count as unlabelled."""
    import numpy as np

    meaning = np.full(256, UNLABELLED, np.uint8)
    ids = list(project.classes.ids)
    meaning[ids] = ids
    return meaning[labels]


def _view(entry: ImageEntry, source: ImageSource | None, look: tuple[Stamp | None, str]) -> Any:
    from unet_gui.unet.instant.live import View

    assert source is not None
    return View(entry.name, source.shape, source.read, *look)
