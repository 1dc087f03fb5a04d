"""A scripted person who labels an image from its truth with one of the painting tools.

It looks for the largest connected mistake and uses the tool it was given, or the brush where that
gains more. The brush is drawn along the middle with the width and length that gain most. The
superpixel brush is drawn from cell to cell over those that belong there, or with Shift over all in
the image that are like the first. A smart click goes into the middle of the mistake; then the wheel
is turned up and down as long as it gets better, and with Shift to all that is alike. A proposal
that is worth much less than a stroke of the brush is dropped with Esc and the brush is used; after
two of these in a row the person no longer tries it in that class. All presses count as
strokes.

Looking is knowing the truth, as a person does who sees the preview. The hand is steady but the
brush is round: what it paints over the border has to be painted back.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from dataclasses import dataclass

from PySide6.QtCore import Qt
from tool_plans import IGNORE, CellMap, brush_stroke, find_mistakes, gain_of
from tool_window import SHIFT

from unet_gui.gui.canvas.tools.superpixel import ALIKE, USUAL
from unet_gui.gui.state import Tool

SIZES = (5, 8, 12, 18, 27, 40, 60)
WIDTHS = (1, 2, 4)
"""Of the brush for sweeps, in cells."""
TOIL = 0.25
"""Pixels put right that a pixel of the way is worth. Where the target is in reach: the shortest."""
PATIENT = 3
"""Levels of the wheel past the best one before the person turns back."""
ANYWAY = 0.3
"""Of what a stroke of the brush would gain: the click is made already, so this is taken, too."""
TRIES = 2
STUCK = 8
TOOLS = ("brush", "superpixels", "smart click")


@dataclass
class Effort:
    """What labelling took: `travel` and `drawn` in image diagonals, `seconds` of the machine."""

    strokes: int = 0
    assisted: int = 0
    levels: int = 0
    travel: float = 0.0
    drawn: float = 0.0
    right: float = 0.0
    reached: bool = False
    seconds: float = 0.0


@dataclass
class Plan:
    """Something the person could do next: `gain` is pixels put right less pixels put wrong."""

    path: list[tuple[float, float]]
    gain: int
    tool: Tool
    diameter: int = 1
    cell: int | None = None
    levels: int = 0
    alike: int | None = None


class Robot:
    """Labels the image in `hand` with the help of `tool` until `target` of it equals `truth`."""

    def __init__(self, hand, image, truth, tool, *, blank=0, cells=None):
        self.hand, self.image, self.truth, self.tool = hand, image, truth, tool
        self.blank = blank
        self.effort = Effort()
        self.at = (truth.shape[1] / 2, truth.shape[0] / 2)
        self.cells = {} if cells is None else cells
        self.size, self.closeness = 3, USUAL
        self.failed = Counter()
        self.hopeless = set()

    def label(self, target, most=400, seconds=300.0):
        """Work until the target, the last possible gain, `most` strokes or so many seconds."""
        begin, diagonal = time.perf_counter(), math.hypot(*self.truth.shape)
        counted = int((self.truth != IGNORE).sum())
        self.hand.blank(self.blank)
        self.current = self.hand.mask.copy()
        stuck = 0
        while (
            self.accuracy() < target
            and self.effort.strokes < most
            and time.perf_counter() - begin < seconds
        ):
            self.missing = math.ceil((target - self.accuracy()) * counted)
            before = self.accuracy()
            if not self.next():
                break
            self.current = self.hand.mask.copy()
            # A person stops where strokes do not help: after a few, since some spoil a little.
            stuck = stuck + 1 if self.accuracy() <= before else 0
            if stuck > STUCK:
                break
        self.effort.travel /= diagonal
        self.effort.drawn /= diagonal
        self.effort.right = self.accuracy()
        self.effort.reached = self.effort.right >= target
        self.effort.seconds = time.perf_counter() - begin
        return self.effort

    def accuracy(self):
        counts = self.truth != IGNORE
        return float((self.current == self.truth)[counts].mean())

    def next(self):
        """Put one mistake right, the largest that can be. False when none can."""
        for mistake in find_mistakes(self.current, self.truth):
            plan = self.brush(mistake)
            if self.tool == "superpixels":
                helped = self.superpixels(mistake)
                if helped is not None and helped.gain >= plan.gain:
                    plan = helped
            elif self.tool == "smart click" and self.smart_click(mistake, plan.gain):
                return True
            if plan.gain > 0:
                self.draw(plan, mistake.value)
                return True
        return False

    def draw(self, plan, value):
        self.moved(plan.path)
        self.effort.strokes += 1
        self.effort.assisted += plan.tool is not Tool.BRUSH
        self.effort.levels += plan.levels
        self.hand.take(plan.tool, value, diameter=plan.diameter, cell=plan.cell)
        if plan.alike is None:
            self.hand.stroke(plan.path)
            return
        self.hand.hover(plan.path[0], SHIFT)
        self.hand.wheel(plan.path[0], plan.alike - self.closeness, SHIFT)
        self.closeness = plan.alike
        self.hand.stroke(plan.path, SHIFT)

    def moved(self, path):
        drawn = length(path)
        self.effort.travel += math.dist(self.at, path[0]) + drawn
        self.effort.drawn += drawn
        self.at = path[-1]

    def gain(self, rect, where, value):
        return gain_of(self.truth, self.current, rect, where, value)

    # -- brush and superpixels ---------------------------------------------------------------

    def brush(self, mistake):
        path, diameter, gain = brush_stroke(mistake, self.truth, self.current)
        return Plan(path, gain, Tool.BRUSH, diameter=diameter)

    def superpixels(self, mistake):
        """A short stroke that gains much, of cells as large as now or one step of the wheel away.

        At first any size of cells is tried.
        """
        sizes = range(len(SIZES))
        if self.effort.assisted:
            sizes = [index for index in sizes if abs(index - self.size) <= 1]
        plans = [plan for index in sizes for plan in self.plain_tour(mistake, index)]
        # Sweeping with Shift: first the size of the cells, then how alike, then the brush.
        how = self.size, self.closeness, 2
        for part, choices in enumerate((sizes, self.turns(), WIDTHS)):
            tried = [
                plan
                for choice in choices
                for plan in self.sweep(mistake, *how[:part], choice, *how[part + 1 :])
            ]
            if not tried:
                break
            plans += tried
            best = max(tried, key=lambda plan: plan.gain)
            how = SIZES.index(best.cell), best.alike, max(1, best.diameter // best.cell)
        most = max((plan.gain for plan in plans), default=0)
        if most <= 0:
            return None
        enough = [plan for plan in plans if plan.gain >= self.missing]
        best = (
            min(enough, key=lambda plan: length(plan.path))
            if enough
            else max(plans, key=lambda plan: plan.gain - TOIL * length(plan.path))
        )
        self.size = SIZES.index(best.cell)
        return best

    def turns(self):
        """Levels of likeness around the one chosen now."""
        return range(max(self.closeness - 4, 1), min(self.closeness + 5, len(ALIKE)), 2)

    def cell_map(self, size):
        if size not in self.cells:
            self.cells[size] = CellMap(self.image, size)
        return self.cells[size]

    def plain_tour(self, mistake, index):
        cells = self.cell_map(SIZES[index])
        tour = cells.tour(mistake)
        if tour:
            gain = self.gain(*cells.touched(tour), mistake.value)
            levels = abs(index - self.size)
            yield Plan(tour, gain, Tool.SUPERPIXEL, cell=cells.size, levels=levels)

    def sweep(self, mistake, size, alike, width):
        cells = self.cell_map(SIZES[size])
        diameter = 1 if width == 1 else width * cells.size
        swept = cells.sweep(mistake, ALIKE[alike], self.truth, self.current, diameter)
        if swept is not None:
            path, region = swept
            yield Plan(
                path,
                self.gain(*region, mistake.value),
                Tool.SUPERPIXEL,
                diameter=diameter,
                cell=cells.size,
                levels=abs(size - self.size) + abs(alike - self.closeness),
                alike=alike,
            )

    # -- smart click -------------------------------------------------------------------------

    def smart_click(self, mistake, least):
        """Click, turn the wheel, and take it if it is worth `least`. False when it is not."""
        spot = mistake.middle()
        if self.failed[mistake.value] >= TRIES or (spot, mistake.value) in self.hopeless:
            return False
        self.moved([spot])
        self.effort.strokes += 1
        self.hand.take(Tool.SMART, mistake.value)
        self.hand.stroke([spot])
        gain = self.best_level(spot, mistake.value)
        if gain > ANYWAY * least:
            self.failed[mistake.value] = 0
            self.effort.assisted += 1
            self.hand.key(Qt.Key.Key_Return)
            return True
        self.failed[mistake.value] += 1
        self.hopeless.add((spot, mistake.value))
        self.hand.key(Qt.Key.Key_Escape)
        return False

    def best_level(self, spot, value):
        """Turn the wheel to the level that gains most; what that gains."""
        best = self.shown_gain(value)
        for way, modifiers in ((1, None), (-1, None), (1, SHIFT)):
            best = self.turn(spot, value, way, modifiers, best)
        return best

    def turn(self, spot, value, way, modifiers, best):
        """Turn one way as long as it gets better, then back to the best."""
        held = () if modifiers is None else (modifiers,)
        turned, kept = 0, 0
        before = self.hand.region
        while turned - kept < PATIENT:
            self.hand.wheel(spot, way, *held)
            shown = self.hand.region
            if shown is before or shown is None:
                break
            before = shown
            turned += 1
            gain = self.shown_gain(value)
            if gain > best:
                best, kept = gain, turned
        self.hand.wheel(spot, -way * (turned - kept))
        self.effort.levels += turned + turned - kept
        return best

    def shown_gain(self, value):
        region = self.hand.region
        return -1 if region is None else self.gain(*region, value)


def length(path):
    """Its length in pixels."""
    return sum(math.dist(a, b) for a, b in itertools.pairwise(path))
