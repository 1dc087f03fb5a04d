"""What images labelled whole teach, whatever they look like and whatever happens meanwhile."""

import numpy as np
import pytest

from tests.unit.unet.instant.conftest import FP32, QUICK, striped
from unet_gui.core.progress import drain
from unet_gui.unet.instant import live, tiles, whole
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.live import LiveLearner, View

SHAPE = (96, 64)


@pytest.fixture
def learner(small_weights, monkeypatch, tmp_path):
    monkeypatch.setattr(live, "LIVE", QUICK)
    monkeypatch.setattr(whole, "CONTEXT_STEPS", 6)
    monkeypatch.setattr(whole, "MORE_CONTEXT_STEPS", 3)
    return LiveLearner(small_weights, 3, FP32, FeatureCache(tmp_path / "features"))


@pytest.fixture
def half_grey(drawn, monkeypatch):
    """An image of six tiles: white in the upper half, as slides are beside the tissue."""
    monkeypatch.setattr(tiles, "TILE", 32)
    monkeypatch.setattr(tiles, "WHOLE", 48)
    monkeypatch.setattr(tiles, "MARGIN", 0)
    monkeypatch.setattr(whole, "PART", 16)
    image, truth = drawn(0, SHAPE)
    image[:48] = 255
    return View("0.png", truth.shape, lambda rect: image[rect.slices]), truth


def test_strokes_on_white_and_on_colour_are_learnt_together(learner, half_grey):
    here, truth = half_grey
    drain(learner.study(here, striped(truth)))
    rows = learner._painted["0.png"].rows
    assert len(rows) == (striped(truth) != 255).sum()
    assert rows.filters.shape[1] == learner._free["0.png"].filters.shape[1] == 3
    white = rows.filters[: len(rows) // 3]
    np.testing.assert_array_equal(white, white[:, :1].repeat(3, 1))
    assert (drain(learner.answer(here)).mask != 255).all()


def test_an_image_with_white_parts_is_learnt_from_in_other_light(learner, half_grey, monkeypatch):
    monkeypatch.setattr(whole, "seen_around", lambda tile, shape: whole.Rect.of_shape(shape))
    here, truth = half_grey
    drain(learner.study(here, truth))
    learner.leave(here, truth)
    drain(learner.deepen())
    (other,) = learner._whole.other_light
    assert other.rows.filters.shape[1] == 3
