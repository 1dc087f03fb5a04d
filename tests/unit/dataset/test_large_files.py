"""Files as large as microscopes write them: opened at once, and never in memory whole."""

from __future__ import annotations

import gc
import itertools
import weakref

import imagecodecs
import numpy as np
import pytest
import tifffile

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.image_source import TiledTiff, open_source
from unet_gui.dataset.mask_tiles import TiledMaskFile

SIDE = 30_000
TILE = 512
pytestmark = pytest.mark.slow


def tile(value: int) -> bytes:
    return imagecodecs.zlib_encode(np.full((TILE, TILE, 3), value, np.uint8).tobytes(), 1)


def write(path, sides: list[int]) -> None:
    """A level after the other, each of one value; the first tile row of the image is another."""
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        for i, side in enumerate(sides):
            across = -(-side // TILE)
            tiles = itertools.chain(
                itertools.repeat(tile(200), across if i == 0 else 0),
                itertools.repeat(tile(10 * (i + 1)), across * across - (across if i == 0 else 0)),
            )
            tif.write(
                tiles, shape=(side, side, 3), dtype=np.uint8, tile=(TILE, TILE),
                photometric="rgb", compression="zlib", subfiletype=int(i > 0), metadata=None,
                subifds=len(sides) - 1 if i == 0 else None,
            )  # fmt: skip


def test_a_pyramid(tmp_path):
    write(tmp_path / "x.tif", [SIDE >> k for k in range(6)])
    source = open_source(tmp_path / "x.tif")
    assert isinstance(source, TiledTiff)
    assert source.shape == (SIDE, SIDE)
    coarsest = source.levels - 1
    height, width = source.level_shape(coarsest)
    assert np.unique(source.read(Rect(0, 0, width, height), coarsest)).tolist() == [60]
    assert np.unique(source.read(Rect(29_000, 500, 30_000, 520))).tolist() == [10, 200]
    for x in range(0, SIDE - 2000, 2000):
        source.read(Rect(x, x, x + 2000, x + 1500))
    assert source.nbytes < 140 << 20


def test_tiles_without_copies_of_themselves(tmp_path):
    write(tmp_path / "x.tif", [SIDE])
    source = open_source(tmp_path / "x.tif", cache=tmp_path)
    assert np.unique(source.read(Rect(0, 0, 40, 40), 5)).tolist() == [10, 200]
    drain(source.build_levels())
    height, width = source.level_shape(6)
    small = source.read(Rect(0, 0, width, height), 6)
    assert small[:8].min() == 200
    assert small[8:].max() == 10
    assert source.nbytes < 200 << 20
    gone = weakref.ref(source)
    gc.disable()
    del source
    assert gone() is None
    gc.enable()
    assert open_source(tmp_path / "x.tif", cache=tmp_path).complete


def test_a_mask(tmp_path):
    path = tmp_path / "m.tif"
    file, doc = TiledMaskFile(path, "x.tif"), Document.blank(SIDE, SIDE)
    doc.apply("all", doc.bounds.intersection(Rect(0, 0, SIDE, 9000)), 3)
    file.save(doc.snapshot(), np.zeros((256, 3), np.uint8))
    doc.apply("dot", Rect(29_990, 29_990, 30_000, 30_000), 4)
    file.save(doc.snapshot(), np.zeros((256, 3), np.uint8), {(117, 117)})
    assert path.stat().st_size < 1 << 20
    mask = TiledMaskFile(path, "x.tif").load((SIDE, SIDE))
    assert [mask.value_at(*p) for p in ((5, 5), (5, 8999), (5, 9000), (29_995, 29_999))] == [
        3, 3, 255, 4,
    ]  # fmt: skip
    assert mask.nbytes < 10 << 20
    with tifffile.TiffFile(path) as tif:
        assert tif.pages.first.shape == (SIDE, SIDE)
