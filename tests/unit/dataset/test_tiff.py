"""TIFF of all kinds that microscopes write."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.images import image_size, load_image, thumbnail

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), np.uint8)


def ramp(dtype: type, low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, 40 * 50).reshape(40, 50).astype(dtype)


@pytest.mark.parametrize(
    "compression", ["lzw", "deflate", "zstd", "packbits", "lzma", "jpeg", "webp"]
)
def test_compressed(tmp_path, compression):
    smooth = np.full((32, 32, 3), (200, 90, 30), np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", smooth, compression=compression, photometric="rgb")
    assert abs(load_image(tmp_path / "x.tif").astype(int) - smooth).max() < 6


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_rgb_layouts(tmp_path, planar, tile):
    data = RGB if planar == "contig" else np.moveaxis(RGB, -1, 0)
    tifffile.imwrite(tmp_path / "x.tif", data, photometric="rgb", planarconfig=planar, tile=tile)
    assert np.array_equal(load_image(tmp_path / "x.tif"), RGB)
    assert image_size(tmp_path / "x.tif") == (30, 20)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_byte_orders_and_bigtiff(tmp_path, byteorder, bigtiff):
    data = ramp(np.uint16, 100, 4000)
    tifffile.imwrite(tmp_path / "x.tif", data, byteorder=byteorder, bigtiff=bigtiff)
    loaded = load_image(tmp_path / "x.tif")
    assert loaded.shape == (40, 50, 3)
    assert (loaded.min(), loaded.max()) == (0, 255)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.uint16, 3, 60000),
        (np.int16, -500, 900),
        (np.uint32, 0, 4e9),
        (np.int32, -7, 7000),
        (np.float16, 0, 1),
        (np.float32, -2.5, 1e6),
        (np.float64, 0, 1e-9),
    ],
)
def test_deep_images_are_stretched(tmp_path, dtype, low, high):
    tifffile.imwrite(tmp_path / "x.tif", ramp(dtype, low, high))
    loaded = load_image(tmp_path / "x.tif")[..., 0]
    assert (loaded.min(), loaded.max()) == (0, 255)
    assert (np.diff(loaded.ravel().astype(int)) >= 0).all()
    assert abs(int(loaded[20, 0]) - 127) <= 3


def test_two_and_five_channels(tmp_path):
    two = np.stack([np.full((8, 8), 10, np.uint8), np.full((8, 8), 200, np.uint8)])
    tifffile.imwrite(tmp_path / "2.tif", two, metadata={"axes": "CYX"}, photometric="minisblack")
    assert load_image(tmp_path / "2.tif")[0, 0].tolist() == [10, 200, 10]
    five = np.stack([np.full((8, 8), v, np.uint8) for v in (1, 2, 3, 4, 5)])
    tifffile.imwrite(tmp_path / "5.tif", five, metadata={"axes": "CYX"}, photometric="minisblack")
    assert load_image(tmp_path / "5.tif")[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_stacks_show_the_first_image_with_all_its_channels(tmp_path, kind):
    data = np.zeros((2, 3, 2, 16, 24), np.uint16)  # T Z C Y X
    data[0, 0, 0, :, :12] = 1000
    data[0, 0, 1, :, 12:] = 2000
    data[1:] = 77
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, data, metadata={"axes": "TZCYX"}, **{kind: True})
    loaded = load_image(path)
    assert loaded.shape == (16, 24, 3)
    assert loaded[0, 0].tolist() == [255, 0, 255]
    assert loaded[0, -1].tolist() == [0, 255, 0]


def test_first_page_of_many(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as tif:
        tif.write(RGB, photometric="rgb")
        tif.write(np.zeros((9, 9), np.uint8))
    assert np.array_equal(load_image(tmp_path / "x.tif"), RGB)
    tifffile.imwrite(tmp_path / "y.tif", np.stack([RGB[..., 0], RGB[..., 1]]))
    assert np.array_equal(load_image(tmp_path / "y.tif")[..., 0], RGB[..., 0])


def test_alpha_is_dropped(tmp_path):
    rgba = np.dstack([RGB, RGB[..., 0]])
    tifffile.imwrite(tmp_path / "x.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    assert np.array_equal(load_image(tmp_path / "x.tif"), RGB)


def test_white_is_zero(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", RGB[..., 0], photometric="miniswhite")
    assert np.array_equal(load_image(tmp_path / "x.tif")[..., 1], 255 - RGB[..., 0])


def test_palette(tmp_path):
    colors = RNG.integers(0, 256, (3, 256)).astype(np.uint16) * 257
    ids = RGB[..., 0]
    tifffile.imwrite(tmp_path / "x.tif", ids, photometric="palette", colormap=colors)
    assert np.array_equal(load_image(tmp_path / "x.tif"), np.moveaxis(colors // 257, 0, -1)[ids])


def test_cmyk(tmp_path):
    ink = np.zeros((4, 4, 4), np.uint8)
    ink[:2, :, 0] = 255
    tifffile.imwrite(tmp_path / "x.tif", ink, photometric="separated")
    loaded = load_image(tmp_path / "x.tif")
    assert loaded[0, 0].tolist() == [0, 255, 255]
    assert loaded[3, 3].tolist() == [255, 255, 255]


def test_not_a_number_is_black(tmp_path):
    data = ramp(np.float32, 0, 10)
    data[0, :5] = np.nan
    data[0, 5] = np.inf
    tifffile.imwrite(tmp_path / "x.tif", data)
    loaded = load_image(tmp_path / "x.tif")
    assert loaded[0, :5].max() == 0
    assert loaded[0, 5, 0] == 255
    tifffile.imwrite(tmp_path / "y.tif", np.full((4, 4), np.nan, np.float32))
    assert load_image(tmp_path / "y.tif").max() == 0


def test_pyramid_thumbnail(tmp_path):
    big = np.zeros((256, 512, 3), np.uint8)
    big[:, 256:] = 255
    with tifffile.TiffWriter(tmp_path / "x.tif") as tif:
        tif.write(big, photometric="rgb", tile=(64, 64), subifds=2)
        tif.write(big[::2, ::2], photometric="rgb", tile=(64, 64), subfiletype=1)
        tif.write(big[::4, ::4], photometric="rgb", tile=(64, 64), subfiletype=1)
    assert load_image(tmp_path / "x.tif").shape == (256, 512, 3)
    small = thumbnail(tmp_path / "x.tif", 32)
    assert small.shape == (16, 32, 3)
    assert (small[0, 0, 0], small[0, -1, 0]) == (0, 255)


@pytest.mark.parametrize("compression", [None, "deflate", "lzw"])
def test_damaged_pixels_are_an_error(tmp_path, compression):
    path = tmp_path / "x.tif"
    data = RNG.integers(0, 60000, (64, 64), np.uint16)
    tifffile.imwrite(path, data, compression=compression, metadata=None)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageReadError, match=r"x\.tif"):
        load_image(path)
