"""Everything in view that looks like one object, the likest things first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.regions.chains import closing, filled
from unet_gui.regions.components import cropped
from unet_gui.regions.margins import border, widened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Region = tuple[Rect, NDArray[np.bool_]]
    Field = NDArray[np.float32]

THRESHOLDS: Final = 24
"""At which things are sought."""

FAINTEST: Final = 0.12
"""Least contrast of a thing to its surroundings, as a share of the object's."""

RANGE: Final = 40
"""How many times smaller or larger than the object a thing may be."""

SPECK: Final = 12
"""Pixels; less is noise."""

FILLS: Final = 0.5
"""Of the window; what is larger is what lies around the things."""

TINT: Final = 30.0
"""Distance in a and b of CIE Lab that counts as much as e times the contrast."""

LEVELS: Final = 20
"""Regions given at most."""

STEP: Final = 1.03
"""Least ratio of the areas of two regions."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Connected pieces above one threshold. Arrays are indexed by the piece's number less one.

    Attributes:
        labels: int32 H×W, 0 elsewhere.
        areas: in pixels.
        edge: mean of the edge strength's root along the border.
        plain: 1 for a disc, towards 0 for ragged things.
        colors: n×4: the mean of the field and of the three colour channels.
        spots: a pixel of each, as an index of the flattened window.
    """

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    edge: NDArray[np.float64]
    plain: NDArray[np.float64]
    colors: NDArray[np.float64]
    spots: NDArray[np.int64]


def alike(colors: Field, edges: Field, region: Region) -> tuple[Region, ...]:
    """The object with ever more of what looks like it.

    Things stand out from what surrounds them in the direction of colour space in which the object
    does (Fisher 1936). They are sought at many thresholds, so that a faint one is found as well as
    a strong one; of pieces that overlap the one with the clearest border remains, much as maximally
    stable regions do (Matas et al., BMVC 2002). They are ordered by how far size, contrast, colour,
    border and shape are from the object's.

    Args:
        colors: float32 3×H×W.
        edges: float32 H×W edge strength.
        region: the object, in the window.

    Returns:
        Regions that each hold the object and the one before, smallest first; none when nothing
        is like it.
    """
    own = np.zeros(edges.shape, np.bool_)
    own[region[0].slices] = region[1]
    field = standing_out(colors, own, region[0])
    if field is None:
        return ()
    data = np.stack([field, *colors]).reshape(4, -1)
    roots = np.sqrt(edges)
    model = measured(own.astype(np.int32), 1, data, roots)
    floors = thresholds(field, own)
    layers = [measured(*_label(field >= floor), data, roots) for floor in floors]
    found: list[Candidate] = []
    for layer in range(len(layers)):
        found += _candidates(layers, layer, model, edges.size)
    return _levels(_apart(found, layers, own), layers, region)


