"""Pixels that were accepted from a proposal."""

import numpy as np
import pytest

from unet_gui.core.document import Document
from unet_gui.dataset.viewed import ViewedPixels


@pytest.fixture
def viewed(tmp_path):
    return ViewedPixels(tmp_path / "viewed")


def snapshot(mask):
    return Document(np.asarray(mask, np.uint8)).snapshot()


def test_what_was_unlabelled_before_was_accepted(viewed):
    before, after = [[1, 255, 255, 255]], [[1, 2, 0, 255]]
    assert viewed.add("a/b.png", snapshot(before), snapshot(after))
    kept = viewed.kept("a/b.png", np.array(after, np.uint8))
    np.testing.assert_array_equal(kept, [[False, True, True, False]])


def test_what_was_painted_over_or_undone_is_not_kept(viewed):
    viewed.add("a.png", snapshot([[255, 255, 255]]), snapshot([[2, 2, 2]]))
    kept = viewed.kept("a.png", np.array([[2, 1, 255]], np.uint8))
    np.testing.assert_array_equal(kept, [[True, False, False]])


def test_pieces_add_up(viewed):
    viewed.add("a.png", snapshot([[255, 255, 255]]), snapshot([[2, 255, 255]]))
    viewed.add("a.png", snapshot([[2, 255, 1]]), snapshot([[2, 3, 1]]))
    kept = viewed.kept("a.png", np.array([[2, 3, 1]], np.uint8))
    np.testing.assert_array_equal(kept, [[True, True, False]])


def test_images_have_their_own_and_the_unknown_none(viewed):
    viewed.add("a.png", snapshot([[255]]), snapshot([[2]]))
    assert not viewed.kept("b.png", np.array([[2]], np.uint8)).any()


def test_a_record_of_another_size_or_damaged_is_as_good_as_none(viewed):
    viewed.add("a.png", snapshot([[255, 255]]), snapshot([[2, 2]]))
    assert not viewed.kept("a.png", np.full((2, 2), 2, np.uint8)).any()
    viewed.add("a.png", snapshot([[255], [255]]), snapshot([[2], [2]]))
    assert viewed.kept("a.png", np.full((2, 1), 2, np.uint8)).all()
    (viewed.folder / "a.png.npz").write_bytes(b"PK")
    assert not viewed.kept("a.png", np.full((2, 1), 2, np.uint8)).any()
    assert viewed.add("a.png", snapshot([[255]]), snapshot([[2]]))


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path):
    (tmp_path / "viewed").write_text("a file")
    assert not ViewedPixels(tmp_path / "viewed").add("a", snapshot([[255]]), snapshot([[2]]))


def test_of_huge_images_there_is_none(viewed, monkeypatch):
    monkeypatch.setattr("unet_gui.dataset.viewed.MOST", 3)
    assert not viewed.add("a", snapshot([[255] * 4]), snapshot([[2] * 4]))
