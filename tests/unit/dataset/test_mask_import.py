"""Masks from elsewhere: checked, copied, and none silently dropped."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ProjectError
from unet_gui.core.progress import drain
from unet_gui.dataset.project import Project


@pytest.fixture
def project(tmp_path, image_folder):
    return Project.create(tmp_path / "p", images=image_folder, classes=["a", "b", "c"])


@pytest.fixture
def old(tmp_path):
    (tmp_path / "old" / "sub").mkdir(parents=True)
    return tmp_path / "old"


def write(path, mask):
    Image.fromarray(mask).save(path)
    return mask


def test_matched_by_path_and_stem(project, old, drawn):
    truth = drawn(0)[1]
    write(old / "a.png", truth)
    write(old / "b.tif", truth)
    write(old / "sub" / "c.png", truth)
    report = drain(project.import_masks(old))
    assert report.imported == ["a.png", "b.jpg", "sub/c.png"]
    assert report.warnings == []
    for entry in project.images:
        assert np.array_equal(project.load_mask(entry), truth)


def test_a_flat_folder_for_images_in_subfolders(project, old, drawn):
    write(old / "c.png", drawn(0)[1])
    assert drain(project.import_masks(old)).imported == ["sub/c.png"]


def test_a_flat_mask_that_fits_several_images_is_used_for_none(project, old, image_folder, drawn):
    (image_folder / "other").mkdir()
    (image_folder / "other" / "c.png").write_bytes((image_folder / "sub" / "c.png").read_bytes())
    project.refresh()
    write(old / "c.png", drawn(0)[1])
    report = drain(project.import_masks(old))
    assert report.imported == []
    assert report.unmatched == []
    assert report.warnings == ["c.png could belong to other/c.png, sub/c.png. It was not imported."]
    write(old / "sub" / "c.png", drawn(0)[1])
    assert drain(project.import_masks(old)).imported == ["sub/c.png"]


def test_a_mask_of_the_very_path_is_used_whatever_else_shares_its_stem(
    project, old, image_folder, drawn
):
    (image_folder / "c.png").write_bytes((image_folder / "sub" / "c.png").read_bytes())
    project.refresh()
    write(old / "c.png", drawn(0)[1])
    report = drain(project.import_masks(old))
    assert report.imported == ["c.png"]
    assert report.warnings == []


def test_colours_are_understood(project, old, drawn):
    truth = drawn(0)[1]
    write(old / "a.png", project.classes.palette()[truth])
    drain(project.import_masks(old))
    assert np.array_equal(project.load_mask(project.entry("a.png")), truth)


def test_what_cannot_be_used_is_reported_and_left(project, old, drawn):
    write(old / "a.png", np.zeros((3, 3), np.uint8))
    (old / "b.png").write_bytes(b"broken")
    write(old / "stranger.png", drawn(0)[1])
    write(old / "sub" / "c.png", drawn(0)[1] + 7)
    report = drain(project.import_masks(old))
    assert report.imported == ["sub/c.png"]
    assert report.unmatched == ["stranger.png"]
    assert report.unknown_ids == {7, 8, 9}
    words = " ".join(report.warnings)
    assert "3×3" in words
    assert "b.png cannot be read" in words
    assert "stranger.png" in words
    assert "7, 8, 9" in words
    assert not project.entry("a.png").mask_path.exists()
    assert len(list(old.rglob("*.png"))) == 4


def test_existing_masks_are_kept(tiny_project, old, drawn):
    before = tiny_project.load_mask(tiny_project.entry("a.png"))
    write(old / "a.png", before * 0)
    report = drain(tiny_project.import_masks(old))
    assert "has a mask already" in report.warnings[0]
    assert np.array_equal(tiny_project.load_mask(tiny_project.entry("a.png")), before)


def test_binary_masks_are_spoken_of(project, old, drawn):
    write(old / "a.png", np.where(drawn(0)[1] > 0, np.uint8(255), np.uint8(0)))
    assert "only 0 and 255" in drain(project.import_masks(old)).warnings[0]


def test_no_such_folder(project, tmp_path):
    with pytest.raises(ProjectError, match="no folder of masks"):
        drain(project.import_masks(tmp_path / "gone"))
