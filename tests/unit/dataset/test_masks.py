"""Mask files: what is saved is what is read, and nothing else is taken for a mask."""

from __future__ import annotations

import errno
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.dataset.masks import load_mask, mask_owner, save_mask

CLASSES = ClassTable.from_names(["a", "b", "c"])
IDS = np.array([[0, 1, 2], [255, 254, 2]], np.uint8)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_save_then_load_is_identity(mask):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.png"
        save_mask(path, mask, CLASSES)
        assert np.array_equal(load_mask(path, mask.shape), mask)


def test_the_file_is_an_8_bit_palette_png_in_class_colours(tmp_path):
    save_mask(tmp_path / "m.png", IDS, CLASSES)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.format, image.mode) == ("PNG", "P")
        palette = np.array(image.getpalette()).reshape(-1, 3)
        assert np.array_equal(palette, CLASSES.palette())
        assert np.array_equal(np.asarray(image), IDS)
    header = (tmp_path / "m.png").read_bytes()
    assert header[24:26] == bytes([8, 3])  # 8 bits, palette


def test_read_only_arrays_and_views_are_saved(tmp_path):
    view = np.tile(IDS, (4, 4))[::2, ::2]
    view.flags.writeable = False
    save_mask(tmp_path / "m.png", view, CLASSES)
    assert np.array_equal(load_mask(tmp_path / "m.png"), view)


def test_loaded_masks_can_be_written_to(tmp_path):
    save_mask(tmp_path / "m.png", IDS, CLASSES)
    mask = load_mask(tmp_path / "m.png")
    mask[0, 0] = 7
    assert mask.flags.c_contiguous


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("color", ["palette", "grey"])
def test_shallow_pngs_of_other_programs(tmp_path, bits, color):

    ids = np.arange(8, dtype=np.uint8).reshape(1, 8) % (2**bits)

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    packed = np.packbits(
        np.unpackbits(ids[..., np.newaxis], axis=2)[..., -bits:].reshape(1, -1), axis=1
    )
    content = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 8, 1, bits, 3 if color == "palette" else 0, 0, 0, 0)
    )
    if color == "palette":
        content += chunk(b"PLTE", bytes(3 * 2**bits))
    content += chunk(b"IDAT", zlib.compress(b"\0" + packed.tobytes())) + chunk(b"IEND", b"")
    (tmp_path / "m.png").write_bytes(content)
    assert load_mask(tmp_path / "m.png").tolist() == ids.tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_grey_of_any_depth(tmp_path, dtype):
    suffix = "tif" if dtype == np.int32 else "png"
    Image.fromarray(IDS.astype(dtype)).save(tmp_path / f"m.{suffix}")
    assert np.array_equal(load_mask(tmp_path / f"m.{suffix}", (2, 3)), IDS)


def test_ids_out_of_range(tmp_path):
    Image.fromarray(IDS.astype(np.uint16) * 2).save(tmp_path / "m.png")
    with pytest.raises(MaskReadError, match=r"m\.png holds the value 510"):
        load_mask(tmp_path / "m.png")
    Image.fromarray(IDS.astype(np.int32) - 1).save(tmp_path / "m.tif")
    with pytest.raises(MaskReadError, match="value -1"):
        load_mask(tmp_path / "m.tif")


@pytest.mark.parametrize("channels", [3, 4])
def test_class_colours_become_ids(tmp_path, channels):
    known = np.where(IDS == 254, 1, IDS)
    colored = CLASSES.palette()[known]
    if channels == 4:
        colored = np.dstack([colored, np.full(IDS.shape, 255, np.uint8)])
    Image.fromarray(colored).save(tmp_path / "m.png")
    assert np.array_equal(load_mask(tmp_path / "m.png", classes=CLASSES), known)


def test_other_colours_are_named(tmp_path):
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "m.png")
    with pytest.raises(MaskReadError, match="#010203") as caught:
        load_mask(tmp_path / "m.png", classes=CLASSES)
    assert "class colours" in caught.value.hint
    with pytest.raises(MaskReadError, match="colours, not class ids"):
        load_mask(tmp_path / "m.png")


def test_wrong_size_names_both(tmp_path):
    save_mask(tmp_path / "m.png", IDS, CLASSES)
    with pytest.raises(MaskReadError, match=r"m\.png is 3×2 pixels, its image 640×480"):
        load_mask(tmp_path / "m.png", (480, 640, 3))


def test_jpeg_is_refused(tmp_path):
    Image.fromarray(IDS).save(tmp_path / "m.jpg")
    with pytest.raises(MaskReadError, match="JPEG"):
        load_mask(tmp_path / "m.jpg")


def test_float_is_refused(tmp_path):
    Image.fromarray(IDS.astype(np.float32)).save(tmp_path / "m.tif")
    with pytest.raises(MaskReadError, match="not class ids"):
        load_mask(tmp_path / "m.tif")


@pytest.mark.parametrize("kept", [0, 8, 30, 800, 0.9])
def test_damaged_masks_are_never_empty_ones(tmp_path, kept):
    path = tmp_path / "m.png"
    noise = np.random.default_rng(0).integers(0, 3, (64, 64)).astype(np.uint8)
    save_mask(path, noise, CLASSES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(MaskReadError, match=r"m\.png") as caught:
        load_mask(path, noise.shape)
    assert caught.value.hint


def test_missing_mask(tmp_path):
    with pytest.raises(MaskReadError, match="not there"):
        load_mask(tmp_path / "m.png")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
def test_a_failed_save_leaves_the_old_mask(tmp_path, monkeypatch, number, step):
    path = tmp_path / "m.png"
    save_mask(path, IDS, CLASSES)

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(step, fail)
    with pytest.raises(MaskWriteError, match=r"m\.png could not be saved") as caught:
        save_mask(path, IDS * 0, CLASSES)
    monkeypatch.undo()
    assert {errno.ENOSPC: "full", errno.EROFS: "read-only"}.get(number, "") in caught.value.message
    assert np.array_equal(load_mask(path), IDS)
    assert [p.name for p in tmp_path.iterdir()] == ["m.png"]


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.zeros((2, 2, 3), np.uint8), IDS[:0]])
def test_only_masks_are_saved(tmp_path, wrong):
    with pytest.raises(MaskWriteError, match="uint8"):
        save_mask(tmp_path / "m.png", wrong, CLASSES)


@pytest.mark.parametrize("owner", ["a.tif", "Ordner/mit Leer zeichen.jpg", "细胞.png"])
def test_the_owner_is_written_inside(tmp_path, owner):
    save_mask(tmp_path / "m.png", IDS, CLASSES, owner=owner)
    assert mask_owner(tmp_path / "m.png") == owner
    assert np.array_equal(load_mask(tmp_path / "m.png"), IDS)


def test_nobody_owns_masks_of_other_programs(tmp_path):
    Image.fromarray(IDS).save(tmp_path / "m.png")
    assert mask_owner(tmp_path / "m.png") is None
    (tmp_path / "broken.png").write_bytes(b"no")
    assert mask_owner(tmp_path / "broken.png") is None


def test_undecodable_owner_does_not_stop_a_save(tmp_path):
    save_mask(tmp_path / "m.png", IDS, CLASSES, owner="bad\udcff.png")
    assert np.array_equal(load_mask(tmp_path / "m.png"), IDS)
