"""Filters, features, what is remembered, and the cache on disk."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.unet.device import cpu
from unet_gui.unet.instant import tiles as tiling
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.features import extract, filter_image, ready_encoder, sample
from unet_gui.unet.instant.filters import FEATURES, filter_octaves
from unet_gui.unet.instant.learner import new_net
from unet_gui.unet.instant.memory import Painted, evenly, lesson, pick_pixels, remember
from unet_gui.unet.instant.smoothing import smoothed
from unet_gui.unet.instant.tiles import painted_pixels, seen_around, tiles


@pytest.fixture
def look(small_weights):
    net = new_net(small_weights, 3)
    device = cpu()
    encoder = ready_encoder(net, device)
    return lambda image: extract(image, encoder, "unit", device)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 64)])
def test_octaves_halve(noise, size):
    octaves = filter_octaves(noise(*size))
    sizes = [(-(-size[0] // 2**k), -(-size[1] // 2**k)) for k in range(4)]
    assert [o.shape[:2] for o in octaves] == sizes
    assert [o.shape[2:] for o in octaves] == [(3, 10), (3, 5), (3, 5), (3, 5)]
    assert all(np.isfinite(o).all() for o in octaves)


def test_grey_images_are_one_channel(noise):
    grey = noise(24, 24)[..., :1].repeat(3, 2)
    assert all(o.shape[2] == 1 for o in filter_octaves(grey))


def test_a_ramp_has_its_slope_and_no_curvature():
    ramp = np.repeat(np.arange(0, 128, 2, np.uint8)[None], 64, 0)[..., None].repeat(3, 2)
    finest = filter_octaves(ramp)[0][32, 32, 0]
    assert finest[0] == pytest.approx(64 / 255, abs=1e-3)
    assert finest[1] == pytest.approx(2 / 255 * 0.7, rel=0.02)
    assert finest[2:4] == pytest.approx([0, 0], abs=1e-4)


def test_rows_are_what_the_maps_hold(noise, look):
    maps = look(noise(40, 48))
    rows = sample(maps, np.array([3.0, 20.0]), np.array([5.0, 41.0]))
    assert rows.levels.shape == (2, 8 + 16 + 32 + 64)
    assert rows.filters.shape == (2, 3, FEATURES)
    np.testing.assert_array_equal(rows.levels[0, :8], maps.levels[0][3, 5].float().numpy())
    whole = filter_image(maps).reshape(40, 48, 3, FEATURES)
    np.testing.assert_allclose(whole[20, 41], rows.filters[1], atol=1e-3)
    assert filter_image(maps, 2).shape == (20 * 24, 3, FEATURES)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 50))
def test_picking_takes_at_most_so_many_of_each_class(seed, most):
    rng = np.random.default_rng(seed)
    mask = rng.choice(np.array([0, 3, 255], np.uint8), (17, 23))
    ys, xs = pick_pixels(mask, rng, most)
    labels, counts = np.unique(mask[ys, xs], return_counts=True)
    assert set(labels) == set(np.unique(mask)) - {255}
    assert (counts == np.minimum([(mask == i).sum() for i in labels], most)).all()
    assert len(set(zip(ys.tolist(), xs.tolist(), strict=True))) == len(ys)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(10, 400))
def test_the_commonest_classes_give_up_rows_first(sizes, most):
    labels = np.repeat(np.arange(len(sizes), dtype=np.uint8), sizes)
    kept = np.bincount(labels[evenly(labels, most)], minlength=len(sizes))
    assert kept.sum() <= max(most, len(sizes))
    full = kept == sizes
    assert full.all() or kept[~full].min() >= kept.max()


def test_a_lesson_widens_grey_images_beside_coloured_ones(noise, look):
    mask = np.full((24, 24), 255, np.uint8)
    mask[4, 4:9], mask[12, 4:9] = 0, 2
    grey, colour = look(noise(24, 24)[..., :1].repeat(3, 2)), look(noise(24, 24, 1))
    taught = lesson([remember(grey, mask), remember(colour, mask)])
    assert taught.filters.shape == (20, 3, FEATURES)
    assert (taught.filters[:10, 0] == taught.filters[:10, 2]).all()
    assert taught.groups.tolist() == [0] * 10 + [1] * 10


def test_large_images_are_looked_at_where_they_are_painted(noise, look, monkeypatch):
    monkeypatch.setattr(tiling, "TILE", 64)
    monkeypatch.setattr(tiling, "MARGIN", 16)
    monkeypatch.setattr(tiling, "WHOLE", 96)
    image = noise(200, 130)
    mask = np.full((200, 130), 255, np.uint8)
    mask[150, 10:20] = 1
    seen = []

    def see(rect):
        seen.append(rect)
        return look(image[rect.slices])

    painted = drain(painted_pixels(mask, see))
    assert isinstance(painted, Painted)
    assert painted.labels.tolist() == [1] * 10
    assert seen == [Rect(0, 112, 80, 200)]
    assert sum(t.width * t.height for t in tiles(mask.shape)) == mask.size
    assert seen_around(Rect(64, 0, 128, 64), mask.shape) == Rect(48, 0, 130, 80)


def test_smoothing_keeps_borders_of_the_image_and_removes_specks():
    guide = np.zeros((32, 32), np.float32)
    guide[:, 16:] = 0.8
    truth = torch.zeros(3, 32, 32)
    truth[0, :, :16] = truth[2, :, 16:] = 1
    noisy = truth.clone()
    noisy[:, 8, 8] = torch.tensor([0.0, 0.0, 1.0])
    smooth = torch.from_numpy(smoothed(noisy.numpy(), guide))
    assert torch.equal(smooth.argmax(0), truth.argmax(0))
    assert not smooth[1].any()
    torch.testing.assert_close(smooth.sum(0), torch.ones(32, 32))


def test_features_come_back_from_disk_and_the_oldest_go_first(tmp_path, noise, look):
    maps = look(noise(32, 32))
    cache = FeatureCache(tmp_path / "features", budget=5 * maps.nbytes)
    paths = [cache.path("a", (i, 1), Rect(0, 0, 32, 32), "sha") for i in range(6)]
    for age, path in enumerate(paths[:3]):
        cache.save(path, maps)
        os.utime(path, (age, age))  # files of one moment have no order
    loaded = cache.load(paths[0])
    assert loaded.shape == maps.shape
    for a, b in zip((*loaded.levels, *loaded.octaves), (*maps.levels, *maps.octaves), strict=True):
        assert torch.equal(a, b)
    for path in paths[3:]:
        cache.save(path, maps)
    assert cache.load(paths[1]) is None
    assert cache.load(paths[0]) is not None


def test_features_written_aside_are_those_the_library_reads(tmp_path, noise, look):
    maps = look(noise(24, 40))
    odd = replace(maps, levels=tuple(level.bfloat16() for level in maps.levels))
    with ThreadPoolExecutor(1) as aside:
        cache = FeatureCache(tmp_path / "features", aside=aside)
        path = cache.path("a", None, Rect(0, 0, 40, 24), "sha")
        cache.save(path, odd)
    read = load_file(path)
    expected = {f"level{k}": level for k, level in enumerate(odd.levels)}
    expected |= {f"octave{k}": octave for k, octave in enumerate(odd.octaves)}
    assert read.keys() == expected.keys()
    for key, tensor in expected.items():
        assert read[key].dtype is tensor.dtype
        assert torch.equal(read[key], tensor)
    assert cache.load(path).shape == maps.shape


def test_the_side_of_an_image_is_seen_like_the_middle_of_the_same_texture(look):
    maps = look(np.full((48, 48, 3), 90, np.uint8))
    for level in maps.levels:
        assert torch.allclose(level, level[:1, :1].expand_as(level), atol=1e-2)


def test_damaged_features_are_none(tmp_path):
    cache = FeatureCache(tmp_path)
    path = cache.path("a", None, Rect(0, 0, 1, 1), "sha")
    assert cache.load(path) is None
    path.write_bytes(b"not features")
    assert cache.load(path) is None
