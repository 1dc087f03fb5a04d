import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core.brush import brush_spans, segment_footprint, swept
from unet_gui.core.footprint import Pixels, Spans
from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE, key_rect

BOUNDS = Rect(0, 0, 60, 50)
near = st.tuples(st.floats(-20, 80), st.floats(-20, 70))
areas = st.builds(
    lambda x, y, w, h: Rect(x, y, x + w, y + h),
    st.integers(-5, 60), st.integers(-5, 50), st.integers(1, 40), st.integers(1, 40),
)  # fmt: skip


def full(footprint, area=BOUNDS):
    out = np.zeros((BOUNDS.height, BOUNDS.width), bool)
    rect, where = footprint.cut(area)
    out[rect.slices] = True if where is None else where
    return out


def inside(area):
    out = np.zeros((BOUNDS.height, BOUNDS.width), bool)
    out[area.intersection(BOUNDS).slices if not area.intersection(BOUNDS).empty else (0, [])] = True
    return out


@given(near, near, st.floats(1, 40), st.booleans(), areas)
def test_a_cut_of_spans_is_their_part_inside(a, b, diameter, square, area):
    spans = brush_spans(a, b, diameter, BOUNDS, square=square)
    assert np.array_equal(full(spans, area), full(spans) & inside(area))
    assert np.array_equal(full(spans.pixels()), full(spans))


@given(areas, st.integers(0, 3))
def test_a_cut_of_pixels_is_their_part_inside(area, seed):
    rect = Rect(5, 4, 35, 40)
    where = np.random.default_rng(seed).random((rect.height, rect.width)) < 0.3
    pixels = Pixels(rect, where)
    assert np.array_equal(full(pixels, area), full(pixels) & inside(area))


def test_all_pixels_need_no_array():
    assert Pixels(Rect(2, 2, 9, 9)).cut(Rect(4, 0, 20, 20)) == (Rect(4, 2, 9, 9), None)


def test_a_tile_in_the_middle_of_a_large_brush_needs_no_array():
    spans = brush_spans((30, 25), (30, 25), 400, BOUNDS)
    assert spans.cut(Rect(10, 10, 20, 20)) == (Rect(10, 10, 20, 20), None)


def test_no_rows_cover_nothing():
    nothing = np.zeros(0, np.int64)
    rect, _ = Spans(Rect(0, 0, 0, 0), nothing, nothing).cut(BOUNDS)
    assert rect.empty


@given(near, near, st.floats(1, 30))
def test_a_square_brush_covers_every_square_on_its_way(a, b, side):
    rect, covered = segment_footprint(a, b, side, BOUNDS, square=True)
    got = np.zeros((BOUNDS.height, BOUNDS.width), bool)
    got[rect.slices] = covered
    ys, xs = np.indices(got.shape) + 0.5
    near_it, far = np.zeros_like(got), np.ones_like(got)
    # by the side of the way, a pixel is out of reach of the square wherever it stands
    for t in np.linspace(0, 1, 400):
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        reach = np.maximum(np.abs(xs - x), np.abs(ys - y))
        near_it |= reach < side / 2 - 1e-3
        far &= reach > side / 2 + 0.5
    assert got[near_it].all()
    for x, y in (a, b):
        if 0 <= x < BOUNDS.width and 0 <= y < BOUNDS.height:
            far[int(y), int(x)] = False
    assert not got[far].any()


def by_tiles(runs, bounds):
    """What runs cover, put together tile by tile, and how often."""
    out = np.zeros((-(-bounds.height // TILE) * TILE, -(-bounds.width // TILE) * TILE), int)
    for key in runs.rect.tiles(TILE):
        tile = np.zeros(TILE * TILE, int)
        np.add.at(tile, runs.places(key), 1)
        out[key_rect(key).slices] = tile.reshape(TILE, TILE)
    return out[: bounds.height, : bounds.width]


wide = st.tuples(st.floats(-100, 700), st.floats(-100, 600))


@given(wide, wide, st.floats(1, 700), st.booleans())
@settings(deadline=None, max_examples=60)
def test_what_a_brush_newly_covers_is_its_way_without_where_it_was(a, b, diameter, square):
    bounds = Rect(0, 0, 600, 500)
    way, was = np.zeros((500, 600), bool), np.zeros((500, 600), bool)
    for out, end in ((way, b), (was, a)):
        rect, where = segment_footprint(a, end, diameter, bounds, square=square)
        out[rect.slices] = where
    for new, wanted in ((False, way), (True, way & ~was)):
        runs = swept(a, b, diameter, bounds, square=square, new=new)
        assert np.array_equal(by_tiles(runs, bounds), wanted)
