"""PNGs of flat areas: Pillow, which knows nothing of us, reads them as they were."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.dataset.formats import flat_png as module
from unet_gui.dataset.formats.flat_png import flat_png

PALETTE = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        image.verify()  # the checksums
    return Image.open(io.BytesIO(data))


@given(st.data(), st.sampled_from([1, 50, 4 << 20]))
@settings(deadline=None)
def test_pixels_come_back(data, band):
    kind = data.draw(st.sampled_from([bool, np.uint8, np.uint16, "colors"]))
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))
    if kind == "colors":
        pixels = data.draw(hnp.arrays(np.uint8, (*shape, 3)))
    else:
        pixels = data.draw(hnp.arrays(kind, shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BAND", band)
        image = read(flat_png(pixels))
    assert np.array_equal(np.asarray(image), pixels)


def test_palette_and_transparency():
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = read(flat_png(mask, PALETTE.tobytes()))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), mask)
    assert np.array_equal(np.asarray(image.convert("RGB")), PALETTE[mask])
    where = mask % 3 == 0
    image = read(flat_png(where, b"\0\0\0\xff\xff\xff", b"\0"))
    assert np.array_equal(np.asarray(image.convert("RGBA"))[..., 3] > 0, where)
