from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import ndimage as ndi

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import drain
from unet_gui.regions import superpixels
from unet_gui.regions.superpixels import Superpixels


@pytest.fixture
def image():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:90, :130]
    pixels = np.where((x + y // 2) % 60 < 30, 70, 180)[..., None] + rng.normal(0, 12, (90, 130, 3))
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(superpixels, "BLOCK", 40)


def cells_of(image, size=10, **more):
    return Superpixels(lambda r: image[r.slices], Rect.of_shape(image.shape), size, **more)


@pytest.mark.usefixtures("small_blocks")
def test_a_pixel_has_one_cell_wherever_it_is_asked_from(image):
    whole = cells_of(image).names(Rect(0, 0, 130, 90))
    other = cells_of(image)
    for rect in (Rect(30, 20, 95, 70), Rect(129, 89, 130, 90), Rect(0, 38, 130, 42)):
        assert np.array_equal(other.names(rect), whole[rect.slices])


@pytest.mark.usefixtures("small_blocks")
def test_cells_are_about_as_large_as_asked_and_follow_edges(image):
    names = cells_of(image).names(Rect(0, 0, 130, 90))
    keys, index, sizes = np.unique(names, return_inverse=True, return_counts=True)
    whole = ~np.isin(keys, np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]]))
    assert np.median(sizes[whole]) == pytest.approx(100, rel=0.2)
    dark = image[..., 1] < 125
    share = np.bincount(index.ravel(), dark.ravel()) / sizes
    assert (np.minimum(share, 1 - share) < 0.2).mean() > 0.75


@pytest.mark.usefixtures("small_blocks")
def test_what_is_covered_is_whole_cells_around_the_footprint(image):
    cells = cells_of(image)
    names = cells.names(Rect(0, 0, 130, 90))
    rect = Rect(-5, 30, 60, 50)
    where = np.zeros((20, 65), bool)
    where[5:9, 3:60] = True
    box, inside = cells.covered(rect, where)
    marked = np.zeros(names.shape, bool)
    marked[35:39, :55] = True
    expected = np.isin(names, names[marked])
    found = np.zeros(names.shape, bool)
    found[box.slices] = inside
    assert np.array_equal(found, expected)
    again = cells.covered(box, inside)
    assert again[0] == box
    assert np.array_equal(again[1], inside)


def test_nothing_is_covered_outside_or_by_nothing(image):
    cells = cells_of(image)
    assert cells.covered(Rect(200, 0, 210, 5), np.ones((5, 10), bool))[0] == EMPTY
    assert cells.covered(Rect(0, 0, 10, 5), np.zeros((5, 10), bool))[0] == EMPTY
    assert cells.cell_at(-1, 3)[0] == EMPTY


def test_a_cell_is_one_piece_and_holds_its_pixel(image):
    cells = cells_of(image)
    for x, y in ((0, 0), (129, 89), (64, 40)):
        rect, where = cells.cell_at(x, y)
        assert where[y - rect.y0, x - rect.x0]
        assert ndi.label(where)[1] == 1


def test_borders_lie_between_cells(image):
    cells = cells_of(image)
    names = cells.names(Rect(0, 0, 130, 90))
    edge = cells.borders(Rect(0, 0, 130, 90))
    inner = names[:-1, :-1]
    differs = (inner != names[:-1, 1:]) | (inner != names[1:, :-1])
    assert np.array_equal(edge[:-1, :-1], differs)
    assert not edge[-1, -1]


@pytest.mark.usefixtures("small_blocks")
def test_what_is_prepared_is_ready(image):
    cells = cells_of(image)
    rect = Rect(50, 40, 60, 50)
    assert not cells.ready(rect)
    drain(cells.prepare(rect))
    assert cells.ready(rect)
    assert not cells.ready(Rect(0, 0, 130, 90))
    assert list(cells.prepare(rect)) == []


@pytest.mark.usefixtures("small_blocks")
def test_old_blocks_are_forgotten_and_found_again_the_same(image, monkeypatch):
    cells = cells_of(image)
    monkeypatch.setattr(cells, "_keep", 2)
    first = cells.names(Rect(0, 0, 40, 40))
    cells.names(Rect(0, 0, 130, 90))
    assert len(cells._blocks) == 2
    assert np.array_equal(cells.names(Rect(0, 0, 40, 40)), first)


@pytest.mark.usefixtures("small_blocks")
def test_threads_agree(image):
    cells = cells_of(image)
    rects = [Rect(0, 0, 130, 90)] * 4
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(cells.names, rects)
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2)])
def test_tiny_images_and_one_colour(shape):
    cells = cells_of(np.full((*shape, 3), 9, np.uint8))
    bounds = Rect.of_shape(shape)
    box, inside = cells.covered(bounds, np.ones(shape, bool))
    assert box == bounds
    assert inside.all()


@pytest.mark.usefixtures("small_blocks")
def test_cells_are_found_from_the_middle_outwards(image):
    cells = cells_of(image)
    middle, corner = Rect(60, 40, 61, 41), Rect(0, 0, 1, 1)
    job = cells.prepare(Rect(0, 0, 130, 90))
    next(job)
    while not cells.ready(middle):
        next(job)
    assert not cells.ready(corner)
    list(job)
    assert cells.ready(corner)
