"""Decoding past Pillow gives what Pillow gives, or is left to it."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import direct_decoders
from unet_gui.dataset.direct_decoders import decode, late_exif
from unet_gui.dataset.images import image_size, load_image

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)


def directly(path):
    with Image.open(path) as image:
        return decode(path, image)


def by_pillow(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "extra", [{}, {"gamma": 2.2}, {"dpi": (72, 72)}, {"icc_profile": b"x" * 99}]
)
def test_ordinary_pngs(tmp_path, mode, extra):
    path = tmp_path / "x.png"
    info = PngImagePlugin.PngInfo()
    if "gamma" in extra:
        info.add(b"gAMA", struct.pack(">I", int(100_000 / extra["gamma"])))
    known = {k: v for k, v in extra.items() if k != "gamma"}
    Image.fromarray(PIXELS).convert(mode).save(path, pnginfo=info, **known)
    pixels = directly(path)
    assert pixels is not None
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, by_pillow(path))


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "1", "I;16"])
def test_other_pngs_are_left_to_pillow(tmp_path, mode):
    if mode == "I;16":
        Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200).save(tmp_path / "x.png")
    else:
        Image.fromarray(PIXELS).convert(mode).save(tmp_path / "x.png")
    assert directly(tmp_path / "x.png") is None
    assert load_image(tmp_path / "x.png").shape == (30, 41, 3)


def test_a_transparent_colour_is_left_to_pillow(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "x.png", transparency=tuple(PIXELS[0, 0].tolist()))
    assert directly(tmp_path / "x.png") is None
    assert np.array_equal(load_image(tmp_path / "x.png"), PIXELS)


@given(st.data())
def test_damaged_pngs_are_damaged_here_too(tmp_path_factory, data):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[:9, :9]).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(30, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("png") / "x.png"
    path.write_bytes(content)
    try:
        truth = by_pillow(path)
    except Exception:  # noqa: BLE001
        truth = None
    try:
        pixels = directly(path)
    except Exception:  # noqa: BLE001
        pixels = None
    assert pixels is None or np.array_equal(pixels, truth)
    if truth is None:
        with pytest.raises(ImageReadError):
            load_image(path)


def test_large_jpegs(tmp_path, monkeypatch):
    smooth = np.asarray(Image.fromarray(PIXELS[:6, :6]).resize((90, 70), Image.Resampling.BICUBIC))
    for mode in ("RGB", "L"):
        Image.fromarray(smooth).convert(mode).save(tmp_path / "x.jpg", quality=90)
        assert directly(tmp_path / "x.jpg") is None
        with monkeypatch.context() as patched:
            patched.setattr(direct_decoders, "JPEG_FROM", 1)
            pixels = directly(tmp_path / "x.jpg")
        assert abs(pixels.astype(int) - by_pillow(tmp_path / "x.jpg")).max() <= 2


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("place", ["front", "behind", "nowhere", "text behind"])
def test_orientation_wherever_it_is_without_decoding(tmp_path, place, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG", **({"exif": exif} if place == "front" else {}))
    content = buffer.getvalue()
    if "behind" in place:
        tiff = exif.tobytes().removeprefix(b"Exif\0\0")
        tail = chunk(b"eXIf", tiff) if place == "behind" else chunk(b"tEXt", b"Comment\0hello")
        content = content[:-12] + tail + content[-12:]
    path = tmp_path / "x.png"
    path.write_bytes(content)
    turned = place in {"front", "behind"}
    assert late_exif(path) == (place == "behind")
    assert load_image(path).shape == ((41, 30, 3) if turned else (30, 41, 3))
    if place != "behind":
        monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda _: pytest.fail("decoded"))
    assert image_size(path) == ((30, 41) if turned else (41, 30))
