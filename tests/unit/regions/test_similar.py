from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage as ndi

from unet_gui.core.geometry import Rect
from unet_gui.regions.objects import ObjectFinder

Y, X = np.mgrid[:90, :120]


def whole(region, shape):
    rect, where = region
    assert Rect.of_shape(shape).contains(rect)
    out = np.zeros(shape, bool)
    out[rect.slices] = where
    return out


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def discs(*spots):
    """Bright discs (x, y, radius, brightness), blurred a little and noisy; image and truth."""
    grey, truth = np.full(X.shape, 20.0), np.zeros(X.shape, bool)
    for x, y, radius, bright in spots:
        inside = np.hypot(X - x, Y - y) < radius
        grey[inside] = bright
        truth |= inside
    grey = ndi.gaussian_filter(grey, 0.8) + np.random.default_rng(1).normal(0, 2, grey.shape)
    return grey.clip(0, 255).astype(np.uint8)[..., None].repeat(3, 2), truth


tiny = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda s: arrays(np.uint8, (*s, 3), elements=st.sampled_from([0, 90, 100, 255]))
)


@settings(max_examples=40, deadline=None)
@given(tiny, st.data())
def test_each_level_holds_the_one_before_whatever_the_image(image, data):
    shape = image.shape[:2]
    x = data.draw(st.integers(0, shape[1] - 1))
    y = data.draw(st.integers(0, shape[0] - 1))
    finder = ObjectFinder(image)
    nested = finder.propose(x, y)
    level = data.draw(st.integers(-1, nested.count))
    more = finder.alike(nested, level)
    kept = max(0, min(level, nested.count - 1))
    assert more.start in (kept, kept + 1)
    assert np.array_equal(whole(more.region(kept), shape), whole(nested.region(kept), shape))
    before = np.zeros(shape, bool)
    for at in range(more.count):
        now = whole(more.region(at), shape)
        assert not (before & ~now).any()
        assert now.sum() > before.sum()
        before = now


def test_faint_things_are_found_as_well_as_bright_ones():
    image, truth = discs((20, 20, 9, 90), (60, 20, 9, 200), (100, 20, 8, 60), (30, 65, 12, 140))
    finder = ObjectFinder(image)
    nested = finder.propose(20, 20)
    more = finder.alike(nested, nested.start)
    found = whole(more.region(more.count - 1), truth.shape)
    assert ndi.label(found)[1] == 4
    assert overlap(found, truth) > 0.8


def test_the_likest_come_first():
    image, _ = discs((20, 20, 9, 150), (60, 20, 9, 150), (60, 65, 4, 60))
    finder = ObjectFinder(image)
    nested = finder.propose(20, 20)
    first = whole(finder.alike(nested, nested.start).region(nested.start + 1), X.shape)
    assert first[20, 60]
    assert not first[65, 60]


def test_alone_in_view_it_stays_alone():
    image, _ = discs((60, 45, 20, 150))
    finder = ObjectFinder(image)
    nested = finder.propose(60, 45)
    more = finder.alike(nested, nested.start)
    assert more.start == nested.start == more.count - 1


@pytest.mark.parametrize("number", [3, 13, 23])
def test_one_nucleus_leads_to_most_of_them(shared_data, number):
    folder = shared_data("nuclei")
    path = sorted((folder / "images").iterdir())[number]
    image = np.asarray(Image.open(path).convert("RGB"))
    truth = np.asarray(Image.open(folder / "masks" / f"{path.stem}.png")) == 1
    image, truth = image[:360, :360], truth[:360, :360]
    labels, _ = ndi.label(truth)
    sizes = np.bincount(labels.ravel())
    usual = labels == int(np.argsort(sizes[1:])[len(sizes) // 2]) + 1
    depth = ndi.distance_transform_edt(np.pad(usual, 1))[1:-1, 1:-1]
    y, x = (int(at) for at in np.unravel_index(int(depth.argmax()), depth.shape))
    finder = ObjectFinder(image)
    nested = finder.propose(x, y)
    more = finder.alike(nested, nested.start)
    best = max(overlap(whole(more.region(k), truth.shape), truth) for k in range(more.count))
    assert best > 0.6
