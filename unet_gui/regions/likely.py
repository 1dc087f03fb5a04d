"""How much a region of an image looks like one object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Region = tuple[Rect, NDArray[np.bool_]]

RING: Final = 3
"""Pixels to each side of a border whose colours are compared."""

LEAST: Final = 25
"""Pixels; something smaller is painted with the brush, and scores by chance."""


def likelihoods(
    chain: Sequence[Region], colors: NDArray[np.float32], edges: NDArray[np.float32]
) -> list[float]:
    """Score nested regions, smallest first; only the order of the scores means anything.

    An object has an edge all along its border, other colours outside than inside, a plain shape,
    and keeps its size when the threshold moves a little (as maximally stable regions do: Matas et
    al., BMVC 2002). The weights were chosen on cells, nuclei and leaves.

    Args:
        chain: regions of the window.
        colors: float32 3×H×W, CIE Lab.
        edges: float32 H×W edge strength.
    """
    areas = [int(np.count_nonzero(inside)) for _, inside in chain]
    scores = []
    for i, region in enumerate(chain):
        larger, smaller = areas[min(i + 1, len(areas) - 1)], areas[max(i - 1, 0)]
        steps = min(i + 1, len(areas) - 1) - max(i - 1, 0)  # one at the ends, which would flatter
        stable = 1 / (1 + math.log(larger / smaller) * 2 / max(steps, 1))
        scores.append(stable * areas[i] ** 0.2 * likeness(region, colors, edges))
    return scores


def likeness(region: Region, colors: NDArray[np.float32], edges: NDArray[np.float32]) -> float:
    """Edge, contrast and shape of one region; 0 for a few pixels or without a border."""
    box, inside = region
    area = int(np.count_nonzero(inside))
    around = box.expanded(RING + 1).intersection(Rect.of_shape(edges.shape))
    held = np.zeros((around.height, around.width), np.bool_)
    held[box.moved(-around.x0, -around.y0).slices] = inside
    # Where the window ends there is no border.
    rim = border(held)
    rim_out = widened(held, 1) & ~held
    if area < LEAST or not rim_out.any():
        return 0.0
    strength = np.sqrt(edges[around.slices][rim | rim_out])
    contrast = _contrast(held, colors[(slice(None), *around.slices)])
    cut = _on_window_border(held, around, edges.shape)
    length = int(np.count_nonzero(rim)) + cut
    plain = min(1.0, 4 * math.pi * area / length**2)
    free = 1 - cut / length
    return float(strength.mean()) * math.sqrt(contrast * plain * free)


def widened(marked: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """By so many pixels up, down and sideways: a tenth of the time of scipy's dilation."""
    wide = marked.copy()
    for _ in range(pixels):
        before = wide.copy()
        wide[1:] |= before[:-1]
        wide[:-1] |= before[1:]
        wide[:, 1:] |= before[:, :-1]
        wide[:, :-1] |= before[:, 1:]
    return wide


def border(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Marked pixels with an unmarked one among their 4 neighbours."""
    return marked & widened(~marked, 1)


def _contrast(held: NDArray[np.bool_], colors: NDArray[np.float32]) -> float:
    """Distance of the mean colours of a ring inside and one outside the border."""
    inner = held & widened(~held, RING)
    outer = widened(held, RING) & ~held
    apart = colors[:, inner].mean(1) - colors[:, outer].mean(1)
    return math.sqrt(float(apart @ apart))


def _on_window_border(held: NDArray[np.bool_], around: Rect, shape: tuple[int, ...]) -> int:
    """Pixels of the region in the outermost rows and columns of the window."""
    sides = (
        (held[0], around.y0 == 0),
        (held[-1], around.y1 == shape[0]),
        (held[:, 0], around.x0 == 0),
        (held[:, -1], around.x1 == shape[1]),
    )
    return sum(int(np.count_nonzero(side)) for side, ends in sides if ends)
