"""A scripted person who labels an image from its truth with one of the painting tools.

It looks for the largest connected mistake, then either draws a brush stroke along its middle with
the width that gains most, or, where that gains more, uses the assisted tool: the superpixel brush
drawn over the cells that belong there, or a click in the middle of the mistake. Then it turns the
wheel to the level that looks best, and from there with Shift to all that is alike as long as it
looks better still. Looking is knowing the truth, as a person who sees the preview does; each level
turned past is counted. The hand is steady but the brush is round: what it paints over the border
has to be painted back.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage as ndi
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order
from skimage.morphology import skeletonize

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.regions.objects import ObjectFinder
from unet_gui.regions.superpixels import Superpixels

IGNORE = 255
SIZES = (8, 12, 18, 27, 40, 60)
LONGEST = 400
VIEW = 256
WORTH = 1.0
"""The assisted tool is tried first; the person takes the brush when that gains more."""
TOOLS = ("brush", "superpixels", "smart click")


@dataclass
class Effort:
    """What labelling took: `travel` and `drawn` in image diagonals."""

    strokes: int = 0
    assisted: int = 0
    levels: int = 0
    travel: float = 0.0
    drawn: float = 0.0
    right: float = 0.0


@dataclass
class Action:
    """Something the person could do next: `gain` is pixels put right less pixels put wrong."""

    path: list[tuple[float, float]]
    gain: int
    diameter: float = 1.0
    region: tuple[Rect, np.ndarray] | None = None
    levels: int = 0


@dataclass
class Mistake:
    """The largest connected region that should be `value` and is not; arrays of `rect`'s shape."""

    value: int
    rect: Rect
    inside: np.ndarray
    path: list[tuple[int, int]] = field(default_factory=list)


