from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage as ndi

from unet_gui.core.geometry import Rect
from unet_gui.regions.objects import ObjectFinder


def overlap(region, truth):
    rect, where = region
    found = np.zeros(truth.shape, bool)
    found[rect.slices] = where
    return (found & truth).sum() / (found | truth).sum()


def check(nested, shape, x, y):
    """Inside the window, each within the next and larger, no holes, the pixel in all."""
    assert 0 <= nested.start < nested.count
    before = None
    for level in range(nested.count):
        rect, where = nested.region(level)
        assert Rect.of_shape(shape).contains(rect)
        assert where.shape == (rect.height, rect.width)
        whole = np.zeros(shape, bool)
        whole[rect.slices] = where
        assert whole[y, x]
        assert np.array_equal(ndi.binary_fill_holes(whole), whole)
        if before is not None:
            assert not (before & ~whole).any()
            assert whole.sum() > before.sum()
        before = whole


tiny = st.tuples(st.integers(1, 20), st.integers(1, 20)).flatmap(
    lambda s: st.tuples(
        arrays(np.uint8, (*s, 3), elements=st.sampled_from([0, 90, 100, 255])),
        arrays(np.uint8, s, elements=st.sampled_from([0, 1, 255])),
        arrays(np.uint8, s),
    )
)


@settings(max_examples=30, deadline=None)
@given(tiny, st.data())
def test_regions_are_nested_whatever_the_image(parts, data):
    image, classes, confidence = parts
    y = data.draw(st.integers(0, image.shape[0] - 1))
    x = data.draw(st.integers(0, image.shape[1] - 1))
    shape = image.shape[:2]
    check(ObjectFinder(image).propose(x, y), shape, x, y)
    check(ObjectFinder(image, classes=classes).propose(x, y), shape, x, y)
    finder = ObjectFinder(image, classes=classes, confidence=confidence)
    check(finder.propose(x, y), shape, x, y)


def test_a_click_on_a_drawn_thing_gives_it(drawn):
    image, truth = drawn(1, (120, 80))
    for value, (x, y) in {1: (36, 40), 2: (90, 40)}.items():
        nested = ObjectFinder(image).propose(x, y)
        check(nested, truth.shape, x, y)
        assert overlap(nested.region(nested.start), truth == value) > 0.85


def test_what_reaches_far_from_the_click_is_not_cut_off():
    image = np.full((60, 700, 3), 200, np.uint8)
    image[20:40, 30:670] = (60, 90, 40)
    image = (image + np.random.default_rng(0).integers(0, 9, image.shape)).astype(np.uint8)
    nested = ObjectFinder(image).propose(100, 30)
    truth = np.zeros(image.shape[:2], bool)
    truth[20:40, 30:670] = True
    assert overlap(nested.region(nested.start), truth) > 0.9


def test_the_ring_around_something_labelled_is_found_and_every_level_shows():
    y, x = np.mgrid[:120, :120]
    away = np.hypot(x - 60, y - 60)
    image = np.where((away < 40)[..., None], (170, 120, 190), (235, 230, 210))
    image[away < 26] = (70, 20, 110)
    image[np.hypot(x - 60, y + 2) < 24] = (215, 130, 130)  # a neighbour that touches
    image = (image + np.random.default_rng(2).integers(-5, 6, image.shape)).astype(np.uint8)
    kernel = away < 26
    nested = ObjectFinder(image, taken=kernel).propose(60, 93)
    check(nested, kernel.shape, 60, 93)
    rect, where = nested.region(nested.start)
    assert overlap((rect, where & ~kernel[rect.slices]), (away < 40) & ~kernel) > 0.85
    areas = [int((inside & ~kernel[box.slices]).sum()) for box, inside in nested.regions]
    assert all(after > 1.03 * before for before, after in itertools.pairwise(areas))


def test_one_colour_gives_something():
    nested = ObjectFinder(np.full((30, 30, 3), 50, np.uint8)).propose(3, 4)
    check(nested, (30, 30), 3, 4)
    assert nested.region(-5)[0] == nested.region(0)[0]
    assert nested.region(99)[0] == nested.region(nested.count - 1)[0]


def test_a_predicted_region_comes_first(drawn):
    image, truth = drawn(2, (120, 80))
    predicted = np.zeros_like(truth)
    predicted[10:30, 10:40] = 1
    confidence = np.full(truth.shape, 200, np.uint8)
    confidence[15:25, 20:30] = 255
    nested = ObjectFinder(image, classes=predicted, confidence=confidence).propose(25, 20)
    check(nested, truth.shape, 25, 20)
    assert overlap(nested.region(nested.start), predicted == 1) == 1
    assert overlap(nested.region(0), predicted == 1) < 0.5
    assert nested.region(nested.count - 1)[1].sum() > 20 * 30


def test_a_prediction_that_is_all_around_says_nothing(drawn):
    image, truth = drawn(1, (120, 80))
    everywhere = np.zeros_like(truth)
    nested = ObjectFinder(image, classes=everywhere).propose(36, 40)
    assert overlap(nested.region(nested.start), truth == 1) > 0.85


@pytest.mark.parametrize(("name", "least"), [("wbc", 0.8), ("nuclei", 0.65)])
def test_the_first_guess_is_often_the_object(shared_data, name, least):
    folder = shared_data(name)
    found = []
    for path in sorted((folder / "images").iterdir())[1:12:2]:
        image = np.asarray(Image.open(path).convert("RGB"))[:300, :300]
        truth = np.asarray(Image.open(folder / "masks" / f"{path.stem}.png"))[:300, :300]
        labels, _ = ndi.label(truth == truth.max())
        thing = labels == np.bincount(labels[labels > 0]).argmax()
        # A person clicks in the middle of it; the border of the image is not that.
        depth = ndi.distance_transform_edt(np.pad(thing, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        nested = ObjectFinder(image).propose(int(x), int(y))
        found.append(overlap(nested.region(nested.start), thing))
    assert np.mean(found) > least
