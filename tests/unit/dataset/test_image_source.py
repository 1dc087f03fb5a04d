"""Which images are read in pieces, and which into memory."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.dataset import decoding, image_source, tiff, tiff_blocks
from unet_gui.dataset.image_source import ImageSource, MemoryImage, TiledTiff, open_source
from unet_gui.dataset.images import thumbnail

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(tiff, "LARGE", 4000)


def tiled(path, **options):
    tifffile.imwrite(path, PIXELS, photometric="rgb", **{"tile": (16, 16), **options})
    return path


def test_ordinary_images_go_into_memory(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    for path in (tmp_path / "a.png", tiled(tmp_path / "a.tif")):
        source = open_source(path)
        assert isinstance(source, MemoryImage)
        assert np.array_equal(source.array, PIXELS)


@pytest.mark.usefixtures("small_limit")
def test_large_tiffs_are_read_in_pieces(tmp_path):
    source = open_source(tiled(tmp_path / "a.tif"), cache=tmp_path)
    assert isinstance(source, TiledTiff)
    assert isinstance(source, ImageSource)
    assert (source.shape, source.array, source.resident) == ((60, 80), None, False)
    assert np.array_equal(source.read(Rect(5, 6, 70, 50)), PIXELS[6:50, 5:70])
    source.close()


def test_so_are_those_that_would_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(image_source, "available_memory", lambda: 100_000)
    assert isinstance(open_source(tiled(tmp_path / "a.tif")), TiledTiff)


@pytest.mark.usefixtures("small_limit")
def test_one_large_compressed_strip_is_loaded_whole_where_it_fits(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_blocks, "MOST_BYTES", 999)
    path = tiled(tmp_path / "a.tif", tile=None, compression="deflate", rowsperstrip=60)
    assert isinstance(open_source(path), MemoryImage)
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1000)
    with pytest.raises(ImageReadError) as caught:
        open_source(path)
    assert "tiled TIFF" in caught.value.hint


@pytest.mark.usefixtures("small_limit")
def test_lying_on_its_side(tmp_path):
    path = tiled(tmp_path / "a.tif", extratags=[(274, "H", 1, 6, True)])
    assert open_source(path).shape == (80, 60)


@pytest.mark.parametrize("content", [None, b"", b"II*\0garbage", b"no image"])
def test_what_cannot_be_opened(tmp_path, content):
    if content is not None:
        (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ImageReadError, match=r"a\.tif"):
        open_source(tmp_path / "a.tif")


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("layout", [{}, {"tile": None, "compression": "lzw"}])
def test_thumbnails_of_large_tiffs_do_not_load_them_whole(tmp_path, layout, monkeypatch):
    path = tiled(tmp_path / "a.tif", **layout)
    expected = Image.fromarray(PIXELS)
    expected.thumbnail((16, 16), Image.Resampling.BOX)
    monkeypatch.setattr(tiff, "load", lambda *_, **__: pytest.fail("was loaded whole"))
    small = thumbnail(path, 16)
    assert small.shape == (12, 16, 3)
    assert abs(small.astype(int) - np.asarray(expected)).max() <= 2
