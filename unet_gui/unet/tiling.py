"""Overlapping tiles whose blended probabilities equal one pass, in bounded memory.

Tiles start at multiples of the network's stride, so that poolings fall on the same pixels as in
one pass. Where tiles overlap, their probabilities are mixed with weights that rise from a tile's
rim to its inside. Only the parts that still wait for a neighbour are kept as probabilities.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STRIDE: Final = 16


@dataclass(frozen=True, slots=True)
class Grid:
    """Where tiles lie along both axes: (start, stop) pairs that cover the image."""

    shape: tuple[int, int]
    rows: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, shape: tuple[int, int], tile: int, overlap: int) -> Grid:
        """Tiles of `tile`² pixels that overlap by at least `overlap`, both multiples of 16."""
        height, width = shape
        return cls(shape, _spans(height, tile, overlap), _spans(width, tile, overlap))

    def tiles(self, first: Rect | None = None) -> list[Rect]:
        """All tiles, those nearest to the middle of `first` in front."""
        rects = [Rect(x0, y0, x1, y1) for y0, y1 in self.rows for x0, x1 in self.columns]
        if first is None or first.empty:
            return rects
        x, y = (first.x0 + first.x1) / 2, (first.y0 + first.y1) / 2

        def away(rect: Rect) -> tuple[bool, float]:
            centre_x, centre_y = (rect.x0 + rect.x1) / 2, (rect.y0 + rect.y1) / 2
            return rect.intersection(first).empty, (centre_x - x) ** 2 + (centre_y - y) ** 2

        return sorted(rects, key=away)


def _spans(length: int, tile: int, overlap: int) -> tuple[tuple[int, int], ...]:
    if length <= tile:
        return ((0, length),)
    count = -(-(length - overlap) // (tile - overlap))
    last = -(-(length - tile) // STRIDE) * STRIDE
    # spread evenly, so that no two tiles overlap more than they must
    starts = [round(last * i / (count - 1) / STRIDE) * STRIDE for i in range(count)]
    return tuple((s, min(s + tile, length)) for s in starts)


@dataclass(slots=True)
class _Cell:
    """Part of the image that the same tiles cover."""

    rect: Rect
    missing: int
    total: Floats | None = None
    weight: Floats | None = None


class Blender:
    """Collects tiles in any order and hands out what is known so far.

    Memory grows with the rim of the area done so far, not with the image.
    """

    def __init__(self, grid: Grid) -> None:
        self._row_ramps = _ramps(grid.rows)
        self._column_ramps = _ramps(grid.columns)
        self._cells: dict[tuple[int, int], _Cell] = {}
        self._row_edges = sorted({e for span in grid.rows for e in span})
        self._column_edges = sorted({e for span in grid.columns for e in span})
        for y0, y1 in itertools.pairwise(self._row_edges):
            for x0, x1 in itertools.pairwise(self._column_edges):
                rows = sum(a <= y0 < b for a, b in grid.rows)
                columns = sum(a <= x0 < b for a, b in grid.columns)
                self._cells[y0, x0] = _Cell(Rect(x0, y0, x1, y1), rows * columns)

    def add(self, rect: Rect, probabilities: Floats) -> Iterator[tuple[Rect, Floats]]:
        """Mix in one tile.

        Args:
            rect: One of the grid's tiles.
            probabilities: C×h×w float32 of the tile's size.

        Yields:
            Rectangles that together are the tile, with the probabilities there after mixing;
            each sums to 1 over the classes.
        """
        rows = self._row_ramps[rect.y0, rect.y1]
        columns = self._column_ramps[rect.x0, rect.x1]
        for y0 in _between(self._row_edges, rect.y0, rect.y1):
            for x0 in _between(self._column_edges, rect.x0, rect.x1):
                cell = self._cells[y0, x0]
                local = cell.rect.moved(-rect.x0, -rect.y0)
                part = probabilities[(slice(None), *local.slices)]
                weight = np.outer(rows[local.y0 : local.y1], columns[local.x0 : local.x1])
                yield cell.rect, _mix(cell, part, weight)


def _between(edges: list[int], start: int, stop: int) -> list[int]:
    return edges[bisect_left(edges, start) : bisect_left(edges, stop)]


def _mix(cell: _Cell, part: Floats, weight: Floats) -> Floats:
    cell.missing -= 1
    if cell.total is None or cell.weight is None:
        if not cell.missing:
            return part
        cell.total, cell.weight = part * weight, weight
    else:
        cell.total += part * weight
        cell.weight = cell.weight + weight
    mixed: Floats = cell.total / cell.weight
    if not cell.missing:
        cell.total = cell.weight = None
    return mixed


def _ramps(spans: tuple[tuple[int, int], ...]) -> dict[tuple[int, int], Floats]:
    """Weights along one axis: 1 inside, falling linearly to almost 0 across each overlap."""
    ramps = {}
    for i, (start, stop) in enumerate(spans):
        ramp = np.ones(stop - start, np.float32)
        before = spans[i - 1][1] - start if i else 0
        after = stop - spans[i + 1][0] if i + 1 < len(spans) else 0
        if before > 0:
            ramp[:before] = _rise(before)
        if after > 0:
            ramp[-after:] = np.minimum(ramp[-after:], _rise(after)[::-1])
        ramps[start, stop] = ramp
    return ramps


def _rise(length: int) -> Floats:
    """From almost 0 to 1; the outermost eighth, where the network sees least, hardly counts."""
    rim = length / 8
    steps = (np.arange(length, dtype=np.float32) + 0.5 - rim) / np.float32(length - 2 * rim)
    weights: Floats = np.clip(steps, 1e-3, 1).astype(np.float32)
    return weights
