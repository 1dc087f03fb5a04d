"""Patches: every class gets its turn, held-back pixels never appear, borders carry no label."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unet_gui.core.progress import drain
from unet_gui.unet.patches import Augmentation, PatchSampler, vary_colour
from unet_gui.unet.samples import Sample, SampleSet

PLAIN = Augmentation(scale=1.0, brightness=0.0, contrast=1.0, hue=0.0)


def sampler(samples, size=32, augmentation=PLAIN, seed=0):
    found = SampleSet(samples)
    drain(found.scan(range(10)))
    return PatchSampler(found, size, np.random.default_rng(seed), augmentation), found


def coded(side=200):
    """An image whose pixels say where they are (row, column), with a mask of quadrants."""
    y, x = np.mgrid[:side, :side]
    image = np.stack([y, x, np.zeros_like(y)], -1).astype(np.uint8)
    mask = ((y >= side // 2) * 2 + (x >= side // 2)).astype(np.uint8)
    return Sample.of("coded.png", image, mask)


def test_rare_classes_get_their_turn():
    mask = np.zeros((200, 200), np.uint8)
    mask[7, 7], mask[190, 3] = 1, 2
    patches, _ = sampler([Sample.of("a", np.zeros((200, 200, 3), np.uint8), mask)])
    _, target = patches.batch(90)
    for class_id in (1, 2):
        assert 15 < int((target == class_id).any((1, 2)).sum()) < 60


def test_shapes_and_ranges():
    patches, _ = sampler([coded()], augmentation=Augmentation())
    pixels, target = patches.batch(5)
    assert pixels.shape == (5, 3, 32, 32)
    assert pixels.dtype is torch.float32
    assert target.shape == (5, 32, 32)
    assert target.dtype is torch.int64
    assert pixels.min() > -0.6
    assert pixels.max() < 1.6


def test_pixels_and_labels_stay_together():
    patches, found = sampler([coded()])
    _, mask = found.read(0)
    pixels, target = patches.batch(20)
    rows, columns = (pixels[:, c].mul(255).round().long().numpy() for c in (0, 1))
    labelled = target.numpy() != 255
    np.testing.assert_array_equal(mask[rows, columns][labelled], target.numpy()[labelled])


def test_held_back_pixels_never_appear():
    patches, found = sampler([coded()], size=96)
    assert found.held_back
    held = np.zeros((200, 200), bool)
    for cell in found.held_back:
        held[cell.rect.slices] = True
    pixels, target = patches.batch(40)
    rows, columns = (pixels[:, c].mul(255).round().long().numpy() for c in (0, 1))
    assert (target.numpy()[held[rows, columns]] == 255).all()
    assert (target != 255).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (5, 9), (40, 20)])
def test_images_smaller_than_a_patch(size):
    mask = np.ones(size, np.uint8)
    image = np.full((*size, 3), 100, np.uint8)
    patches, _ = sampler([Sample.of("small", image, mask)], size=48)
    pixels, target = patches.batch(3)
    assert pixels.allclose(torch.tensor(100 / 255))
    assert (
        (target != 255).flatten(1).sum(1).tolist() == [min(s, 48) * min(r, 48)] * 3
        if ((s := size[0]) and (r := size[1]))
        else True
    )


def test_zoom_keeps_the_drawn_pixel_labelled():
    patches, _ = sampler([coded()], augmentation=Augmentation(scale=2.0))
    for _ in range(30):
        _, target = patches.draw()
        assert (target != 255).any()
        assert set(target.unique().tolist()) <= {0, 1, 2, 3, 255}


def test_every_turn_and_flip_occurs():
    image = np.zeros((32, 32, 3), np.uint8)
    image[0, 1] = 255
    patches, _ = sampler([Sample.of("corner", image, np.zeros((32, 32), np.uint8))])
    seen = {tuple(patches.draw()[0][0].nonzero()[0].tolist()) for _ in range(100)}
    assert len(seen) == 8


def test_same_seed_same_patches():
    one, _ = sampler([coded()], augmentation=Augmentation(), seed=3)
    two, _ = sampler([coded()], augmentation=Augmentation(), seed=3)
    for a, b in zip(one.batch(4), two.batch(4), strict=True):
        assert torch.equal(a, b)


def test_hue_leaves_grey_images_grey():
    grey = torch.rand(1, 16, 16).expand(3, 16, 16)
    varied = vary_colour(grey, Augmentation(hue=0.5), np.random.default_rng(1))
    torch.testing.assert_close(varied[0], varied[1])
    torch.testing.assert_close(varied[0], varied[2])


def test_a_third_of_a_turn_swaps_the_channels():
    rng = type("Always", (), {"uniform": staticmethod(lambda _a, b: b)})()
    pixels = torch.rand(3, 4, 4)
    turned = vary_colour(pixels, Augmentation(1.0, 0.0, 1.0, 1 / 3), rng)
    torch.testing.assert_close(turned, pixels.roll(1, 0))


def test_nothing_varied_is_nothing_changed():
    pixels = torch.rand(3, 8, 8)
    torch.testing.assert_close(vary_colour(pixels, PLAIN, np.random.default_rng(0)), pixels)


def test_what_was_only_accepted_counts_half():
    image, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    kept = np.zeros(mask.shape, np.bool_)
    kept[:, 32:] = True
    patches, _ = sampler([Sample("a.png", lambda: (image, mask), lambda _mask: kept)], size=64)
    parts = [patches.part((0, number), [0]).target[0] for number in range(20)]
    learnt = np.array([int((part == 0).sum()) for part in parts]) / mask.size
    assert 0.5 < learnt.min() <= learnt.max() < 1
    assert abs(learnt.mean() - 0.75) < 0.02
    assert (parts[0] != parts[1]).any(), "other ones each time"
