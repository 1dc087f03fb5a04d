"""Masks in tiles on disk: what is saved is what is read, also by others; nothing is ever lost."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.document import Document
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE, TiledMask
from unet_gui.dataset import mask_layout, mask_tiles
from unet_gui.dataset.mask_tiles import TiledMaskFile, mask_tile_counts, tiled_mask_owner

PALETTE = ClassTable.from_names(["a", "b", "c"]).palette()
SHAPE = (3 * TILE - 40, 2 * TILE + 17)


def document(shape: tuple[int, int] = SHAPE) -> Document:
    return Document.blank(*shape)


def dab(doc: Document, x: int, y: int, value: int, side: int = 50) -> None:
    rect = Rect(x, y, x + side, y + side).intersection(doc.bounds)
    doc.apply("dab", rect, value)


def noise(doc: Document, rect: Rect, seed: int = 0) -> None:
    values = np.random.default_rng(seed).integers(0, 256, (rect.height, rect.width), np.uint8)
    doc.apply("noise", rect, values)


def save(file: TiledMaskFile, doc: Document):
    changed = set(doc.changed_tiles)
    doc.changed_tiles.clear()
    return file.save(doc.snapshot(), PALETTE, changed)


def loaded(path: Path, owner: str = "x.tif") -> np.ndarray:
    return TiledMaskFile(path, owner).load().read(Rect.of_shape(SHAPE))


@pytest.fixture(params=[False, True], ids=["classic", "big"])
def big(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(mask_layout, "BIG_FROM", 0)
    return request.param


def test_a_plain_tiff_after_each_save(tmp_path, big):
    path = tmp_path / "m.tif"
    doc, file = document(), TiledMaskFile(path, "bild é.tif")
    for step in range(4):
        dab(doc, 130 * step, 190 * step, step)
        save(file, doc)
        with tifffile.TiffFile(path) as tif:
            page = tif.pages.first
            assert (tif.is_bigtiff, len(tif.pages), page.is_tiled) == (big, 1, True)
            assert np.array_equal(page.asarray(), doc.mask)
            assert np.array_equal(page.colormap >> 8, PALETTE.T)
        with Image.open(path) as image:
            assert image.mode == "P"
            assert np.array_equal(np.asarray(image), doc.mask)
            assert np.array_equal(np.array(image.getpalette()).reshape(-1, 3), PALETTE)
        assert tiled_mask_owner(path) == "bild é.tif"


def test_only_changed_tiles_are_added(tmp_path):
    path = tmp_path / "m.tif"
    doc, file = document(), TiledMaskFile(path, "")
    noise(doc, Rect(0, 0, 500, 700))
    save(file, doc)
    size = path.stat().st_size
    dab(doc, 5, 5, 1)
    save(file, doc)
    assert 0 < path.stat().st_size - size < 1.1 * TILE * TILE
    size = path.stat().st_size
    save(file, doc)
    assert path.stat().st_size == size


def test_unlabelled_tiles_cost_nothing(tmp_path):
    doc, file = document((TILE * 40, TILE * 40)), TiledMaskFile(tmp_path / "m.tif", "")
    dab(doc, 5000, 5000, 3)
    save(file, doc)
    assert (tmp_path / "m.tif").stat().st_size < 40_000
    mask = TiledMaskFile(tmp_path / "m.tif", "").load()
    assert len(list(mask.keys)) == len(list(doc.keys))


def test_an_object_that_has_loaded_continues_the_file(tmp_path):
    path = tmp_path / "m.tif"
    doc = document()
    noise(doc, Rect(0, 0, 500, 700))
    save(TiledMaskFile(path, "x.tif"), doc)
    file = TiledMaskFile(path, "x.tif")
    again = Document(file.load(SHAPE))
    before = path.stat().st_size
    dab(again, 300, 300, 9)
    assert save(file, again) is not None
    assert path.stat().st_size - before < 4 * TILE * TILE
    assert np.array_equal(loaded(path), again.mask)


def test_counts_follow(tmp_path):
    doc, file = document(), TiledMaskFile(tmp_path / "m.tif", "")
    assert save(file, doc) is None
    counts = mask_tile_counts(doc.snapshot())
    for step in range(5):
        noise(doc, Rect(200 * step // 2, 140 * step, 200 * step // 2 + 90, 140 * step + 60), step)
        dab(doc, 100 * step, 10, 7)
        counts += save(file, doc)
        assert np.array_equal(counts, mask_tile_counts(doc.snapshot()))
        assert np.array_equal(counts, np.bincount(doc.mask.ravel(), minlength=256))


def test_waste_is_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setattr(mask_tiles, "LEAST_WASTE", 1000)
    path = tmp_path / "m.tif"
    doc, file = document(), TiledMaskFile(path, "")
    for step in range(20):
        noise(doc, Rect(0, 0, 250, 250), step)
        save(file, doc)
    assert path.stat().st_size < 4 * TILE * TILE
    assert np.array_equal(loaded(path), doc.mask)
    dab(doc, 400, 400, 2)
    save(file, doc)
    assert np.array_equal(loaded(path), doc.mask)


def test_what_another_program_wrote_meanwhile_is_replaced_whole(tmp_path):
    path = tmp_path / "m.tif"
    doc, file = document(), TiledMaskFile(path, "")
    dab(doc, 0, 0, 1)
    save(file, doc)
    path.write_bytes(b"something else")
    dab(doc, 300, 300, 2)
    assert save(file, doc) is None
    assert np.array_equal(loaded(path), doc.mask)


def test_colours_alone_are_saved(tmp_path):
    path = tmp_path / "m.tif"
    file, mask = TiledMaskFile(path, ""), document().snapshot()
    file.save(mask, PALETTE, set())
    other = PALETTE[::-1].copy()
    file.save(mask, other, set())
    with tifffile.TiffFile(path) as tif:
        assert np.array_equal(tif.pages.first.colormap >> 8, other.T)


# -- errors --------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_mask(tmp_path, monkeypatch):
    path = tmp_path / "m.tif"
    doc, file = document(), TiledMaskFile(path, "x.tif")
    dab(doc, 0, 0, 1)
    save(file, doc)
    old = doc.mask.copy()
    dab(doc, 300, 300, 2)
    with monkeypatch.context() as patched:

        def full(_file):
            raise OSError(errno.ENOSPC, "no space")

        patched.setattr(mask_tiles, "sync", full)
        with pytest.raises(MaskWriteError, match="disk is full"):
            save(file, doc)
    assert np.array_equal(loaded(path), old)
    file.save(doc.snapshot(), PALETTE, set())  # known to be incomplete: all is written
    assert np.array_equal(loaded(path), doc.mask)


@pytest.mark.parametrize("damage", ["short", "zeros", "missing", "foreign", "size"])
def test_what_cannot_be_read_is_told(tmp_path, damage):
    path = tmp_path / "m.tif"
    doc = document()
    noise(doc, doc.bounds)
    save(TiledMaskFile(path, ""), doc)
    content = path.read_bytes()
    if damage == "short":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "zeros":
        path.write_bytes(content[:-3000] + bytes(3000))
    elif damage == "missing":
        path.unlink()
    elif damage == "foreign":
        tifffile.imwrite(path, doc.mask)
    shape = (5, 5) if damage == "size" else SHAPE
    with pytest.raises(MaskReadError, match=r"m\.tif"):
        TiledMaskFile(path, "").load(shape)


# -- the machine stops ---------------------------------------------------------------------


class Recorder:
    """A file whose writes are noted together with the syncs between them."""

    def __init__(self, path, log):
        self._file, self._log = path.open("r+b"), log

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        self._log.append((self._file.tell(), bytes(data)))
        return self._file.write(data)


def replay(content: bytes, writes: list[tuple[int, bytes]]) -> bytes:
    out = bytearray(content)
    for at, data in writes:
        out.extend(bytes(max(0, at + len(data) - len(out))))
        out[at : at + len(data)] = data
    return bytes(out)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_whenever_the_machine_stops_the_old_or_the_new_mask_is_there(data):
    """Writes between two syncs may arrive in any order, in part or not at all."""
    log: list = []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path, crashed = Path(folder) / "m.tif", Path(folder) / "crashed.tif"
        doc, file = document(), TiledMaskFile(path, "x.tif")
        noise(doc, Rect(0, 0, 500, 700))
        save(file, doc)
        patch.setattr(mask_tiles, "open_to_change", lambda p: Recorder(p, log))
        real_sync = mask_tiles.sync
        patch.setattr(mask_tiles, "sync", lambda f: (log.append(None), real_sync(f)))
        for _ in range(data.draw(st.integers(1, 3))):
            before, old = path.read_bytes(), doc.mask.copy()
            log.clear()
            for _ in range(data.draw(st.integers(1, 3))):
                x, y = data.draw(st.integers(0, SHAPE[1] - 1)), data.draw(st.integers(0, 700))
                dab(doc, x, y, data.draw(st.sampled_from([0, 1, 255])), 90)
            save(file, doc)
            assert np.array_equal(loaded(path), doc.mask)
            fences = [i for i, entry in enumerate(log) if entry is None]
            assert len(fences) == 2 or not log
            stopped = data.draw(st.integers(0, 2))  # before which sync
            start = ([0, *fences])[stopped] if log else 0
            certain = [w for w in log[:start] if w]
            under_way = [
                w for w in log[start : fences[stopped] if stopped < len(fences) else None] if w
            ]
            survivors = [w for w in under_way if data.draw(st.booleans())]
            if stopped == 0:  # of large writes a part may have arrived
                survivors = [(at, d[: data.draw(st.integers(0, len(d)))]) for at, d in survivors]
            crashed.write_bytes(replay(before, certain + survivors))
            found = loaded(crashed)
            assert np.array_equal(found, old) or np.array_equal(found, doc.mask)
            if stopped == 0:
                assert np.array_equal(found, old)
            # and one can go on from there
            survivor = TiledMaskFile(crashed, "x.tif")
            going_on = Document(survivor.load())
            dab(going_on, 10, 10, 5)
            save(survivor, going_on)
            assert np.array_equal(loaded(crashed), going_on.mask)


def test_many_saves_keep_what_tifffile_sees_equal(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "m.tif"
    file, doc = TiledMaskFile(path, ""), Document(TiledMask(SHAPE))
    for _ in range(12):
        dab(doc, int(rng.integers(SHAPE[1])), int(rng.integers(SHAPE[0])), int(rng.integers(256)))
        if rng.random() < 0.3:
            doc.undo()
        save(file, doc)
        assert np.array_equal(tifffile.imread(path), doc.mask)
