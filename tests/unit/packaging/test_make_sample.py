from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def cell_images(script):
    return script("cell_images")


@pytest.fixture
def make_sample(script):
    return script("make_sample")


def test_the_same_seed_draws_the_same_image(cell_images):
    first, first_truth = cell_images.draw(5, 96, 64)
    again, again_truth = cell_images.draw(5, 96, 64)
    assert first.shape == (64, 96, 3)
    assert np.array_equal(first, again)
    assert np.array_equal(first_truth, again_truth)
    other, _ = cell_images.draw(6, 96, 64)
    assert not np.array_equal(first, other)


def test_varied_looks_draw_all_three_classes_and_every_kind_of_light(cell_images):
    rng = np.random.default_rng(0)
    looks = [cell_images.varied_look(rng) for _ in range(12)]
    assert {look.dark_field for look in looks} == {True, False}
    assert {look.colour for look in looks} == {0.0, 1.0}
    for seed, look in enumerate(looks[:4]):
        image, truth = cell_images.draw(seed, 128, 128, look)
        assert image.dtype == truth.dtype == np.uint8
        assert set(np.unique(truth)) <= {0, 1, 2}
        grey = np.ptp(image.astype(int), axis=-1)
        # lamp colour remains on a grey camera, nothing else
        assert look.colour == 1.0 or np.median(grey) < 40


def test_the_committed_sample_is_what_the_script_draws(make_sample):
    number = make_sample.COMPLETE[0]
    image, truth = make_sample.sample_image(number)
    folder = make_sample.RESOURCES / "sample"
    stored = np.asarray(Image.open(folder / "masks" / f"slide-{number:02d}.png"))
    assert np.array_equal(stored, truth)
    jpeg = io.BytesIO()
    Image.fromarray(image).save(jpeg, "JPEG", quality=make_sample.JPEG_QUALITY)
    stored_image = np.asarray(Image.open(folder / "images" / f"slide-{number:02d}.jpg"), int)
    # another libjpeg may round differently
    assert np.abs(stored_image - np.asarray(Image.open(jpeg), int)).max() <= 4


def test_strokes_stay_inside_their_class_and_touch_each(make_sample):
    _, truth = make_sample.sample_image(make_sample.STROKED[0])
    mask = make_sample.strokes(truth, 1)
    painted = mask != 255
    assert 0.005 < painted.mean() < 0.15
    assert np.array_equal(mask[painted], truth[painted])
    assert set(np.unique(mask)) == {0, 1, 2, 255}
