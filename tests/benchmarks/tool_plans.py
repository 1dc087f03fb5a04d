"""What a scripted person could do next: mistakes, strokes of the brush, tours of superpixels."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order
from scipy.spatial import cKDTree
from skimage.measure import label
from skimage.morphology import skeletonize

from unet_gui.core.geometry import Rect
from unet_gui.regions.cell_colors import CellColors
from unet_gui.regions.superpixels import Superpixels

IGNORE = 255
LONGEST = 400
LOOKED_AT = 300
"""Pixels to each side of the middle of a mistake within which a stroke of the brush is planned."""
CONSIDERED = 4
"""So many mistakes, the largest, are tried before the person gives up."""


@dataclass
class Mistake:
    """A connected region that should be `value` and is not; `inside` is of `rect`'s shape."""

    value: int
    rect: Rect
    inside: np.ndarray

    def middle(self):
        """(x, y), the middle of the pixel deepest inside."""
        deep = ndi.distance_transform_edt(np.pad(self.inside, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(int(deep.argmax()), deep.shape)
        return int(column) + self.rect.x0 + 0.5, int(row) + self.rect.y0 + 0.5


def find_mistakes(current, truth):
    """The largest ones, one after the other."""
    wrong = (current != truth) & (truth != IGNORE)
    labels = label(np.where(wrong, truth.astype(np.int32) + 1, 0), connectivity=1)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    places = ndi.find_objects(labels)
    for number in np.argsort(sizes)[::-1][:CONSIDERED]:
        if sizes[number]:
            rows, columns = place = places[number - 1]
            rect = Rect(columns.start, rows.start, columns.stop, rows.stop)
            inside = labels[place] == number
            row, column = (int(at[0]) for at in np.nonzero(inside))
            yield Mistake(int(truth[rect.y0 + row, rect.x0 + column]), rect, inside)


def gain_of(truth, current, rect, where, value):
    """Pixels put right less pixels put wrong, if `value` were painted there."""
    truth, current = truth[rect.slices], current[rect.slices]
    counts = where & (truth != IGNORE)
    better = counts & (truth == value) & (current != value)
    worse = counts & (truth != value) & (current == truth)
    return int(better.sum()) - int(worse.sum())


# -- brush -------------------------------------------------------------------------------------


def brush_stroke(mistake, truth, current):
    """A stroke through the middle, as wide and as long as gains most: path, diameter, gain."""
    path = middle_line(*near_middle(mistake))
    xs, ys = [p[0] for p in path], [p[1] for p in path]
    bounds = Rect.of_shape(truth.shape)
    area = Rect(min(xs), min(ys), max(xs) + 1, max(ys) + 1).expanded(64).intersection(bounds)
    room = ndi.distance_transform_edt(truth[area.slices] == mistake.value)
    widths = [room[y - area.y0, x - area.x0] for x, y in path]
    best = None
    for diameter in {max(1, round(2 * np.percentile(widths, q)) - 1) for q in (5, 25, 50, 75, 100)}:
        part = longest_run(path, [2 * w >= 0.8 * diameter for w in widths])
        line = np.ones((area.height, area.width), bool)
        for x, y in part:
            line[y - area.y0, x - area.x0] = False
        covered = ndi.distance_transform_edt(line) <= diameter / 2
        gain = gain_of(truth, current, area, covered, mistake.value)
        if best is None or gain > best[2]:
            best = thinned([(x + 0.5, y + 0.5) for x, y in part]), diameter, gain
    return best


def near_middle(mistake):
    """The part of a large mistake around its middle, and where that lies."""
    if max(mistake.rect.width, mistake.rect.height) <= 2 * LOOKED_AT:
        return mistake.inside, mistake.rect
    x, y = (math.floor(at) for at in mistake.middle())
    near = Rect(x, y, x + 1, y + 1).expanded(LOOKED_AT).intersection(mistake.rect)
    inside = mistake.inside[near.moved(-mistake.rect.x0, -mistake.rect.y0).slices]
    labels, _ = ndi.label(inside)
    return labels == labels[y - near.y0, x - near.x0], near


def middle_line(inside, rect):
    """Pixels (x, y) of the longest way through the skeleton."""
    thin = skeletonize(inside)
    if not thin.any():
        thin = inside
    labels, _ = ndi.label(thin, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    rows, columns = np.nonzero(labels == sizes.argmax())
    graph = neighbours(rows, columns, inside.shape)
    far = breadth_first_order(graph, 0, directed=False)[0][-1]
    order, before = breadth_first_order(graph, far, directed=False)
    at, path = order[-1], []
    while at >= 0:
        path.append((int(columns[at]) + rect.x0, int(rows[at]) + rect.y0))
        at = before[at]
    return path[:LONGEST]


def neighbours(rows, columns, shape):
    """Sparse graph of 8-connected pixels."""
    number = np.full((shape[0] + 2, shape[1] + 2), -1)
    number[rows + 1, columns + 1] = np.arange(len(rows))
    pairs = []
    for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = number[rows + 1 + dy, columns + 1 + dx]
        pairs.append(np.stack([np.flatnonzero(other >= 0), other[other >= 0]]))
    a, b = np.concatenate(pairs, axis=1)
    return coo_matrix((np.ones(len(a)), (a, b)), shape=(len(rows), len(rows))).tocsr()


def longest_run(path, good):
    """The longest stretch of `path` that is good all along; its middle if none is."""
    runs, start = [], None
    for i, fine in enumerate([*good, False]):
        if fine and start is None:
            start = i
        elif not fine and start is not None:
            runs.append((start, i))
            start = None
    if not runs:
        return path[len(path) // 2 : len(path) // 2 + 1]
    first, last = max(runs, key=lambda run: run[1] - run[0])
    return path[first:last]


def thinned(points):
    """Every third point and the last: what a mouse reports."""
    return [*points[:-1:3], points[-1]]


# -- superpixels -------------------------------------------------------------------------------


class CellMap:
    """The superpixels of a whole image, numbered, each with a pixel well inside and its area."""

    def __init__(self, image, size):
        self.size, self.bounds = size, Rect.of_shape(image.shape)
        names = Superpixels(lambda rect: image[rect.slices], self.bounds, size).names(self.bounds)
        self.colors = CellColors(image, names)
        lookup = np.zeros(names.max() - names.min() + 1, np.int32)
        there = np.unique(names)
        lookup[there - names.min()] = np.arange(len(there))
        self.index = lookup[names - names.min()]
        self.areas = np.bincount(self.index.ravel())
        rim = np.zeros(self.index.shape, bool)
        rim[:, :-1] |= self.index[:, :-1] != self.index[:, 1:]
        rim[:-1] |= self.index[:-1] != self.index[1:]
        depth = ndi.distance_transform_edt(np.pad(~rim, 1))[1:-1, 1:-1]
        order = np.argsort(depth.ravel(), kind="stable")
        self.spots = np.zeros(len(there), np.int64)
        self.spots[self.index.ravel()[order]] = order  # the last write is the deepest

    def centres(self, cells):
        """(x, y) floats, n×2."""
        rows, columns = np.divmod(self.spots[cells], self.index.shape[1])
        return np.stack([columns + 0.5, rows + 0.5], axis=1)

    def touched(self, points, among=None, diameter=1):
        """The cells, if `among`, under a brush drawn through the points: a region."""
        xs, ys = on_the_way(points)
        margin = 3 * self.size + diameter
        around = Rect(min(xs), min(ys), max(xs) + 1, max(ys) + 1).expanded(margin)
        around = around.intersection(self.bounds)
        index = self.index[around.slices]
        free = np.ones(index.shape, bool)
        free[np.array(ys) - around.y0, np.array(xs) - around.x0] = False
        if diameter > 1:
            free = ndi.distance_transform_edt(free) > diameter / 2
        keep = np.zeros(len(self.areas), bool)
        keep[index[~free]] = True
        if among is not None:
            keep &= among
        return around, keep[index]

    def tour(self, mistake):
        """From cell to cell over those that lie in the mistake mostly, back where it has to be."""
        index = self.index[mistake.rect.slices]
        shares = np.bincount(index[mistake.inside], minlength=len(self.areas)) / self.areas
        good = np.flatnonzero(shares > 0.5)
        if not len(good):
            return []
        kept = np.zeros(len(self.areas), bool)
        kept[good] = True
        edges = set()
        for a, b in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
            both = (a != b) & kept[a] & kept[b]
            edges.update(zip(a[both].tolist(), b[both].tolist(), strict=True))
        return walk(edges, dict(zip(good.tolist(), self.centres(good), strict=True)))

    def sweep(self, mistake, share, truth, current, diameter):
        """With Shift: over all cells like one in the middle of the mistake that are wrong, too.

        Returns the path and the region it paints; None where the first cell is not a wrong one.
        """
        x, y = (math.floor(at) for at in mistake.middle())
        first = int(self.index[y, x])
        alike = np.zeros(len(self.areas), bool)
        alike[self.index[self.colors.unlikeness(x, y) <= share]] = True
        value = mistake.value
        counts = truth != IGNORE
        better = self.counted(counts & (truth == value) & (current != value))
        worse = self.counted(counts & (truth != value) & (current == truth))
        wanted = alike & (better > worse)
        if not wanted[first]:
            return None
        wanted[first] = False
        centres = self.centres(np.flatnonzero(wanted))
        path = nearest_next((x + 0.5, y + 0.5), centres, 0.4 * diameter)
        return path, self.touched(path, alike, diameter)

    def counted(self, marked):
        return np.bincount(self.index[marked], minlength=len(self.areas))


def nearest_next(start, points, reach):
    """A way through or within `reach` of all points, each time to the nearest that is left."""
    path, tree = [start], cKDTree(points) if len(points) else None
    left = np.ones(len(points), bool)
    while left.any():
        count = 8
        while True:
            near = np.atleast_1d(tree.query(path[-1], k=min(count, len(points)))[1])
            free = near[left[near]]
            if len(free):
                break
            count *= 4
        left[free[0]] = False
        left[tree.query_ball_point(points[free[0]], reach)] = False
        path.append(tuple(points[free[0]].tolist()))
    return path


def walk(edges, centres):
    """Depth first over the largest connected part, nearest cell next."""
    near = {c: set() for c in centres}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    best, most = [], 0
    left = set(centres)
    while left:
        start = min(left)
        tour, stack, seen = [start], [start], {start}
        while stack:
            at = stack[-1]
            options = [n for n in near[at] if n not in seen]
            if not options:
                stack.pop()
                if stack:
                    tour.append(stack[-1])
                continue
            following = min(options, key=lambda n: math.dist(centres[at], centres[n]))
            seen.add(following)
            stack.append(following)
            tour.append(following)
        left -= seen
        if len(seen) > most:
            last = max({c: i for i, c in reversed(list(enumerate(tour)))}.values())
            best, most = tour[: last + 1], len(seen)  # the way back from the last is not needed
    return [tuple(centres[c].tolist()) for c in best]


def on_the_way(points):
    """Columns and rows of the pixels passed by straight lines through the points."""
    xs, ys = [math.floor(points[0][0])], [math.floor(points[0][1])]
    for a, b in itertools.pairwise(points):
        count = max(2, math.ceil(math.dist(a, b)) + 1)
        xs += np.floor(np.linspace(a[0], b[0], count)).astype(int).tolist()
        ys += np.floor(np.linspace(a[1], b[1], count)).astype(int).tolist()
    return xs, ys
