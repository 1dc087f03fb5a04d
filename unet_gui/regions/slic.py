"""SLIC cells of one array (Achanta et al., IEEE TPAMI 34(11), 2012), by products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.regions.colors import lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

NEAR: Final = tuple((row, column) for row in (0, 1, 2) for column in (0, 1, 2))
"""A pixel belongs to the cell of its square of the grid or to one of the eight around (Ren and
Reid, gSLIC, 2011)."""

FAR: Final = np.float32(1e9)
"""Squared distance to a cell outside the array."""

FINE: Final = 1.0
COARSE: Final = 3.0
BOOST: Final = 0.5
"""Lightness is smoothed by the first, in pixels, and what it is apart from that smoothed by the
second is raised by the third: noise says nothing about borders, thin lines much."""

ENOUGH: Final = 6
"""Pixels across a square that tell as well as all where the middle of a cell moves to."""


def slic_cells(
    pixels: NDArray[np.uint8], size: int, compactness: float, rounds: int
) -> NDArray[np.int32]:
    """Cells of an array whose sides are multiples of `size`, named row by row of the seed grid.

    Middles move by what every so manieth pixel says; in the end all pixels are assigned.

    Args:
        pixels: H×W×3 uint8.
        size: side of a cell.
        compactness: higher makes squarer cells, lower follows weaker edges.
        rounds: how often pixels are assigned.

    Returns:
        int32 H×W; every cell is one connected piece.
    """
    rows, columns = pixels.shape[0] // size, pixels.shape[1] // size
    squares = _squares(pixels, size, compactness)
    step = max(1, size // ENOUGH)
    some = np.ascontiguousarray(squares[:, :, step // 2 :: step, step // 2 :: step])
    few = some.reshape(rows, columns, -1, some.shape[-1])
    middles = few.mean(2)
    for _ in range(rounds - 2):
        away = _distances(few, middles)
        nearest = (away == away.min(2, keepdims=True)).astype(np.float32)
        middles = _moved(nearest @ few, middles)
    away = _distances(squares.reshape(rows, columns, size * size, -1), middles)
    best, least = np.zeros(away[:, :, 0].shape, np.int8), away[:, :, 0].copy()
    for number in range(1, len(NEAR)):
        better = away[:, :, number] < least
        best[better] = number
        np.minimum(least, away[:, :, number], out=least)
    offsets = np.array([(row - 1) * columns + column - 1 for row, column in NEAR], np.int32)
    own = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns, 1)
    cells = (own + offsets[best]).reshape(rows, columns, size, size)
    return _joined(np.ascontiguousarray(cells.swapaxes(1, 2)).reshape(pixels.shape[:2]))


def _squares(pixels: NDArray[np.uint8], size: int, compactness: float) -> Numbers:
    """Place and colour of each pixel: rows × columns × size × size × (1, y, x, colours)."""
    height, width = pixels.shape[:2]
    colors = lab(pixels)
    grey = not (colors[1].any() or colors[2].any())
    planes = colors[:1] if grey else colors
    colors[0] = _clear(colors[0])
    values = np.empty((height, width, 3 + len(planes)), np.float32)
    values[..., 0] = 1
    values[..., 1] = (np.arange(height, dtype=np.float32) / size)[:, None]
    values[..., 2] = np.arange(width, dtype=np.float32) / size
    for place, plane in enumerate(planes, 3):
        np.divide(plane, np.float32(compactness), out=values[..., place])
    tiles = values.reshape(height // size, size, width // size, size, -1).swapaxes(1, 2)
    return np.ascontiguousarray(tiles)


def _clear(light: Numbers) -> Numbers:
    """Without noise, thin lines raised."""
    from scipy import ndimage as ndi

    fine = ndi.gaussian_filter(light, FINE, truncate=3)
    coarse = ndi.gaussian_filter(light, COARSE, truncate=3)
    clear: Numbers = fine + np.float32(BOOST) * (fine - coarse)
    return clear


def _distances(squares: Numbers, middles: Numbers) -> Numbers:
    """To the 9 middles around, squared, less what is the same for all: rows × columns × 9 × n.

    |v - c|² is |v|² - 2v·c + |c|²: one product of matrices a square.
    """
    rows, columns, width = middles.shape
    around = np.zeros((rows + 2, columns + 2, width), np.float32)
    around[..., 0] = FAR
    around[1:-1, 1:-1] = -2 * middles
    around[1:-1, 1:-1, 0] = (middles[..., 1:] ** 2).sum(-1)
    nine = np.stack([around[y : y + rows, x : x + columns] for y, x in NEAR], axis=2)
    away: Numbers = nine @ squares.swapaxes(2, 3)
    return away


def _moved(sums: Numbers, middles: Numbers) -> Numbers:
    """The means of what the squares around have given to each cell; a cell given nothing stays."""
    rows, columns, width = middles.shape
    total = np.zeros((rows + 2, columns + 2, width), np.float32)
    for number, (y, x) in enumerate(NEAR):
        total[y : y + rows, x : x + columns] += sums[:, :, number]
    total = total[1:-1, 1:-1]
    count = total[..., :1]
    return np.where(count > 0, total / np.maximum(count, 1), middles)


def _joined(cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give all but the largest piece of each cell to a cell beside it."""
    from skimage.measure import label

    pieces = label(cells + 1, connectivity=1, background=0)  # type: ignore[no-untyped-call]
    sizes = np.bincount(pieces.ravel())
    owner = np.zeros(len(sizes), np.int32)
    owner[pieces.ravel()] = cells.ravel()
    largest = np.zeros(int(cells.max()) + 1, np.int64)
    order = np.argsort(sizes, kind="stable")
    largest[owner[order]] = order  # the last write is the largest piece
    kept = largest[owner] == np.arange(len(sizes))
    padded = np.full((cells.shape[0] + 2, cells.shape[1] + 2), -1, np.int32)
    padded[1:-1, 1:-1] = np.where(kept[pieces], cells, -1)
    flat, width = padded.ravel(), padded.shape[1]
    rows, columns = np.nonzero(~kept[pieces])
    strays = (rows + 1) * width + columns + 1
    while len(strays):
        # From outside inwards, all around at once: few pixels, and few deep inside a piece.
        beside = np.stack([flat[strays + step] for step in (-width, -1, 1, width)]).max(0)
        flat[strays] = beside
        strays = strays[beside < 0]
    return padded[1:-1, 1:-1]
