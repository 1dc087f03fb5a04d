"""A VOCdevkit of the tutorials opens as it is and is saved back as it is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.dataset.class_files import VOC_NAMES
from unet_gui.dataset.project import Project
from unet_gui.dataset.voc_lists import add_to_lists

STEMS = ("2007_000032", "2007_000033", "2007_000039")


def voc_palette() -> list[int]:
    """The colour map of the VOC development kit, written anew from its description."""
    colors = []
    for i in range(256):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= ((i >> (3 * bit + channel)) & 1) << (7 - bit)
        colors += rgb
    return colors


@pytest.fixture
def devkit(tmp_path):
    """Two labelled images on the lists and one that is neither."""
    root = tmp_path / "VOCdevkit" / "VOC2007"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for i, stem in enumerate(STEMS):
        pixels = np.full((20, 30, 3), 40 * i, np.uint8)
        Image.fromarray(pixels).save(root / "JPEGImages" / f"{stem}.jpg")
        if i < 2:
            ids = np.zeros((20, 30), np.uint8)
            ids[5:9], ids[4] = 15, 255
            mask = Image.fromarray(ids)
            mask.putpalette(voc_palette())
            mask.save(root / "SegmentationClass" / f"{stem}.png")
    lists = root / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_bytes(b"2007_000032\r\n")
    (lists / "val.txt").write_bytes(b"2007_000033")
    (lists / "trainval.txt").write_bytes(b"2007_000032\n2007_000033")
    (lists / "test.txt").write_bytes(b"")
    return root


def content(root):
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_opening_leaves_every_byte_as_it_is(devkit):
    before = content(devkit)
    project = Project.open(devkit.parent)
    assert [e.name for e in project.images] == [f"{s}.jpg" for s in STEMS]
    assert tuple(c.name for c in project.classes) == VOC_NAMES
    assert [project.status(e).value for e in project.images] == ["in_work", "in_work", "untouched"]
    assert content(devkit) == before


def test_a_mask_is_saved_where_the_tutorials_look_with_their_colours(devkit):
    project = Project.open(devkit.parent)
    before = content(devkit)
    entry = project.entry(f"{STEMS[2]}.jpg")
    mask = np.full((20, 30), 255, np.uint8)
    mask[:8], mask[8:12] = 0, 20
    project.save_mask(entry, mask)
    with Image.open(devkit / "SegmentationClass" / f"{STEMS[2]}.png") as saved:
        assert saved.mode == "P"
        assert saved.getpalette()[: 21 * 3] == voc_palette()[: 21 * 3]
        assert saved.getpalette()[255 * 3 :] == voc_palette()[255 * 3 :] == [224, 224, 192]
        np.testing.assert_array_equal(np.asarray(saved), mask)
    after = content(devkit)
    new = {n for n in after if n not in before and not n.startswith(".unet_gui")}
    assert new == {"project.json", f"SegmentationClass/{STEMS[2]}.png"}
    assert {n: after[n] for n in before} == before, "pictures, other masks and lists are untouched"


def test_a_finished_image_is_put_on_the_lists_for_training(devkit):
    project = Project.open(devkit)
    entry = project.entry(f"{STEMS[2]}.jpg")
    project.save_mask(entry, np.zeros((20, 30), np.uint8))
    project.set_done(entry, True)
    lists = devkit / "ImageSets" / "Segmentation"
    assert (lists / "train.txt").read_bytes() == b"2007_000032\r\n2007_000039\r\n"
    assert (lists / "trainval.txt").read_bytes() == b"2007_000032\n2007_000033\n2007_000039\n"
    assert (lists / "val.txt").read_bytes() == b"2007_000033"
    project.set_done(entry, False)
    project.set_done(entry, True)
    assert (lists / "train.txt").read_bytes().count(b"2007_000039") == 1


def test_an_image_for_validation_stays_there(devkit):
    before = content(devkit / "ImageSets")
    project = Project.open(devkit)
    project.set_done(project.entry(f"{STEMS[1]}.jpg"), True)
    assert content(devkit / "ImageSets") == before


def test_names_that_no_list_can_hold_and_folders_without_lists(devkit, tmp_path):
    before = content(devkit / "ImageSets")
    assert not add_to_lists(devkit, "a b")
    assert not add_to_lists(tmp_path, "a")
    assert content(devkit / "ImageSets") == before
