"""TIFF read in pieces: every part of every level is what reading it whole gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset import levels, tiff_blocks, tiff_levels, tiff_tiles
from unet_gui.dataset.image_source import ImageSource
from unet_gui.dataset.images import load_image
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.dataset.tiff_blocks import NotInPiecesError
from unet_gui.dataset.tiff_tiles import TiledTiff

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(levels, "COARSEST", 8)
    monkeypatch.setattr(tiff_tiles, "OVERVIEW_PIXELS", 400)
    monkeypatch.setattr(tiff_tiles, "_PIECE", 32)
    monkeypatch.setattr(tiff_blocks, "_ROWS_BYTES", 900)


def rgb(h: int = 75, w: int = 90) -> np.ndarray:
    return RNG.integers(0, 256, (h, w, 3), np.uint8)


def whole(source, level: int = 0) -> np.ndarray:
    h, w = source.level_shape(level)
    return source.read(Rect(0, 0, w, h), level)


def assert_same_everywhere(source: TiledTiff, pixels: np.ndarray) -> None:
    truth = MemoryImage(pixels.copy())
    assert (source.shape, source.levels) == (truth.shape, truth.levels)
    for level in range(truth.levels):
        h, w = truth.level_shape(level)
        for _ in range(4):
            x0, y0 = int(RNG.integers(w)), int(RNG.integers(h))
            rect = Rect(x0, y0, int(RNG.integers(x0, w)) + 1, int(RNG.integers(y0, h)) + 1)
            assert np.array_equal(source.read(rect, level), truth.read(rect, level))
        assert np.array_equal(whole(source, level), whole(truth, level))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "deflate", "lzw", "zstd"])
@pytest.mark.parametrize("layout", [{"tile": (16, 32)}, {"rowsperstrip": 7}, {}])
def test_layouts_without_levels(tmp_path, planar, compression, layout):
    pixels = rgb()
    data = pixels if planar == "contig" else np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(
        tmp_path / "x.tif",
        data,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        predictor=compression is not None and planar == "contig",
        **layout,
    )
    source = TiledTiff(tmp_path / "x.tif")
    assert isinstance(source, ImageSource)
    assert_same_everywhere(source, pixels)


@pytest.mark.parametrize(
    ("data", "kwargs"),
    [
        (rgb()[..., 0], {"photometric": "minisblack"}),
        (rgb()[..., 0], {"photometric": "miniswhite"}),
        (
            np.dstack([rgb(), rgb()[..., :1]]),
            {"photometric": "rgb", "extrasamples": ["unassalpha"]},
        ),
        (rgb()[..., 0], {"photometric": "palette", "colormap": RNG.integers(0, 65535, (3, 256))}),
        (np.dstack([rgb(), rgb()[..., :1]]), {"photometric": "separated"}),
        (rgb()[..., 0] > 99, {"photometric": "minisblack"}),
        (np.moveaxis(rgb(), -1, 0), {"photometric": "minisblack", "metadata": {"axes": "CYX"}}),
        (rgb()[..., :2], {"photometric": "minisblack", "planarconfig": "contig"}),
    ],
    ids=["grey", "white0", "alpha", "palette", "cmyk", "bits", "channel-pages", "two-channels"],
)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_kinds_of_pixels(tmp_path, data, kwargs, byteorder):
    path = tmp_path / "x.ome.tif" if "metadata" in kwargs else tmp_path / "x.tif"
    tifffile.imwrite(path, data, tile=(32, 16), byteorder=byteorder, bigtiff=True, **kwargs)
    assert_same_everywhere(TiledTiff(path), load_image(path))


@pytest.mark.parametrize("layout", [{"tile": (16, 16)}, {}])
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.uint32])
def test_deep_pixels_are_stretched_alike_everywhere(tmp_path, dtype, layout):
    data = (RNG.random((75, 90, 2)) * 3000).astype(dtype)
    tifffile.imwrite(tmp_path / "x.tif", data, planarconfig="contig", byteorder=">", **layout)
    assert_same_everywhere(TiledTiff(tmp_path / "x.tif"), load_image(tmp_path / "x.tif"))


def write_pyramid(path, pixels, shapes, *, subifds=True, **options):
    """Levels of one flat colour each, so that it is plain which one was read."""
    options = {"photometric": "rgb", "tile": (16, 16), **options}
    with tifffile.TiffWriter(path, bigtiff=True, ome=path.name.endswith(".ome.tif")) as tif:
        tif.write(pixels, subifds=len(shapes) if subifds else 0, **options)
        for i, shape in enumerate(shapes):
            level = np.full((*shape, 3), 10 * (i + 1), np.uint8)
            tif.write(level, subfiletype=1, metadata=None, **options)


@pytest.mark.parametrize(
    ("name", "subifds"), [("x.ome.tif", True), ("x.tif", True), ("cog.tif", False)]
)
@pytest.mark.parametrize("rounding", ["up", "down"])
def test_levels_of_the_file_are_used(tmp_path, name, subifds, rounding):
    pixels = rgb(75, 90)
    shapes = {"up": [(38, 45), (19, 23), (10, 12)], "down": [(37, 45), (18, 22), (9, 11)]}[rounding]
    write_pyramid(tmp_path / name, pixels, shapes, subifds=subifds, compression="deflate")
    source = TiledTiff(tmp_path / name)
    assert source.complete
    assert np.array_equal(whole(source), pixels)
    for level in (1, 2, 3):
        assert source.level_shape(level) == (-(-75 // 2**level), -(-90 // 2**level))
        assert np.unique(whole(source, level)).tolist() == [10 * level]
    assert np.unique(whole(source, 4)).tolist() == [30]


def test_uneven_steps_and_foreign_pages(tmp_path):
    write_pyramid(tmp_path / "x.tif", rgb(75, 90), [(25, 30), (19, 23), (40, 13)], subifds=False)
    source = TiledTiff(tmp_path / "x.tif")
    assert np.unique(whole(source, 2)).tolist() == [20]  # a third of the size is no level
    assert len(np.unique(whole(source, 1))) > 9  # made from the full resolution


def test_jpeg_tiles_and_tables(tmp_path):
    smooth = np.zeros((75, 90, 3), np.uint8)
    smooth[:, 40:] = (180, 90, 30)
    tifffile.imwrite(
        tmp_path / "x.tif", smooth, photometric="rgb", tile=(32, 32), compression="jpeg"
    )
    assert_same_everywhere(TiledTiff(tmp_path / "x.tif"), load_image(tmp_path / "x.tif"))


@pytest.mark.parametrize("how", ["built", "looked at"])
def test_the_overview_is_kept_for_the_next_time(tmp_path, monkeypatch, how):
    pixels = rgb()
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", tile=(16, 16))
    first = TiledTiff(tmp_path / "x.tif", cache=tmp_path / "cache")
    assert not first.complete
    if how == "built":
        drain(first.build_levels())
    else:
        whole(first, first.levels - 1)
    assert first.complete
    coarse = [whole(first, level) for level in range(3, first.levels)]
    first.close()

    again = TiledTiff(tmp_path / "x.tif", cache=tmp_path / "cache")
    assert again.complete
    monkeypatch.setattr(tiff_levels.FileLevel, "raw", lambda *_: pytest.fail("was decoded again"))
    for level, expected in enumerate(coarse, start=3):
        assert np.array_equal(whole(again, level), expected)


def test_an_overview_of_another_content_is_not_used(tmp_path):
    path = tmp_path / "x.tif"
    for seed in range(2):
        pixels = np.full((75, 90, 3), seed * 50, np.uint8)
        tifffile.imwrite(path, pixels, photometric="rgb", tile=(16, 16), description="x" * seed)
        source = TiledTiff(path, cache=tmp_path / "cache")
        drain(source.build_levels())
        assert np.unique(whole(source, 3)).tolist() == [seed * 50]
        source.close()


def test_cache_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "cache").write_text("a file")
    tifffile.imwrite(tmp_path / "x.tif", rgb(), photometric="rgb", tile=(16, 16))
    source = TiledTiff(tmp_path / "x.tif", cache=tmp_path / "cache")
    drain(source.build_levels())
    assert source.complete


def test_many_threads_and_a_small_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_levels.BlockCache.__init__, "__defaults__", (3000,))
    pixels = rgb()
    tifffile.imwrite(
        tmp_path / "x.tif", pixels, photometric="rgb", tile=(16, 16), compression="deflate"
    )
    source = TiledTiff(tmp_path / "x.tif")
    rects = [Rect(x, y, x + 20, y + 15) for x in range(0, 70, 7) for y in range(0, 60, 6)]
    with ThreadPoolExecutor(4) as pool:
        for rect, part in zip(rects, pool.map(source.read, rects), strict=True):
            assert np.array_equal(part, pixels[rect.slices])
    assert source.nbytes <= 3000 + source._overview.pixels.nbytes


def test_large_compressed_strips_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_blocks, "MOST_BYTES", 5000)
    tifffile.imwrite(tmp_path / "x.tif", rgb(), compression="deflate", rowsperstrip=75)
    with pytest.raises(NotInPiecesError):
        TiledTiff(tmp_path / "x.tif")


def test_tiles_left_out_are_black(tmp_path):
    tiles = (None if i % 2 else rgb(16, 16) for i in range(30))
    tifffile.imwrite(
        tmp_path / "x.tif", tiles, shape=(75, 90, 3), dtype="uint8", tile=(16, 16),
        photometric="rgb", compression="deflate",
    )  # fmt: skip
    source = TiledTiff(tmp_path / "x.tif")
    assert not source.read(Rect(16, 0, 32, 16)).any()
    assert np.array_equal(whole(source), load_image(tmp_path / "x.tif"))


def test_a_damaged_tile_is_told(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, rgb(), photometric="rgb", tile=(16, 16), compression="deflate")
    with tifffile.TiffFile(path) as tif:
        offset, size = tif.pages[0].dataoffsets[0], tif.pages[0].databytecounts[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes(size))
    source = TiledTiff(path)
    assert source.read(Rect(32, 32, 50, 50)).any()
    with pytest.raises(ImageReadError, match=r"x\.tif"):
        source.read(Rect(0, 0, 10, 10))
    with pytest.raises(ImageReadError, match=r"x\.tif"):
        drain(source.build_levels())


def test_reading_after_closing_is_an_error(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", rgb(), photometric="rgb", tile=(16, 16))
    source = TiledTiff(tmp_path / "x.tif")
    source.close()
    with pytest.raises(ImageReadError):
        source.read(Rect(0, 0, 5, 5))


def test_channels_in_other_files_are_not_mistaken(tmp_path):
    """An OME-TIFF may name other files for its channels."""
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="90" SizeY="75" '
        'SizeC="2" SizeZ="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        '<Channel ID="Channel:0:1" SamplesPerPixel="1"/>'
        '<TiffData FirstC="0" IFD="0" PlaneCount="1"><UUID FileName="a.ome.tif">urn:uuid:1</UUID>'
        '</TiffData><TiffData FirstC="1" IFD="0" PlaneCount="1">'
        '<UUID FileName="b.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    planes = rgb()
    for c, name in enumerate(("a.ome.tif", "b.ome.tif")):
        tifffile.imwrite(
            tmp_path / name, planes[..., c], description=xml, tile=(16, 16), metadata=None
        )
    whole_image = load_image(tmp_path / "a.ome.tif")
    assert np.array_equal(whole_image[..., 1], planes[..., 1])
    with pytest.raises(NotInPiecesError):
        TiledTiff(tmp_path / "a.ome.tif")


def test_the_file_is_only_read_by_one_thread_at_a_time(tmp_path, monkeypatch):
    """tifffile looks into the first tile when it is first asked to decode: that must be over."""
    write_pyramid(tmp_path / "x.tif", rgb(), [(38, 45), (19, 23)], compression="jpeg")
    source = TiledTiff(tmp_path / "x.tif")
    seek, lock, unguarded = tifffile.FileHandle.seek, source._file._lock, []

    def watched(handle, *args):
        unguarded.extend([args] * (not lock.locked()))
        return seek(handle, *args)

    monkeypatch.setattr(tifffile.FileHandle, "seek", watched)
    for level in range(source.levels):
        assert whole(source, level).any()
    assert not unguarded
