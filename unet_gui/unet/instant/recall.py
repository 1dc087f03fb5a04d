"""What the learner before was sure of, learnt again where nobody has painted.

Strokes lie on mistakes, often all on one class. A learner that sees nothing else forgets what it
had right, so a few of its confident answers go with them (self-training, Scudder 1965; against
forgetting: Li and Hoiem 2016, "Learning without forgetting", section 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.instant.features import Rows, sample
from unet_gui.unet.instant.memory import Painted

if TYPE_CHECKING:
    from unet_gui.core.document import ClassMask
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.net import InstantNet

PIXELS: Final = 600
"""Asked about in each tile that somebody painted in; much less than what is painted there."""

SURE: Final = 0.8


def recalled(net: InstantNet, maps: Maps, mask: ClassMask, *, seed: int = 0) -> Painted | None:
    """Unpainted pixels of a tile as an earlier learner answers for them, where it is sure.

    Args:
        net: The learner before.
        maps: Features of the tile.
        mask: H×W uint8, 255 where nobody has painted.
        seed: Of the choice of pixels.

    Returns:
        None where there is nothing that it is sure of.
    """
    rows = unpainted(maps, mask, seed=seed)
    return None if rows is None else sure_of(net, rows)


def unpainted(maps: Maps, mask: ClassMask, *, seed: int = 0) -> Rows | None:
    """Features of some pixels of a tile that nobody has painted; None where there are none.

    Args:
        maps: Features of the tile.
        mask: H×W uint8, 255 where nobody has painted.
        seed: Of the choice of pixels.
    """
    free = np.flatnonzero(mask.ravel() == UNLABELLED)
    if not len(free):
        return None
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(free, min(PIXELS, len(free)), replace=False))
    ys, xs = np.divmod(places, mask.shape[1])
    return sample(maps, ys.astype(np.float32), xs.astype(np.float32))


def sure_of(net: InstantNet, rows: Rows) -> Painted | None:
    """What a learner answers for single pixels, where it is sure; None where it is nowhere."""
    shares = net.shares_of(rows)
    sure = shares.max(1) > SURE
    if not sure.any():
        return None
    answers = shares[sure].argmax(1).astype(np.uint8)
    return Painted(Rows(rows.levels[sure], rows.filters[sure]), answers)
