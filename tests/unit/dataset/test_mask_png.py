"""Palette PNGs in bands: what Pillow reads and writes, and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.dataset import mask_png
from unet_gui.dataset.mask_png import ArrayRows, NotPlainError, PlainPng, write_png
from unet_gui.dataset.masks import load_mask, load_mask_tiles

PALETTE = ClassTable.from_names(["a", "b"]).palette()
MASK = np.random.default_rng(0).integers(0, 256, (50, 37), np.uint8)


def written(mask: np.ndarray) -> io.BytesIO:
    file = io.BytesIO()
    write_png(file, ArrayRows(mask), PALETTE, {"image": "größe/x.tif"})
    file.seek(0)
    return file


def by_pillow(mask: np.ndarray, **options) -> io.BytesIO:
    image, file = Image.fromarray(mask), io.BytesIO()
    image.putpalette(PALETTE.tobytes())
    image.save(file, "PNG", **options)
    file.seek(0)
    return file


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))), st.integers(1, 50))
def test_what_is_written_is_read_here_and_by_pillow(mask, band):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_png, "BAND", band)
        file = written(mask)
        with Image.open(file) as image:
            assert image.mode == "P"
            assert image.info["image"] == "größe/x.tif"
            assert np.array_equal(np.asarray(image), mask)
            assert np.array_equal(np.reshape(image.getpalette(), (-1, 3)), PALETTE)
        file.seek(0)
        bands = list(PlainPng(file).bands())
        assert np.array_equal(np.concatenate(bands), mask)
        assert {len(b) for b in bands[:-1]} <= {band}


def test_what_pillow_writes_is_read_too():
    png = PlainPng(by_pillow(MASK))
    assert png.shape == MASK.shape
    assert np.array_equal(np.concatenate(list(png.bands())), MASK)


def test_every_piece_that_is_missing_or_changed_is_noticed():
    content = written(MASK).getvalue()
    for cut in range(0, len(content) - 12, 7):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
            list(PlainPng(io.BytesIO(content[:cut])).bands())
    for at in range(40, len(content) - 12, 5):
        damaged = bytearray(content)
        damaged[at] ^= 0x10
        with pytest.raises(ValueError):  # noqa: PT011
            list(PlainPng(io.BytesIO(bytes(damaged))).bands())


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_other_kinds_are_no_fault_of_theirs(tmp_path, mode):
    path = tmp_path / "x.png"
    Image.fromarray(MASK // 128 * 255).convert(mode).save(path)
    with path.open("rb") as file, pytest.raises(NotPlainError):
        PlainPng(file)


def filtered(mask: np.ndarray) -> bytes:
    """The mask with its last row stored as differences to the one above."""
    import struct
    import zlib

    rows = b"".join(b"\0" + row.tobytes() for row in mask[:-1])
    rows += b"\2" + (mask[-1] - mask[-2]).tobytes()
    content = written(mask).getvalue()
    start = content.index(b"IDAT") - 4
    data = zlib.compress(rows)
    chunk = struct.pack(">I4s", len(data), b"IDAT") + data
    chunk += struct.pack(">I", zlib.crc32(b"IDAT" + data))
    return content[:start] + chunk + content[-12:]


@pytest.mark.parametrize("kind", ["ours", "filtered", "grey"])
def test_loading_whole_and_in_tiles(tmp_path, kind):
    path = tmp_path / "x.png"
    mask = np.tile(MASK, (11, 9))
    if kind == "grey":
        Image.fromarray(mask).save(path)
    else:
        path.write_bytes(written(mask).getvalue() if kind == "ours" else filtered(mask))
    assert np.array_equal(load_mask(path, mask.shape), mask)
    tiles = load_mask_tiles(path, mask.shape)
    assert np.array_equal(tiles.read(tiles.bounds), mask)
