"""How often each value occurs."""

import numpy as np

from unet_gui.core.progress import drain
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.gui.canvas import histogram
from unet_gui.gui.canvas.histogram import count_values


def test_every_pixel_of_a_small_image_is_counted():
    rgb = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    counts = drain(count_values(MemoryImage(rgb)))
    assert counts.dtype == np.int64
    for channel in range(3):
        assert np.array_equal(
            counts[channel], np.bincount(rgb[..., channel].ravel(), minlength=256)
        )


def test_of_a_large_image_a_sample_has_the_same_shares(monkeypatch):
    monkeypatch.setattr(histogram, "ENOUGH", 5000)
    rgb = np.random.default_rng(1).integers(0, 4, (400, 500, 3), np.uint8)
    counts = drain(count_values(MemoryImage(rgb)))
    assert 5000 <= counts[0].sum() <= 20_000
    assert np.allclose(counts[:, :4] / counts.sum(1, keepdims=True), 0.25, atol=0.03)


def test_of_an_image_on_disk_a_coarse_level_is_read_in_parts(monkeypatch):
    monkeypatch.setattr(histogram, "ENOUGH", 20_000)
    monkeypatch.setattr(histogram, "PART", 64)
    memory = MemoryImage(np.full((600, 400, 3), (10, 20, 30), np.uint8))

    class OnDisk:
        resident, array, levels, shape = False, None, memory.levels, memory.shape
        complete = True
        level_shape = staticmethod(memory.level_shape)

        def __init__(self):
            self.read_parts = []

        def read(self, rect, level=0):
            self.read_parts.append((rect, level))
            return memory.read(rect, level)

    source = OnDisk()
    counts = drain(count_values(source))
    level = source.read_parts[0][1]
    height, width = memory.level_shape(level)
    assert counts[0, 10] == counts[2, 30] == height * width
    assert all(max(rect.width, rect.height) <= 64 for rect, _ in source.read_parts)
    OnDisk.complete = False
    source = OnDisk()
    counts = drain(count_values(source))
    assert counts[1, 20] == sum(r.width * r.height for r, _ in source.read_parts)
    assert {level for _, level in source.read_parts} == {0}
    assert sum(r.width * r.height for r, _ in source.read_parts) < memory.array.size / 3