class Robot:
    """Labels `image` (H×W×3) with the help of `tool` until `target` of the pixels equal `truth`."""

    def __init__(self, image, truth, tool, *, blank=0):
        self.image, self.truth, self.tool = image, truth, tool
        self.document = Document.blank(*truth.shape)
        self.document.apply("All background", self.document.bounds, blank)
        self.current = self.document.mask.copy()
        self.bounds = Rect.of_shape(truth.shape)
        self.effort = Effort()
        self.at = (truth.shape[1] / 2, truth.shape[0] / 2)
        self.cells = {}
        self.size = 18

    def label(self, target, most=600):
        """Work until the target, the last possible gain or `most` strokes."""
        diagonal = math.hypot(*self.truth.shape)
        while self.accuracy() < target and self.effort.strokes < most:
            mistake = find_mistake(self.current, self.truth)
            if mistake is None:
                break
            action = self.choose(mistake)
            if action is None or action.gain <= 0:
                break
            self.act(action, mistake.value)
        self.effort.travel /= diagonal
        self.effort.drawn /= diagonal
        self.effort.right = self.accuracy()
        return self.effort

    def accuracy(self):
        counts = self.truth != IGNORE
        return float((self.current == self.truth)[counts].mean())

    def choose(self, mistake):
        brush = self.brush(mistake)
        helped = None
        if self.tool == "superpixels":
            helped = self.superpixels(mistake)
        elif self.tool == "smart click":
            helped = self.smart_click(mistake)
        return helped if helped is not None and helped.gain >= WORTH * brush.gain else brush

    def act(self, action, value):
        """Through the document, as the canvas does it."""
        way = [self.at, *action.path]
        steps = [math.dist(a, b) for a, b in itertools.pairwise(way)]
        self.effort.strokes += 1
        self.effort.levels += action.levels
        self.effort.travel += sum(steps)
        self.effort.drawn += sum(steps[1:])
        self.at = way[-1]
        self.document.begin_stroke(self.tool, value, action.path[0])
        if action.region is not None:
            self.effort.assisted += 1
            self.document.paint(*action.region)
        else:
            for point in action.path:
                self.document.stroke_to(point, action.diameter)
        changed = self.document.end_stroke()
        self.current[changed.slices] = self.document.read(changed)

    def brush(self, mistake):
        """A stroke through the middle, as wide and as long as gains most."""
        path, rect = mistake.path, mistake.rect
        area = rect.expanded(64).intersection(self.bounds)
        room = ndi.distance_transform_edt(self.truth[area.slices] == mistake.value)
        widths = [room[y - area.y0, x - area.x0] for x, y in path]
        best = None
        for radius in {
            max(0.5, float(np.percentile(widths, q)) - 0.5) for q in (5, 25, 50, 75, 100)
        }:
            part = longest_run(path, [w >= 0.8 * radius for w in widths])
            line = np.ones((area.height, area.width), bool)
            for x, y in part:
                line[y - area.y0, x - area.x0] = False
            covered = ndi.distance_transform_edt(line) <= radius
            gain = self.gain(area, covered, mistake.value)
            if best is None or gain > best.gain:
                centres = [(x + 0.5, y + 0.5) for x, y in part]
                best = Action(thinned(centres), gain, diameter=2 * radius)
        return best

    def superpixels(self, mistake):
        """One stroke from cell to cell over all that mostly belong to the mistake."""
        best = None
        for size in SIZES:
            cells = self.cells.setdefault(
                size, Superpixels(lambda r: self.image[r.slices], self.bounds, size)
            )
            tour = cell_tour(cells, mistake)
            if not tour:
                continue
            rect, where = traced(tour, self.bounds)
            region = cells.covered(rect, where)
            gain = self.gain(*region, mistake.value)
            if best is None or gain > best.gain:
                levels = abs(SIZES.index(size) - SIZES.index(self.size))
                best, chosen = Action(tour, gain, region=region, levels=levels), size
        if best is not None and best.gain > 0:
            self.size = chosen
        return best

    def smart_click(self, mistake):
        """A click in the middle of the mistake, at the level that gains most."""
        deep = ndi.distance_transform_edt(np.pad(mistake.inside, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(int(deep.argmax()), deep.shape)
        x, y = int(column) + mistake.rect.x0, int(row) + mistake.rect.y0
        window = Rect(x, y, x, y).expanded(VIEW).intersection(self.bounds)
        finder = ObjectFinder(self.image[window.slices])
        nested = finder.propose(x - window.x0, y - window.y0)
        own, away = self.best_level(nested, range(nested.count), window, mistake.value)
        more = finder.alike(nested, away)
        further = range(away + 1, more.count)
        best, last = self.best_level(more, further, window, mistake.value)
        levels = abs(away - nested.start)
        if best is None or best.gain <= own.gain:
            best = own
        else:
            levels += last - away
        best.path, best.levels = [(x + 0.5, y + 0.5)], levels
        return best

    def best_level(self, nested, levels, window, value):
        """The level that gains most, and which one it is."""
        best, at = None, 0
        for level in levels:
            rect, where = nested.region(level)
            rect = rect.moved(window.x0, window.y0)
            gain = self.gain(rect, where, value)
            if best is None or gain > best.gain:
                best, at = Action([], gain, region=(rect, where)), level
        return best, at

    def gain(self, rect, where, value):
        truth, current = self.truth[rect.slices], self.current[rect.slices]
        counts = where & (truth != IGNORE)
        better = counts & (truth == value) & (current != value)
        worse = counts & (truth != value) & (current == truth)
        return int(better.sum()) - int(worse.sum())


def find_mistake(current, truth):
    """The largest one, or None."""
    best = None
    wrong = (current != truth) & (truth != IGNORE)
    for value in np.unique(truth[wrong]):
        labels, _ = ndi.label(wrong & (truth == value))
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        if best is None or sizes.max() > best[0]:
            best = sizes.max(), int(value), labels == sizes.argmax()
    if best is None:
        return None
    _, value, marked = best
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    rect = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    inside = marked[rect.slices]
    return Mistake(value, rect, inside, middle_line(inside, rect))


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
    """The longest stretch of `path` that is good all along; its best pixel if none is."""
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


def cell_tour(cells, mistake):
    """From cell to cell over those that lie in the mistake mostly, back where it has to be."""
    around = mistake.rect.expanded(2 * cells.size).intersection(cells._bounds)
    names = cells.names(around)
    wanted = np.zeros(names.shape, bool)
    wanted[mistake.rect.moved(-around.x0, -around.y0).slices] = mistake.inside
    keys, index, sizes = np.unique(names, return_inverse=True, return_counts=True)
    index = index.reshape(names.shape)
    good = np.bincount(index[wanted], minlength=len(keys)) > 0.5 * sizes
    if not good.any():
        return []
    centres = deepest(index, good, wanted)
    edges = set()
    for a, b in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
        both = (a != b) & good[a] & good[b]
        edges.update(zip(a[both].tolist(), b[both].tolist(), strict=True))
    return walk(edges, centres, around)


def deepest(index, good, wanted):
    """A pixel well inside each good cell and inside the mistake: {cell: (x, y)}."""
    inner = np.zeros(index.shape, bool)
    inner[:, :-1] |= index[:, :-1] != index[:, 1:]
    inner[:-1] |= index[:-1] != index[1:]
    depth = ndi.distance_transform_edt(~inner & wanted)
    cells = np.flatnonzero(good)
    spots = ndi.maximum_position(depth, index, cells)
    return {int(c): (int(x), int(y)) for c, (y, x) in zip(cells, spots, strict=True)}


def walk(edges, centres, around):
    """Depth first over the largest connected part, nearest cell next."""
    near = {c: set() for c in centres}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    best = []
    left = set(centres)
    while left:
        start = min(left)
        tour, stack, seen = [start], [start], {start}
        while stack:
            at = stack[-1]
            options = [n for n in near[at] if n not in seen]
            if not options:
                stack.pop()
                if stack and len(seen) < len(centres):
                    tour.append(stack[-1])
                continue
            following = min(options, key=lambda n: math.dist(centres[at], centres[n]))
            seen.add(following)
            stack.append(following)
            tour.append(following)
        left -= seen
        last = max(tour.index(c) for c in seen)  # the way back from the last cell is not needed
        if len(seen) > len(set(best)):
            best = tour[: last + 1]
    return [(centres[c][0] + around.x0 + 0.5, centres[c][1] + around.y0 + 0.5) for c in best]


def traced(points, bounds):
    """The pixels a one-pixel brush passes on the way through the points."""
    xs, ys = [math.floor(p[0]) for p in points], [math.floor(p[1]) for p in points]
    rect = Rect(min(xs), min(ys), max(xs) + 1, max(ys) + 1).intersection(bounds)
    where = np.zeros((rect.height, rect.width), bool)
    where[ys[0] - rect.y0, xs[0] - rect.x0] = True
    for a, b in itertools.pairwise(points):
        count = max(2, math.ceil(math.dist(a, b)) + 1)
        x = np.floor(np.linspace(a[0], b[0], count)).astype(int) - rect.x0
        y = np.floor(np.linspace(a[1], b[1], count)).astype(int) - rect.y0
        where[y, x] = True
    return rect, where
