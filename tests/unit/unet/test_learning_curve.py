"""The curve over images, its band, and what is foretold from it."""

import numpy as np
import pytest

from unet_gui.unet.learning_curve import FEWEST, Forecast, curve, forecast


def confusion(iou, pixels=10_000, classes=2):
    """Two classes with this IoU each."""
    wrong = (1 - iou) / (1 + iou)
    table = np.zeros((256, 256), np.int64)
    hit, missed = round(pixels * (1 - wrong)), round(pixels * wrong)
    table[0, 0] = table[1, 1] = hit
    table[0, 1] = table[1, 0] = missed
    return table


def rising(count, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return [
        confusion(float(np.clip(0.9 - 0.4 * n**-0.75 + rng.normal(0, noise), 0.05, 0.99)))
        for n in range(1, count + 1)
    ]


def test_a_point_for_each_image_with_a_band_from_the_second_on():
    points = curve([confusion(0.5), confusion(0.7)])
    assert [p.images for p in points] == [1, 2]
    assert points[0].value == pytest.approx(0.5, abs=1e-3)
    assert np.isnan(points[0].low)
    assert points[1].low < points[1].value < points[1].high
    assert points[1].low > 0.49
    assert points[1].high < 0.71


def test_the_same_images_give_the_same_curve():
    assert curve(rising(9, 0.1))[-1] == curve(rising(9, 0.1))[-1]


def test_old_images_are_left_behind():
    points = curve([confusion(0.1)] * 5 + [confusion(0.9)] * 5)
    assert points[-1].value == pytest.approx(0.9, abs=1e-3)
    assert points[-1].high - points[-1].low < 1e-6


def test_a_class_counts_where_it_occurs():
    without = confusion(0.6)
    without[1] = 0
    found = curve([confusion(0.8), without, confusion(0.8)], 1)
    assert len(found) == 2
    assert curve([without], 1) == []
    assert curve([]) == []
    # what is proposed of a class that is not there is no class of its own
    assert len(curve([without])) == 1


def test_a_clear_curve_is_prolonged():
    # 0.9 - 0.4·n^-0.75 rises by 0.02 from 12 to 20
    found = forecast(rising(12))
    assert found.gain == 0.02
    assert 6 <= found.images <= 10
    assert forecast(rising(12)) == found


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_few_images_say_nothing(count):
    assert forecast(rising(count)) is None


def test_a_flat_curve_says_that_more_would_hardly_help():
    assert forecast([confusion(0.8)] * 20) == Forecast(0, 0.01)


def test_noise_is_seldom_taken_for_a_rise():
    told = [forecast([confusion(float(v)) for v in
            np.clip(np.random.default_rng(s).normal(0.7, 0.1, 15), 0.05, 0.99)])
            for s in range(30)]  # fmt: skip
    assert sum(f is not None and f.images > 0 for f in told) <= 4


def test_what_is_told_is_near_the_truth():
    told = [forecast(rising(20, 0.02, seed)) for seed in range(20)]
    told = [f.images for f in told if f is not None and f.images]
    assert len(told) >= 5
    # 27 by the law it was drawn from
    assert 9 <= np.median(told) <= 54
