import errno
import json

import numpy as np
import pytest

from unet_gui.core.document import Document
from unet_gui.core.errors import UndoError
from unet_gui.core.geometry import Rect
from unet_gui.dataset.undo_files import KEPT, UndoArchive, UndoFile, digest


@pytest.fixture
def painted():
    document = Document.blank(300, 500)
    document.begin_stroke("Brush", 2, (20, 20))
    document.stroke_to((450, 250), 40)
    document.end_stroke()
    document.apply("Füllen", Rect(0, 0, 60, 50), 1)
    return document


def archived(folder, document, name="sub/ä.png"):
    archive = UndoArchive(folder)
    archive.save(name, document.history.edits(KEPT), document.snapshot())
    return archive


def test_a_file_gives_back_what_was_put(tmp_path):
    store = UndoFile(tmp_path / "undo")
    handles = [store.put(bytes([i]) * 100) for i in range(5)]
    assert [store.get(h) for h in handles] == [bytes([i]) * 100 for i in range(5)]
    for handle in handles:
        store.drop(handle)
    again = store.put(b"new")
    assert store.get(again) == b"new"
    store.close()


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    store = UndoFile(tmp_path)

    def full(**_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(UndoError, match="disk is full"):
        store.put(b"x")


def test_what_cannot_be_read_back_is_said(tmp_path):
    store = UndoFile(tmp_path)
    start, length = store.put(b"abc")
    with pytest.raises(UndoError):
        store.get((start, length + 10))
    store.close()


def test_steps_come_back_with_their_image(tmp_path, painted):
    archive = archived(tmp_path / "undo", painted)
    again = Document(painted.mask)
    again.history.restore(archive.load("sub/ä.png", again.snapshot()))
    assert [s.name for s in again.history.steps] == ["Brush", "Füllen"]
    again.undo()
    again.undo()
    assert (again.mask == 255).all()
    assert again.counts[255] == again.size
    again.redo()
    assert 2 in again.mask


def test_steps_of_another_mask_are_not_used(tmp_path, painted):
    archive = archived(tmp_path, painted)
    other = painted.mask.copy()
    other[0, 0] = 7
    assert archive.load("sub/ä.png", Document(other).snapshot()) == []
    assert archive.load("another.png", painted.snapshot()) == []


@pytest.mark.parametrize("damage", [lambda d: d[:40], lambda d: b"x" + d, lambda d: d[:-5], bytes])
def test_a_damaged_archive_is_nothing_kept(tmp_path, painted, damage):
    archive = archived(tmp_path, painted)
    (file,) = tmp_path.iterdir()
    data = damage(file.read_bytes()) if damage is not bytes else b""
    file.write_bytes(data)
    assert archive.load("sub/ä.png", painted.snapshot()) == []


def test_nothing_to_undo_removes_what_was_kept(tmp_path, painted):
    archive = archived(tmp_path, painted)
    archive.save("sub/ä.png", [], painted.snapshot())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_only_undo(tmp_path, painted):
    (tmp_path / "undo").write_text("a file")
    archive = archived(tmp_path / "undo", painted)
    assert archive.load("sub/ä.png", painted.snapshot()) == []


def test_no_code_is_stored(tmp_path, painted):
    archived(tmp_path, painted)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    start = data.index(b"{")
    header, _ = json.JSONDecoder().raw_decode(data[start:].decode("latin-1"))
    assert [s["name"] for s in header["steps"]] == ["Brush", "Füllen"]


def test_equal_masks_have_equal_digests_however_they_came_about(painted):
    before = digest(painted.snapshot())
    painted.apply("Fill", Rect(200, 200, 300, 280), 4)
    assert digest(painted.snapshot()) != before
    painted.undo()
    assert digest(painted.snapshot()) == before
    assert digest(Document(np.array(painted.mask)).snapshot()) == before
