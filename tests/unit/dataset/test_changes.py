"""Masks that other programs change while a project is open."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from unet_gui.dataset.changes import MaskWatch
from unet_gui.dataset.project import Project

LATER = 10**9


@pytest.fixture
def project(tmp_path):
    """Six images, the last two in a subfolder; those with an even number have a mask."""
    root = tmp_path / "p"
    for i in range(6):
        file = root / "images" / ("sub" if i > 3 else "") / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(file)
    project = Project.create(root, images=root / "images", classes=["a", "b"])
    for entry in project.images:
        if int(entry.path.stem) % 2 == 0:
            project.save_mask(entry, np.zeros((8, 8), np.uint8))
    return project


def later(path, seconds=1):
    """As if time had passed since the last change of this file and its folder."""
    for each in (path, path.parent):
        if each.exists():
            now = each.stat().st_mtime_ns + seconds * LATER
            os.utime(each, ns=(now, now))


def paint(entry, value, *, in_place=False):
    """What another program does: a new file under the old name, or new bytes in the old one."""
    path = entry.mask_path
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(fresh, "PNG")
    if in_place:
        with path.open("r+b") as file:
            file.write(fresh.read_bytes())
            file.truncate()
        fresh.unlink()
        now = path.stat().st_mtime_ns + LATER
        os.utime(path, ns=(now, now))
    else:
        fresh.replace(path)
        later(path)


def names(entries):
    return [e.name for e in entries]


def test_nothing_is_told_while_nothing_happens(project):
    watch = MaskWatch(project)
    assert [watch.poll() for _ in range(50)] == [[]] * 50


def test_a_replaced_mask_is_told_once(project):
    watch = MaskWatch(project)
    paint(project.entry("2.png"), 1)
    assert names(watch.poll()) == ["2.png"]
    assert watch.poll() == []


def test_a_mask_written_in_place_is_found_by_the_sweep(project):
    watch = MaskWatch(project, slice_size=1)
    watch.poll()
    paint(project.entry("0.png"), 1, in_place=True)
    found = [name for _ in range(8) for name in names(watch.poll())]
    assert found == ["0.png"]


def test_an_open_mask_written_in_place_is_told_at_once(project):
    watch = MaskWatch(project, slice_size=0)
    entry = project.entry("0.png")
    watch.note_read(entry)
    watch.poll()
    paint(entry, 1, in_place=True)
    assert names(watch.poll()) == ["0.png"]


def test_new_masks_also_in_new_folders(project):
    watch = MaskWatch(project)
    watch.poll()
    shutil.rmtree(project.masks_dir / "sub")
    later(project.masks_dir)
    assert names(watch.poll()) == ["sub/4.png"]
    paint(project.entry("1.png"), 1)
    paint(project.entry("sub/5.png"), 1)
    later(project.masks_dir, 2)
    assert names(watch.poll()) == ["1.png", "sub/5.png"]


def test_a_removed_mask_is_told(project):
    watch = MaskWatch(project)
    watch.poll()
    entry = project.entry("2.png")
    entry.mask_path.unlink()
    later(project.masks_dir)
    assert names(watch.poll()) == ["2.png"]
    assert project.mask_file(entry) is None
    assert watch.poll() == []


def test_what_the_program_writes_itself_is_not_told(project):
    watch = MaskWatch(project)
    for name, value in (("0.png", 1), ("1.png", 1), ("sub/5.png", 0)):
        entry = project.entry(name)
        project.save_mask(entry, np.full((8, 8), value, np.uint8))
        later(entry.mask_path)
        watch.note_written(entry)
        assert watch.poll() == []
    assert [watch.poll() for _ in range(50)] == [[]] * 50


def test_a_mask_of_somebody_else_is_seen_beside_ones_own(project):
    """Our save hides that the folder has changed before; a later listing finds it."""
    watch = MaskWatch(project)
    watch.poll()
    paint(project.entry("1.png"), 1)
    mine = project.entry("0.png")
    project.save_mask(mine, np.ones((8, 8), np.uint8))
    watch.note_written(mine)
    found = [name for _ in range(25) for name in names(watch.poll())]
    assert found == ["1.png"]


def test_a_file_that_was_only_touched_is_not_told(project):
    watch = MaskWatch(project)
    entry = project.entry("0.png")
    watch.note_read(entry)
    later(entry.mask_path)
    assert watch.poll() == []


def test_other_files_are_no_matter(project):
    watch = MaskWatch(project)
    (project.masks_dir / "notes.txt").write_text("x", "utf-8")
    (project.masks_dir / "stranger.png").write_bytes(b"x")
    later(project.masks_dir)
    assert watch.poll() == []


def test_images_that_appear_later_are_watched(project):
    watch = MaskWatch(project)
    Image.new("RGB", (8, 8)).save(project.images_dir / "7.png")
    project.refresh()
    paint(project.entry("7.png"), 1)
    assert names(watch.poll()) == ["7.png"]


def test_a_project_without_a_folder_of_masks(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "a.png")
    project = Project.open(tmp_path)
    watch = MaskWatch(project)
    assert watch.poll() == []
    paint(project.entry("a.png"), 1)
    assert names(watch.poll()) == ["a.png"]


def test_masks_of_a_read_only_folder_are_watched_too(project, monkeypatch):
    monkeypatch.setattr("unet_gui.dataset.opening.is_writable", lambda folder: False)
    shadow = Project.open(project.root)
    assert shadow.masks_behind == project.masks_dir
    watch = MaskWatch(shadow)
    assert watch.poll() == []
    paint(project.entry("0.png"), 1)
    paint(project.entry("1.png"), 1)
    assert names(watch.poll()) == ["0.png", "1.png"]
    shadow.save_mask(shadow.entry("0.png"), np.zeros((8, 8), np.uint8))
    watch.note_written(shadow.entry("0.png"))
    paint(project.entry("0.png"), 0)  # ours stands in front of it
    paint(project.entry("2.png"), 1)
    assert names(watch.poll()) == ["2.png"]