def standing_out(colors: Field, own: NDArray[np.bool_], box: Rect) -> Field | None:
    """0 for the colours around the object, 1 for its own; None where they are the same.

    Bridges and specks one pixel wide are taken out (an opening by a cross).
    """
    reach = max(8, max(box.width, box.height) // 2)
    around = box.expanded(reach).intersection(Rect.of_shape(own.shape))
    held, local = own[around.slices], colors[(slice(None), *around.slices)]
    outside = ~widened(held, 2)
    inner, outer = local[:, held], local[:, outside]
    if inner.shape[1] < SPECK or outer.shape[1] < SPECK:
        return None
    # The commonest surroundings: other objects may be near.
    middle = np.median(outer, axis=1)
    near = np.abs(outer - middle[:, None]).sum(0)
    outer = outer[:, near <= np.percentile(near, 70)]
    spread = np.cov(inner) + np.cov(outer) + np.eye(3) * 0.5
    apart = inner.mean(1) - outer.mean(1)
    direction = np.linalg.solve(spread, apart)
    length = float(direction @ apart)
    if length < 1e-3:
        return None
    field = np.tensordot((direction / length).astype(np.float32), colors, 1)
    field -= float(direction @ outer.mean(1)) / length
    return -closing(-field)


def thresholds(field: Field, own: NDArray[np.bool_]) -> NDArray[np.float64]:
    """From low to high, in equal ratios: light and stain multiply."""
    top = max(float(np.percentile(field[own], 90)), float(np.percentile(field[::2, ::2], 99.5)))
    return np.geomspace(FAINTEST, max(top, 2 * FAINTEST), THRESHOLDS)


def measured(
    labels: NDArray[np.int32], count: int, data: NDArray[np.float32], roots: Field
) -> Pieces:
    """What is known of numbered pieces. `data` is 4×(H·W), `roots` the roots of edge strength."""
    flat = labels.ravel()
    pixels = np.flatnonzero(flat)
    numbers = flat[pixels] - 1
    areas = np.bincount(numbers, minlength=count)
    rim = border(labels > 0).ravel()[pixels]
    rims = numbers[rim]
    lengths = np.maximum(np.bincount(rims, minlength=count), 1)
    edge = np.bincount(rims, _across(labels, roots, pixels[rim]), count) / lengths
    means = np.stack([np.bincount(numbers, plane[pixels], count) for plane in data]) / areas
    spots = np.zeros(count, np.int64)
    spots[numbers[::-1]] = pixels[::-1]
    return Pieces(
        labels,
        areas,
        edge,
        np.minimum(1.0, 4 * math.pi * areas / lengths**2),
        means.T,
        spots,
    )


def _across(
    labels: NDArray[np.int32], values: Field, rim: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The mean of each border pixel's value and that of its neighbours outside."""
    width = labels.shape[1] + 2
    outside = np.pad(labels == 0, 1).ravel()
    padded = np.pad(values, 1).ravel()
    at = rim + width + 1 + 2 * (rim // labels.shape[1])
    sides = np.stack([at - 1, at + 1, at - width, at + width])
    free = outside[sides]
    mean = (padded[sides] * free).sum(0) / np.maximum(free.sum(0), 1)
    both: NDArray[np.float32] = (padded[at] + mean) / 2
    return both


@dataclass(frozen=True)
class Candidate:
    """A piece. `fit`: how much it looks like a thing. `away`: how little like the object."""

    fit: float
    away: float
    layer: int
    number: int


def _label(marked: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    from scipy import ndimage as ndi

    labels, count = ndi.label(marked)
    return labels, count


def _candidates(layers: list[Pieces], layer: int, model: Pieces, size: int) -> Iterator[Candidate]:
    pieces = layers[layer]
    area = float(model.areas[0])
    most = min(area * RANGE, FILLS * size)
    good = (pieces.areas >= max(SPECK, area / RANGE)) & (pieces.areas <= most)
    wider = layers[max(layer - 1, 0)]
    around = wider.areas[wider.labels.ravel()[pieces.spots] - 1]
    stable = 1 / (1 + np.log(around / pieces.areas))
    fit = stable * pieces.areas**0.2 * pieces.edge * np.sqrt(pieces.plain)
    away = distances(pieces, model)
    for number in np.flatnonzero(good):
        yield Candidate(float(fit[number]), float(away[number]), layer, int(number) + 1)


def distances(pieces: Pieces, model: Pieces) -> NDArray[np.float64]:
    """How little each piece is like the object."""
    area = np.abs(np.log(pieces.areas / model.areas[0]))
    # A thin object may have been opened away, and then does not stand out at all.
    own = max(float(model.colors[0, 0]), 0.01)
    strength = np.abs(np.log(np.maximum(pieces.colors[:, 0], 0.01) / own))
    edge = np.maximum(np.log(model.edge[0] / np.maximum(pieces.edge, 1e-3)), 0)
    plain = np.maximum(np.log(model.plain[0] / np.maximum(pieces.plain, 1e-3)), 0)
    tint = np.hypot(*(pieces.colors[:, 2:] - model.colors[0, 2:]).T) / TINT
    total: NDArray[np.float64] = 0.4 * area + strength + tint + 2 * edge + plain
    return total


def _apart(
    found: list[Candidate], layers: list[Pieces], own: NDArray[np.bool_]
) -> list[tuple[Candidate, Region]]:
    """The clearest of those that overlap; nothing that overlaps the object."""
    from scipy import ndimage as ndi

    taken = own.copy()
    places = [ndi.find_objects(pieces.labels) for pieces in layers]
    kept = []
    for one in sorted(found, key=lambda candidate: -candidate.fit):
        rows, columns = place = places[one.layer][one.number - 1]
        inside = layers[one.layer].labels[place] == one.number
        if not (taken[place] & inside).any():
            inside = filled(inside)
            taken[place] |= inside
            kept.append((one, (Rect(columns.start, rows.start, columns.stop, rows.stop), inside)))
    return kept


def _levels(
    kept: list[tuple[Candidate, Region]], layers: list[Pieces], region: Region
) -> tuple[Region, ...]:
    """Cut the things, ordered by likeness, into steps of some size."""
    if not kept:
        return ()
    whole = np.zeros(layers[0].labels.shape, np.bool_)
    whole[region[0].slices] = region[1]
    before = int(np.count_nonzero(whole))
    kept.sort(key=lambda pair: pair[0].away)
    ends = np.unique(np.linspace(1, len(kept), LEVELS).round().astype(int))
    levels, start = [], 0
    for end in ends:
        for _, (box, inside) in kept[start:end]:
            whole[box.slices] |= inside
        start = int(end)
        area = int(np.count_nonzero(whole))
        if area > before * STEP or (end == ends[-1] and area > before):
            box, inside = cropped(Rect.of_shape(whole.shape), whole)
            levels.append((box, inside.copy()))
            before = area
    return tuple(levels)
