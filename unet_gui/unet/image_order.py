"""A project's images in the order in which correcting them teaches most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.regions.mistakes import expected_gain
from unet_gui.regions.next_image import descriptor, ranked

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.project import ImageEntry, Project

    Look = NDArray[np.float64] | None

MOST: Final = 2000
"""Images that are compared with each other; of more, evenly chosen ones."""

SIDE: Final = 96


def by_gain(
    project: Project,
    *,
    visited: Sequence[str] = (),
    looks: dict[str, Look] | None = None,
    doubts: dict[str, float] | None = None,
) -> Generator[None, None, list[str]]:
    """Names in the order in which images should come up.

    How doubtful an image is is known from its kept prediction; how much it says about others, from
    its thumbnail.

    Args:
        project: Whose images.
        visited: Images that were looked at already; they stay in front and count as learnt from.
        looks: What is known of thumbnails by image name; filled on the way.
        doubts: Share of likely wrong pixels by image name; filled on the way.

    Yields:
        Now and then, for cancelling.

    Returns:
        The visited ones, the others, then those that are done.
    """
    looks, doubts = {} if looks is None else looks, {} if doubts is None else doubts
    seen, known = set(visited), []
    step = max(1, -(-len(project.images) // MOST))
    for entry in project.images[::step]:
        if entry.name not in looks:
            looks[entry.name] = _look(project, entry)
            yield
        if entry.name not in doubts and (found := _kept_doubt(project, entry)) is not None:
            doubts[entry.name] = found
            yield
        if looks[entry.name] is not None:
            known.append(entry)
    order: list[int] = []
    if known:
        order = ranked(
            np.stack([look for e in known if (look := looks[e.name]) is not None]),
            np.array([doubts.get(e.name, np.nan) for e in known]),
            np.array([project.is_done(e) or e.name in seen for e in known]),
        )
        yield
    chosen = [known[i].name for i in order]
    taken = seen | set(chosen)
    rest = [e for e in project.images if e.name not in taken]
    waiting = [e.name for e in rest if not project.is_done(e)]
    return [*visited, *chosen, *waiting, *(e.name for e in rest if project.is_done(e))]


def doubt_of(predicted: ClassMask, confidence: NDArray[np.uint8]) -> float:
    """Share of likely wrong pixels, as if nothing were painted: what is would make it look known.

    Args:
        predicted: H×W class ids, 255 where nothing is proposed.
        confidence: H×W, 0 where nobody has looked, 255 meaning certain.
    """
    return expected_gain(np.full_like(predicted, UNLABELLED), predicted, confidence)


def _look(project: Project, entry: ImageEntry) -> Look:
    """What an image looks like; None where it cannot be read, which is said when it is opened."""
    try:
        return descriptor(project.thumbnail(entry, SIDE))
    except UnetGuiError:
        return None


def _kept_doubt(project: Project, entry: ImageEntry) -> float | None:
    kept = project.load_prediction(entry)
    return None if kept is None else doubt_of(kept.mask, kept.confidence)
