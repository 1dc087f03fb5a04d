"""Measures of nested regions, all levels in one go, against one region at a time."""

import math

import numpy as np
import pytest
from scipy import ndimage as ndi

from unet_gui.core.geometry import Rect
from unet_gui.regions.known import known_things
from unet_gui.regions.likely import RING, likelihoods, measured
from unet_gui.regions.margins import widened

SIDE = 60
Y, X = np.mgrid[:SIDE, :SIDE]


def discs(*radii, x=30, y=30):
    """Nested discs as regions, smallest first."""
    return tuple(cut(np.hypot(X - x, Y - y) < radius) for radius in radii)


def cut(whole):
    rows, columns = np.flatnonzero(whole.any(1)), np.flatnonzero(whole.any(0))
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return box, whole[box.slices]


def scene(seed=0):
    """A red disc of radius 15 on green, a little noise; colours and edge strength."""
    inside = np.hypot(X - 30, Y - 30) < 15
    colors = np.where(inside, np.array([50, 40, 20])[:, None, None], [[[60]], [[-40]], [[10]]])
    colors = colors + np.random.default_rng(seed).normal(0, 1, (3, SIDE, SIDE))
    colors = ndi.gaussian_filter(colors, (0, 1, 1)).astype(np.float32)
    return colors, ndi.gaussian_gradient_magnitude(colors[1], 1).astype(np.float32)


@pytest.mark.parametrize("taken", [None, np.s_[20:34, 24:33]])
@pytest.mark.parametrize(("x", "y"), [(30, 30), (6, 30), (58, 57)])
def test_measures_of_a_chain_are_those_of_each_region(x, y, taken):
    colors, edges = scene()
    chain = discs(5, 9, 15, 22, x=x, y=y)
    usual = 2.0
    free = np.ones(edges.shape, bool)
    if taken is not None:
        free[taken] = False
    found = measured(chain, colors, edges, usual, None if taken is None else free)
    for level, (box, inside) in enumerate(chain):
        region = np.zeros(edges.shape, bool)
        region[box.slices] = inside
        held, other = region & free, ~region & free
        rim, outer = held & widened(other, 1), other & widened(held, 1)
        roots = np.sqrt(edges)
        ends = sum(int(side.sum()) for side in (held[0], held[-1], held[:, 0], held[:, -1]))
        ring_in, ring_out = held & widened(other, RING), other & widened(held, RING)
        apart = colors[:, ring_in].mean(1) - colors[:, ring_out].mean(1)
        length = rim.sum() + ends
        assert found.whole[level] == region.sum()
        assert found.area[level] == held.sum()
        assert found.length[level] == length
        assert found.cut[level] == pytest.approx(ends / length)
        assert found.edge[level] == pytest.approx(roots[rim | outer].mean(), rel=1e-4)
        assert found.strong[level] == pytest.approx((roots[rim | outer] > 0.6 * usual).mean())
        assert found.contrast[level] == pytest.approx(math.hypot(*apart), rel=1e-3)
        assert found.plain[level] == pytest.approx(min(1, 4 * math.pi * held.sum() / length**2))
        assert np.allclose(found.colors[level], colors[:, held].mean(1), atol=1e-3)
        spread = math.sqrt(colors[:, held].var(1).sum())
        assert found.spread[level] == pytest.approx(spread, abs=0.05)
    assert (found.grown >= 0).all()


def test_the_region_that_ends_at_the_edge_is_the_likeliest():
    colors, edges = scene()
    scores = likelihoods(discs(4, 8, 12, 15, 19, 26), colors, edges, 2.0)
    assert int(scores.argmax()) == 3


def test_what_is_labelled_otherwise_is_no_part_of_the_likeliest():
    """A blue kernel labelled already, in the red disc, looks no longer like the thing sought."""
    colors, edges = scene()
    kernel = np.hypot(X - 30, Y - 30) < 8
    colors[:, kernel] = np.array([20, 10, -60], np.float32)[:, None]
    edges = np.maximum(edges, 40 * (widened(kernel, 1) & widened(~kernel, 1))).astype(np.float32)
    chain = discs(6, 8, 15, 22)
    plain, led = (likelihoods(chain, colors, edges, 2.0, free=f) for f in (None, ~kernel))
    assert int(led.argmax()) == 2
    assert led[2] - led[1] > plain[2] - plain[1] + 10
    assert led[2] - led[3] > 10


def test_a_few_pixels_are_never_the_likeliest():
    colors, edges = scene()
    scores = likelihoods(discs(1.5, 2, 15), colors, edges, 2.0)
    assert int(scores.argmax()) == 2
    assert scores[0] < scores[2] - 100


def test_what_is_labelled_speaks_for_things_of_its_size_and_colour():
    colors, edges = scene()
    labelled = np.zeros((SIDE, SIDE), bool)
    labelled[2:8, 2:8] = True
    colors[:, labelled] = np.array([50, 40, 20], np.float32)[:, None]
    known = known_things(colors, labelled)
    assert known.areas.tolist() == [36]
    assert known.along[30, 30] > known.along[10, 50]
    chain = discs(3.5, 15)
    plain, led = (likelihoods(chain, colors, edges, 2.0, k) for k in (None, known))
    assert led[0] - led[1] > plain[0] - plain[1]


def test_nothing_is_known_from_specks_or_from_nearly_everything():
    colors, _ = scene()
    labelled = np.zeros((SIDE, SIDE), bool)
    assert known_things(colors, labelled) is None
    labelled[3, 3:9] = True
    assert known_things(colors, labelled) is None
    labelled[:50] = True
    assert known_things(colors, labelled) is None
