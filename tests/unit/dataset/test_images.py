"""Any image file becomes H×W×3 uint8, or an error in words."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import decoding
from unet_gui.dataset.images import image_size, load_image, thumbnail

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
GREY = RGB[..., 0].copy()


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.ppm", "x.tga", "x.tif", "x.tiff"])
def test_lossless_rgb_comes_back_unchanged(tmp_path, name):
    Image.fromarray(RGB).save(tmp_path / name)
    assert np.array_equal(load_image(tmp_path / name), RGB)
    assert image_size(tmp_path / name) == (7, 5)


@pytest.mark.parametrize("name", ["x.jpg", "x.webp", "x.jp2", "x.avif"])
def test_lossy_formats_are_read(tmp_path, name):
    if name.endswith("avif") and not Image.registered_extensions().get(".avif"):
        pytest.skip("this Pillow has no AVIF")
    smooth = np.full((32, 40, 3), (200, 100, 50), np.uint8)
    Image.fromarray(smooth).save(tmp_path / name)
    loaded = load_image(tmp_path / name)
    assert loaded.shape == (32, 40, 3)
    assert abs(loaded.astype(int) - smooth).max() < 12


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_grey_is_repeated_over_the_channels(tmp_path, suffix):
    Image.fromarray(GREY).save(tmp_path / f"x.{suffix}")
    assert np.array_equal(load_image(tmp_path / f"x.{suffix}"), np.dstack([GREY] * 3))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_one_bit(tmp_path, suffix):
    bits = GREY > 127
    Image.fromarray(bits).save(tmp_path / f"x.{suffix}")
    assert np.array_equal(load_image(tmp_path / f"x.{suffix}")[..., 0], np.where(bits, 255, 0))


@pytest.mark.parametrize("suffix", ["png", "tif", "gif"])
def test_palette_colours_are_looked_up(tmp_path, suffix):
    image = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 210, 220])
    image.save(tmp_path / f"x.{suffix}")
    expected = [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [200, 210, 220]]]
    assert load_image(tmp_path / f"x.{suffix}").tolist() == expected


def test_transparent_palette(tmp_path):
    image = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 210, 220])
    image.save(tmp_path / "x.png", transparency=bytes([0, 128, 255, 255]))
    assert load_image(tmp_path / "x.png")[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_alpha_is_dropped_not_blended(tmp_path, suffix):
    rgba = np.dstack([RGB, np.zeros(RGB.shape[:2], np.uint8)])
    Image.fromarray(rgba).save(tmp_path / f"x.{suffix}")
    assert np.array_equal(load_image(tmp_path / f"x.{suffix}"), RGB)


def test_grey_with_alpha(tmp_path):
    Image.fromarray(np.dstack([GREY, 255 - GREY])).save(tmp_path / "x.png")
    assert np.array_equal(load_image(tmp_path / "x.png")[..., 2], GREY)


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), v, np.uint8)) for v in (40, 200)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert (load_image(tmp_path / "x.gif") == 40).all()


def test_16_bit_grey_png_is_stretched(tmp_path):
    ramp = np.linspace(1000, 5000, 200 * 200).reshape(200, 200).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "x.png")
    loaded = load_image(tmp_path / "x.png")
    assert loaded.min() == 0
    assert loaded.max() == 255
    assert abs(int(loaded[100, 100, 0]) - 128) <= 2


def test_16_bit_colour_png_keeps_its_depth(tmp_path):
    import imagecodecs

    # Values that would all look the same in the upper 8 bits.
    ramp = np.linspace(512, 767, 64 * 64).reshape(64, 64).astype(np.uint16)
    deep = np.dstack([ramp, ramp[::-1], ramp.T])
    (tmp_path / "x.png").write_bytes(imagecodecs.png_encode(deep))
    loaded = load_image(tmp_path / "x.png")
    assert len(np.unique(loaded[..., 0])) > 200
    assert np.array_equal(loaded[..., 1], loaded[::-1, :, 0])
    assert image_size(tmp_path / "x.png") == (64, 64)
    assert thumbnail(tmp_path / "x.png", 16).shape == (16, 16, 3)


def test_cmyk_jpeg(tmp_path):
    Image.new("CMYK", (16, 16), (0, 0, 0, 0)).save(tmp_path / "x.jpg")
    assert load_image(tmp_path / "x.jpg").min() > 240


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_tag_is_applied(tmp_path, suffix, orientation):
    """The upright scene has its bright corner at the top left whatever the camera noted."""
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24] = 250
    as_stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(np.ascontiguousarray(as_stored)).save(path, exif=exif)
    loaded = load_image(path)
    assert image_size(path) == (48, 32) == loaded.shape[1::-1]
    assert loaded[:8, :12].min() > 200
    assert loaded[24:].max() < 60
    small = thumbnail(path, 24)
    assert small.shape == (16, 24, 3)
    assert small[:6, :8].min() > 180


def test_names_with_spaces_and_other_scripts(tmp_path):
    for name in ("mit Leerzeichen.png", "细胞 图像.png", "žluťoučký.tif"):
        Image.fromarray(RGB).save(tmp_path / name)
        assert np.array_equal(load_image(tmp_path / name), RGB)


def test_content_counts_not_the_suffix(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "really.tif")
    (tmp_path / "really.tif").rename(tmp_path / "tiff.png")
    Image.fromarray(RGB).save(tmp_path / "really.png")
    (tmp_path / "really.png").rename(tmp_path / "png.tif")
    for name in ("tiff.png", "png.tif"):
        assert np.array_equal(load_image(tmp_path / name), RGB)


def test_one_pixel(tmp_path):
    Image.fromarray(RGB[:1, :1]).save(tmp_path / "x.png")
    assert np.array_equal(load_image(tmp_path / "x.png"), RGB[:1, :1])
    assert thumbnail(tmp_path / "x.png", 64).shape == (1, 1, 3)


@pytest.mark.parametrize("read", [load_image, image_size, lambda p: thumbnail(p, 8)])
@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.png", b"", "empty"),
        ("empty.tif", b"", "empty"),
        ("text.jpg", b"this is no image at all", "no image"),
        ("text.tif", b"II*\0 but nothing follows", "damaged"),
        ("zeros.png", bytes(1000), "no image"),
    ],
)
def test_broken_files_are_named(tmp_path, read, name, content, word):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageReadError, match=name) as caught:
        read(tmp_path / name)
    assert word in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp", "tif"])
def test_cut_short_at_any_place(tmp_path, suffix):
    noise = np.random.default_rng(1).integers(0, 256, (60, 60, 3), np.uint8)
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    for share in (0.02, 0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ImageReadError, match=path.name):
            load_image(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageReadError, match=r"gone\.png is not there"):
        load_image(tmp_path / "gone.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageReadError, match="it is a folder"):
        load_image(tmp_path / "folder.png")


def test_400_megapixels_are_not_a_bomb():
    decoding.check_size(20000, 20000)


def test_more_pixels_than_memory_holds(tmp_path, monkeypatch):
    Image.fromarray(RGB).save(tmp_path / "x.png")
    monkeypatch.setattr(decoding, "_SMALL", 0)
    monkeypatch.setattr(decoding, "available_memory", lambda: 50)
    with pytest.raises(ImageReadError, match=r"x\.png is too large.*GB"):
        load_image(tmp_path / "x.png")


def test_a_header_that_claims_too_much(tmp_path):
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 2, 0, 0, 0)
    (tmp_path / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    with pytest.raises(ImageReadError, match="too large"):
        load_image(tmp_path / "bomb.png")


def test_out_of_memory_is_said(tmp_path, monkeypatch):
    Image.fromarray(RGB).save(tmp_path / "x.bmp")

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("unet_gui.dataset.images._flat_rgb", fail)
    with pytest.raises(ImageReadError, match="not enough memory"):
        load_image(tmp_path / "x.bmp")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_thumbnail_keeps_proportions_and_never_grows(tmp_path, suffix):
    big = np.zeros((300, 600, 3), np.uint8)
    big[:, 300:] = 255
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(big).save(path)
    small = thumbnail(path, 100)
    assert small.shape == (50, 100, 3)
    assert small[:, :45].max() < 20
    assert small[:, 55:].min() > 235
    assert thumbnail(path, 1000).shape == (300, 600, 3)


def test_shared_images(shared_data):
    for name in ("wbc", "vessels"):
        path = min((shared_data(name) / "images").iterdir())
        loaded = load_image(path)
        assert loaded.shape[1::-1] == image_size(path)
